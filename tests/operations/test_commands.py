"""Every command in docs/operations.md, in the order it stands there, against a database and a folder of its own."""

from __future__ import annotations

import http.client
import os
import re
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from prometheus_client.parser import text_string_to_metric_families
from psycopg.sql import SQL, Identifier

from tests.dumping import program
from tests.operations.test_stopping import database_url

ROOT = Path(__file__).parents[2]
DOC = ROOT / "docs" / "operations.md"
BLOCKS = re.findall(r"```console\n(.*?)```", DOC.read_text(), re.DOTALL)
COMMANDS = [line.removeprefix("$ ") for block in BLOCKS for line in block.splitlines()]
# These go on until they are told to end; whoever follows them finds them running.
GO_ON = ("gunicorn ", "python manage.py run_worker")
DATABASES = ("portal_of_the_docs", "portal_restored")

A_KEY = "6b6e0c6e-5d0f-4a53-9d5c-0a6d1f0e7c11"
# What happens meanwhile, before a command: a ground begins, and ends between the dump and the copy of the list.
MEANWHILE = {
    "pg_dump": f"""
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey
make_data_key(DataKey.Ground.CONSENT, "{A_KEY}", subject_id="{A_KEY}", items=["email"])
""",
    "python manage.py export_destructions": f"""
from privacy_portal.actors import Actor
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.models import DataKey
destroy_key(DataKey.objects.get(ground_id="{A_KEY}").pk, because="consent.withdrawn", actor=Actor.system("test"))
""",
}


@pytest.fixture
def environment(tmp_path: Path) -> Iterator[dict[str, str]]:
    """A production installation that has nothing yet but its settings."""
    server = database_url().rpartition("/")[0]
    for folder in ("keys", "backup", "keys-backup", "documents"):
        (tmp_path / folder).mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    tools = [str(Path(sys.executable).parent), str(Path(program("pg_dump")).parent), os.environ["PATH"]]
    with psycopg.connect(f"{server}/postgres", autocommit=True) as maintenance:
        for name in DATABASES:
            maintenance.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        maintenance.execute(SQL("CREATE DATABASE {}").format(Identifier(DATABASES[0])))
        yield {
            "PATH": ":".join(tools),
            "PORTAL_ENV": "production",
            "PORTAL_VAR": str(tmp_path / "var"),
            "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
            "VAULT_KEYRING": str(tmp_path / "keys" / "keyring.json"),
            "LEDGER_SIGNING_KEYS": str(tmp_path / "keys" / "ledger-signing.json"),
            "RECEIPT_SIGNING_KEYS": str(tmp_path / "keys" / "receipt-signing.json"),
            "COMPANY_ADDRESS": "1 Cloud Road, Seoul",
            "COMPANY_PRIVACY_CONTACT": "Privacy team",
            "COMPANY_PRIVACY_EMAIL": "privacy@cloud.example",
            "COMPANY_PRIVACY_PHONE": "02-555-0101",
            "LEDGER_ANCHORS": str(tmp_path / "ledger-anchors.log"),
            "DESTRUCTION_LIST": str(tmp_path / "destructions.jsonl"),
            "DOCUMENTS_FOLDER": str(tmp_path / "documents"),
            "DATABASE_URL": f"{server}/{DATABASES[0]}",
            "RESTORED_URL": f"{server}/{DATABASES[1]}",
            "BASE_URL": "https://privacy.cloud.example",
            "ALLOWED_HOSTS": "privacy.cloud.example",
            "TRUSTED_PROXY_COUNT": "1",
            "METRICS_TOKEN": "a-token-that-only-the-tests-use",
            "PORT": str(port),
            "WEB_WORKERS": "2",
            "LOG_LEVEL": "WARNING",
            "BACKUP": str(tmp_path / "backup"),
            "KEYS_BACKUP": str(tmp_path / "keys-backup"),
        }
        for name in DATABASES:
            maintenance.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))


def test_every_line_of_a_console_block_is_a_command() -> None:
    assert len(COMMANDS) > 25
    assert all(line.startswith("$ ") for block in BLOCKS for line in block.splitlines())
    assert not re.findall(r"```(?!console)\w", DOC.read_text()), "commands stand in console blocks only"


def test_every_command_works_in_the_order_of_the_docs(environment: dict[str, str], tmp_path: Path) -> None:
    running: list[subprocess.Popen[bytes]] = []
    said: dict[str, str] = {}
    try:
        for command in COMMANDS:
            if command.startswith(GO_ON):
                running.append(subprocess.Popen(["bash", "-c", f"exec {command}"], cwd=ROOT, env=environment))
                continue
            for script in (code for before, code in MEANWHILE.items() if command.startswith(before)):
                subprocess.run(
                    [sys.executable, "manage.py", "shell", "-c", script], cwd=ROOT, env=environment, check=True
                )
            if "curl" in command:
                wait_for(int(environment["PORT"]))
            done = subprocess.run(["bash", "-c", command], cwd=ROOT, env=environment, capture_output=True, text=True)
            assert done.returncode == 0, f"{command}\n{done.stdout[-2000:]}\n{done.stderr[-2000:]}"
            said[command] = done.stdout
        assert [process.poll() for process in running] == [None, None]
        # Whichever of the web server's processes is asked, it tells what all of them have served.
        port = int(environment["PORT"])
        assert [status_of(port, "/") for _time in range(12)] == [301] * 12
        assert {requests_served(port) for _time in range(4)} == {12.0}
    finally:
        for process in running:
            process.terminate()
        ended = [process.wait(30) for process in running]
    assert ended == [0, 0]
    replayed = next(text for command, text in said.items() if "replay_destructions" in command)
    assert "1 keys that the dump had brought back are destroyed again." in replayed
    answers = {command.rpartition("/")[2]: text for command, text in said.items() if "curl" in command}
    assert '"ready": true' in answers["readyz"]
    assert "portal_database_up 1.0" in answers["metrics"]
    assert (tmp_path / "backup" / "portal.dump").stat().st_size > 10_000
    assert (tmp_path / "keys-backup" / "keyring.json").stat().st_mode & 0o077 == 0


def ask(port: int, path: str) -> http.client.HTTPResponse:
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    asking.request("GET", path, headers={"Host": "privacy.cloud.example"})
    return asking.getresponse()


def status_of(port: int, path: str) -> int:
    return ask(port, path).status


def requests_served(port: int) -> float:
    families = text_string_to_metric_families(ask(port, "/metrics").read().decode())
    name = "django_http_requests_before_middlewares_total"
    return next(sample.value for family in families for sample in family.samples if sample.name == name)


def wait_for(port: int) -> None:
    """As an operator would, who has just started the web server."""
    until = time.monotonic() + 60
    with_answer = ["curl", "--silent", "--output", "/dev/null", f"http://127.0.0.1:{port}/healthz"]
    while subprocess.run(with_answer).returncode != 0:
        assert time.monotonic() < until
        time.sleep(0.2)
