"""The supervisor from its first start to its last, as the person at the terminal sees it."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import psutil
import pytest

from privacy_portal.serving.code import code_at

ROOT = Path(__file__).parents[2]
OURS = (
    "DATABASE_URL",
    "PORTAL_ENV",
    "SECRET_KEY",
    "VAULT_KEYRING",
    "BASE_URL",
    "ALLOWED_HOSTS",
    "DJANGO_SETTINGS_MODULE",
)


class Served:
    """A supervisor with a folder and a port of its own."""

    def __init__(self, var: Path) -> None:
        self.var = var
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start; returns how many seconds it took until the address was told."""
        begun = time.monotonic()
        environment = {name: value for name, value in os.environ.items() if name not in OURS}
        log = self.var.with_name(f"serve-{begun}.log")
        with log.open("w") as output:  # not a pipe: what a killed supervisor leaves behind would hold it open
            self.process = subprocess.Popen(
                [sys.executable, "-m", "privacy_portal.serving"],
                cwd=ROOT,
                env=environment | {"PORTAL_VAR": str(self.var), "PORT": str(self.port)},
                stdout=output,
                stderr=subprocess.STDOUT,
            )
        while "Ctrl-C stops everything" not in log.read_text():
            if self.process.poll() is not None:
                pytest.fail(log.read_text())
            time.sleep(0.1)
        return time.monotonic() - begun

    def end(self, number: int) -> int:
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def status_of(self, path: str) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as response:
                return int(response.status)
        except HTTPError as error:
            return error.code

    def demo(self) -> Any:
        return json.loads((self.var / "demo.json").read_text())

    def code(self, email: str) -> str:
        """What bin/code prints for this person."""
        environment = {**os.environ, "PORTAL_VAR": str(self.var)}
        command: list[Path | str] = [ROOT / "bin" / "code", email]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    def processes(self) -> list[psutil.Process]:
        """Everything that still runs for this folder or port."""
        found = []
        for process in psutil.process_iter(["cmdline", "environ"]):
            runs_for = (process.info["environ"] or {}).get("PORTAL_VAR") == str(self.var)
            if process.pid != os.getpid() and (
                runs_for or str(self.var / "postgres") in (process.info["cmdline"] or [])
            ):
                found.append(process)
        return found


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    served = Served(tmp_path_factory.mktemp("serve") / "var")
    yield served
    for process in served.processes():
        process.kill()


def test_first_start_kill_second_start_and_stop(served: Served) -> None:
    assert served.start() < 120
    assert served.status_of("/admin/login/") < 500
    demo = served.demo()
    assert (served.var / "demo.json").stat().st_mode & 0o777 == 0o600
    assert demo["base_url"] == f"http://127.0.0.1:{served.port}"
    assert {"role", "email", "password"} == set(demo["people"][0])
    secrets_of_staff = {person["email"]: person["totp_secret"] for person in demo["people"] if "totp_secret" in person}
    assert {"officer@cloud.example", "agent@cloud.example", "auditor@cloud.example"} == set(secrets_of_staff)
    told = served.code("officer@cloud.example")
    moments = (time.time() - 30, time.time())
    assert told.split()[0] in [code_at(secrets_of_staff["officer@cloud.example"], moment) for moment in moments]
    secrets = (served.var / "portal.env").read_text()

    # A second one beside it says so and leaves it alone.
    environment = {**os.environ, "PORTAL_VAR": str(served.var), "PORT": str(served.port)}
    beside = [sys.executable, "-m", "privacy_portal.serving"]
    second = subprocess.run(beside, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=30)
    assert second.returncode == 1
    assert "served already" in second.stderr
    assert served.status_of("/admin/login/") < 500

    assert served.end(signal.SIGKILL) == -signal.SIGKILL
    assert served.processes()

    assert served.start() < 15
    assert served.status_of("/admin/login/") < 500
    assert served.demo() == demo
    assert (served.var / "portal.env").read_text() == secrets

    assert served.end(signal.SIGTERM) == 0
    assert served.processes() == []
