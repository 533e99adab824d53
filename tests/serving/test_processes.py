"""What a killed supervisor leaves behind is ended; nobody else's process is touched. Secrets are for the owner only."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from privacy_portal.serving import address, installation, processes
from privacy_portal.serving.progress import CannotServe, table
from privacy_portal.vault import keyring

SLEEPS = [sys.executable, "-c", "import time; time.sleep(60)"]


@pytest.fixture
def record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(processes, "RECORD", tmp_path / "serving.json")
    monkeypatch.setattr(processes, "METRICS", tmp_path / "metrics")
    monkeypatch.setattr(processes, "COMMANDS", {"background worker": SLEEPS})
    return tmp_path / "serving.json"


@pytest.fixture
def stranger() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import time;  time.sleep(60)"], start_new_session=True)
    yield process
    process.kill()
    process.wait()


def write(record: Path, pid: int, began: float) -> None:
    children = [{"name": "background worker", "pid": pid, "began": began}]
    record.write_text(json.dumps({"base_url": "", "supervisor": 1, "children": children}))


def test_a_child_left_behind_is_ended(record: Path) -> None:
    children = processes.Children("http://127.0.0.1:1")
    children.start("background worker")
    assert processes.end_leftovers() == 1
    assert not children.is_running("background worker")
    assert not record.exists()


def test_a_number_that_was_given_to_somebody_else_is_left_alone(
    record: Path, stranger: subprocess.Popen[bytes]
) -> None:
    write(record, stranger.pid, psutil.Process(stranger.pid).create_time())
    assert processes.end_leftovers() == 0
    assert stranger.poll() is None


def test_a_process_that_began_long_before_ours_is_left_alone(record: Path) -> None:
    older = subprocess.Popen(SLEEPS, start_new_session=True)
    write(record, older.pid, time.time() + 3600)
    assert processes.end_leftovers() == 0
    assert older.poll() is None
    older.kill()
    older.wait()


def test_a_record_cut_short_is_no_record(record: Path) -> None:
    record.write_text('{"children": [')
    assert processes.end_leftovers() == 0


def test_a_worker_that_keeps_dying_waits_longer_and_longer(record: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "COMMANDS", {"background worker": [sys.executable, "-c", ""]})
    children = processes.Children("http://127.0.0.1:1")
    children.start("background worker")
    children.processes["background worker"].wait()
    assert children.may_start_again("background worker")
    children.start("background worker")
    children.processes["background worker"].wait()
    assert not children.may_start_again("background worker")


@pytest.mark.parametrize("typed", ["abc", "0", "65536", "-1", "", "８０"])
def test_a_port_that_is_none_is_refused_in_a_sentence(typed: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORT", typed)
    with pytest.raises(CannotServe, match="from 1 to 65535"):
        address.chosen_port()


def test_a_port_that_is_taken_is_refused_in_a_sentence() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with pytest.raises(CannotServe, match=f"Port {port} is used by another program"):
            address.must_be_free(port, patience=0)
    address.must_be_free(port, patience=1)


def test_secrets_are_made_once_and_for_the_owner_only(tmp_path: Path) -> None:
    installation.make_secrets(tmp_path)
    made = (tmp_path / "portal.env").read_text()
    assert "PORTAL_ENV=demo" in made
    assert keyring.load(tmp_path / "keyring.json")
    for name in ("portal.env", "keyring.json"):
        assert (tmp_path / name).stat().st_mode & 0o777 == 0o600
    installation.make_secrets(tmp_path)
    assert (tmp_path / "portal.env").read_text() == made


def test_a_lost_keyring_is_told_and_not_replaced(tmp_path: Path) -> None:
    installation.make_secrets(tmp_path)
    (tmp_path / "keyring.json").unlink()
    with pytest.raises(CannotServe, match="missing"):
        installation.make_secrets(tmp_path)
    assert not (tmp_path / "keyring.json").exists()


def test_a_table_has_aligned_columns() -> None:
    assert table([["role", "password"], ["member (English)", "x"]]).splitlines()[2] == "member (English)  x"
