"""What starts before its database waits for it, says so, and after a while gives up with a sentence."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.core.management import CommandError, call_command
from django.db import connection

from privacy_portal import reaching
from privacy_portal.reaching import wait_for_database

ROOT = Path(__file__).parents[2]


@pytest.fixture
def late_port(db: None) -> Iterator[tuple[int, threading.Event]]:
    """A port that opens when told, and leads to the tests' database from then on."""
    open_it, close_it = threading.Event(), threading.Event()
    server = socket.socket()
    server.bind(("127.0.0.1", 0))
    at = connection.settings_dict
    behind: Any = f"{at['HOST']}/.s.PGSQL.{at['PORT'] or 5432}" if at["HOST"].startswith("/") else None

    def pump(source: socket.socket, target: socket.socket) -> None:
        while data := source.recv(65536):
            target.sendall(data)
        target.close()

    def serve() -> None:
        open_it.wait(30)
        server.listen()
        server.settimeout(0.2)
        while not close_it.is_set():
            try:
                client, _address = server.accept()
            except TimeoutError:
                continue
            client.settimeout(None)
            if behind:
                database = socket.socket(socket.AF_UNIX)
                database.connect(behind)
            else:
                database = socket.create_connection((at["HOST"], int(at["PORT"] or 5432)))
            threading.Thread(target=pump, args=(client, database), daemon=True).start()
            threading.Thread(target=pump, args=(database, client), daemon=True).start()

    thread = threading.Thread(target=serve)
    thread.start()
    yield server.getsockname()[1], open_it
    open_it.set()
    close_it.set()
    thread.join()
    server.close()


def test_it_waits_for_a_database_that_comes_late(
    late_port: tuple[int, threading.Event], settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_WAIT_SECONDS = 20
    monkeypatch.setattr(reaching, "SECONDS_BETWEEN_LINES", 1)
    port, open_it = late_port
    said: list[str] = []
    threading.Timer(2.5, open_it.set).start()
    begun = time.monotonic()
    version = wait_for_database(connection.settings_dict | {"HOST": "127.0.0.1", "PORT": port}, said.append)
    assert version >= 150_000
    assert 2 < time.monotonic() - begun < 15
    assert 2 <= len(said) <= 5
    assert "does not answer yet" in said[0]
    assert "more seconds" in said[0]


def test_it_gives_up_with_what_the_last_attempt_said(settings: Any) -> None:
    settings.DATABASE_WAIT_SECONDS = 1
    nowhere = {"HOST": "127.0.0.1", "PORT": 1, "USER": "x", "PASSWORD": "secret-of-the-database", "NAME": "x"}
    said: list[str] = []
    with pytest.raises(psycopg.OperationalError, match="refused") as gave_up:
        wait_for_database(nowhere, said.append)
    assert len(said) == 1
    assert "secret-of-the-database" not in f"{said} {gave_up.value}"


@pytest.mark.django_db
@pytest.mark.parametrize("command", ["migrate", "run_worker"])
def test_commands_that_need_the_database_say_so_in_a_sentence(
    command: str, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DATABASE_WAIT_SECONDS = 0
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", 1)
    with pytest.raises(CommandError, match="The database cannot be reached: "):
        call_command(command)


def test_bin_serve_says_so_too(tmp_path: Path) -> None:
    environment = {
        **{name: value for name, value in os.environ.items() if name in ("PATH", "HOME")},
        "PORTAL_VAR": str(tmp_path),
        "DATABASE_URL": "postgres://x@127.0.0.1:1/x",
        "DATABASE_WAIT_SECONDS": "2",
        "PORT": "0",
    }
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        environment["PORT"] = str(probe.getsockname()[1])
    served = subprocess.run(
        [sys.executable, "-m", "privacy_portal.serving"], cwd=ROOT, env=environment, capture_output=True, text=True
    )
    assert served.returncode == 1
    assert "trying for 2 more seconds" in served.stdout
    assert "Connection refused" in served.stderr
    assert "Traceback" not in served.stderr
