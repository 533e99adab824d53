"""The portal's own PostgreSQL survives what can happen to it."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import psycopg
import pytest

from privacy_portal import own_database


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="portal-own-") as above:
        folder = Path(above) / "postgres"
        yield folder
        own_database.stop(folder)


def postmaster(folder: Path) -> int:
    return int((folder / "postmaster.pid").read_text().split()[0])


def is_gone(pid: int) -> bool:
    return not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE


def test_it_starts_and_the_last_one_to_leave_stops_it(folder: Path) -> None:
    url = own_database.start(folder)
    with psycopg.connect(url) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    pid = postmaster(folder)
    own_database.stop(folder)
    assert is_gone(pid)


def test_a_user_that_was_killed_does_not_keep_it_running(folder: Path) -> None:
    program = (
        f"from pathlib import Path; from privacy_portal import own_database; own_database.start(Path({str(folder)!r}))"
    )
    killed = subprocess.run([sys.executable, "-c", f"{program}; import os; os.kill(os.getpid(), 9)"])
    assert killed.returncode == -signal.SIGKILL
    pid = postmaster(folder)
    own_database.start(folder)
    assert postmaster(folder) == pid  # found again, not started anew
    assert json.loads((folder / ".handle_pids.json").read_text()) == [os.getpid()]
    own_database.stop(folder)
    assert is_gone(pid)


def test_a_killed_server_is_started_anew_with_its_data(folder: Path) -> None:
    url = own_database.start(folder)
    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute("CREATE TABLE kept AS SELECT 7 AS number")
    os.kill(postmaster(folder), signal.SIGKILL)
    psutil.wait_procs([psutil.Process(postmaster(folder))] if psutil.pid_exists(postmaster(folder)) else [], timeout=5)
    assert not own_database.is_running(folder)
    with psycopg.connect(own_database.start(folder)) as connection:
        assert connection.execute("SELECT number FROM kept").fetchone() == (7,)
    assert own_database.is_running(folder)


def test_a_number_that_means_another_process_by_now_is_not_taken_for_the_server(folder: Path) -> None:
    own_database.start(folder)
    lines = (folder / "postmaster.pid").read_text().splitlines()
    own_database.stop(folder)
    (folder / "postmaster.pid").write_text("\n".join([str(os.getpid()), *lines[1:]]) + "\n")
    with psycopg.connect(own_database.start(folder)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_a_folder_whose_making_was_interrupted_is_made_again(folder: Path) -> None:
    folder.mkdir()
    (folder / "PG_VERSION").write_text("18\n")
    folder.with_name("postgres.making").touch()
    own_database.start(folder)
    assert not folder.with_name("postgres.making").exists()
