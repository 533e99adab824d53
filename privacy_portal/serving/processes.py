"""The web server and the background worker as child processes, and what a killed supervisor left of them."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import psutil

from privacy_portal.own_database import VAR
from privacy_portal.private_files import write_privately

PROJECT = Path(__file__).resolve().parent.parent.parent
RECORD = VAR / "serving.json"
# Where the children count together what /metrics shows.
METRICS = VAR / "metrics"
COMMANDS = {
    "web server": [
        sys.executable,
        *("-m", "gunicorn", "--config", "python:privacy_portal.serving.web_server", "privacy_portal.wsgi"),
    ],
    "background worker": [sys.executable, "manage.py", "run_worker"],
}
# The web server may take its ten seconds to finish requests; after that it is killed.
LONGEST_STOP = 15
# A process's beginning is told by a clock that may have been set since.
CLOCK_DRIFT = 5
# A process that keeps dying is started again after longer and longer waits.
LONGEST_WAIT = 30.0
STEADY = 60.0


class Children:
    """The processes of this supervisor by name, on record in `var/serving.json` while they run."""

    def __init__(self, base_url: str) -> None:
        self.base_url = base_url
        self.processes: dict[str, subprocess.Popen[bytes]] = {}
        self.started_at: dict[str, float] = {}
        self.began: dict[str, float] = {}
        self.wait: dict[str, float] = {}
        shutil.rmtree(METRICS, ignore_errors=True)
        METRICS.mkdir(parents=True)

    def start(self, name: str) -> None:
        # In a session of its own: Ctrl-C reaches the supervisor alone, which stops everything in order.
        self.processes[name] = subprocess.Popen(  # noqa: S603 (one of COMMANDS)
            COMMANDS[name],
            cwd=PROJECT,
            env={**os.environ, "PROMETHEUS_MULTIPROC_DIR": str(METRICS)},
            start_new_session=True,
            stdin=subprocess.DEVNULL,
        )
        self.started_at[name] = time.monotonic()
        self.began[name] = psutil.Process(self.processes[name].pid).create_time()
        self._write_record()

    def is_running(self, name: str) -> bool:
        return self.processes[name].poll() is None

    def may_start_again(self, name: str) -> bool:
        """Whether a process has ended and its wait is over."""
        if self.is_running(name):
            if time.monotonic() - self.started_at[name] > STEADY:
                self.wait[name] = 0.0
            return False
        wait = self.wait.get(name, 0.0)
        if time.monotonic() - self.started_at[name] < wait:
            return False
        self.wait[name] = min(wait * 2 + 1, LONGEST_WAIT)
        return True

    def stop(self) -> None:
        _end([process for child in self._on_record() for process in _still_there(child)])
        for child in self.processes.values():
            child.kill()  # does nothing to one that has ended, as it should have by now
            child.wait()
        RECORD.unlink(missing_ok=True)

    def _on_record(self) -> list[dict[str, Any]]:
        return [{"name": name, "pid": child.pid, "began": self.began[name]} for name, child in self.processes.items()]

    def _write_record(self) -> None:
        record = {"base_url": self.base_url, "supervisor": os.getpid(), "children": self._on_record()}
        write_privately(RECORD, json.dumps(record))


def read_record() -> dict[str, Any]:
    """What the last supervisor of this folder wrote down; empty after one that ended in order."""
    try:
        return dict(json.loads(RECORD.read_text()))
    except (FileNotFoundError, ValueError):
        return {}


def end_leftovers() -> int:
    """End the children of a supervisor that was killed; returns how many there were. Touches nobody else's."""
    left = [process for child in read_record().get("children", []) for process in _still_there(child)]
    _end(left)
    RECORD.unlink(missing_ok=True)
    return len(left)


def _still_there(child: dict[str, Any]) -> list[psutil.Process]:
    """A child and what it has forked: they share the group it began. A number given to others since does not match."""
    found = []
    for process in psutil.process_iter():
        with suppress(psutil.Error, OSError):
            if (
                os.getpgid(process.pid) == child["pid"]
                and process.cmdline()[1:] == COMMANDS[child["name"]][1:]
                and process.create_time() > child["began"] - CLOCK_DRIFT
            ):
                found.append(process)
    return found


def _end(processes: list[psutil.Process]) -> None:
    for process in processes:
        with suppress(psutil.NoSuchProcess):
            process.terminate()
    _gone, alive = psutil.wait_procs(processes, timeout=LONGEST_STOP)
    for process in alive:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(alive, timeout=5)
