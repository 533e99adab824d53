"""Real processes told to end: they finish what they took, take nothing new, and give back what takes too long."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import psutil
import pytest
from django.db import connection
from django.test import override_settings
from django_tasks import TaskResultStatus
from django_tasks_db.models import DBTaskResult

from tests.operations.slow import take

ROOT = Path(__file__).parents[2]
in_the_database = override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})


def database_url() -> str:
    """The tests' own database, for another process."""
    at = connection.settings_dict
    secret = f":{quote(at['PASSWORD'], safe='')}" if at["PASSWORD"] else ""
    port = f":{at['PORT']}" if at["PORT"] else ""
    return f"postgres://{quote(at['USER'], safe='')}{secret}@{quote(at['HOST'], safe='')}{port}/{at['NAME']}"


def wait_until(true: Callable[[], bool], seconds: float = 40) -> None:
    until = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < until, "it never came to that"
        time.sleep(0.05)


@pytest.fixture
def start_worker(tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    started: list[subprocess.Popen[str]] = []

    def start(**environment: str) -> subprocess.Popen[str]:
        settings = {"DJANGO_SETTINGS_MODULE": "tests.operations.worker_settings", "DATABASE_URL": database_url()}
        process = subprocess.Popen(
            [sys.executable, "manage.py", "run_worker"],
            cwd=ROOT,
            env={**os.environ, **settings, "PORTAL_VAR": str(tmp_path), **environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.wait()


@pytest.mark.django_db(transaction=True)
@in_the_database
def test_a_worker_told_to_end_finishes_its_task_and_takes_no_other(
    start_worker: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    first, second = tmp_path / "first", tmp_path / "second"
    taken = take.enqueue(str(first), 2.0).id
    left = take.enqueue(str(second), 0.0).id
    worker = start_worker()
    wait_until(first.exists)
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert first.read_text() == "begun and done"
    assert DBTaskResult.objects.get(pk=taken).status == TaskResultStatus.SUCCESSFUL
    assert DBTaskResult.objects.get(pk=left).status == TaskResultStatus.READY
    assert not second.exists()


@pytest.mark.django_db(transaction=True)
@in_the_database
def test_a_task_that_takes_longer_than_there_is_time_goes_back_into_the_queue(
    start_worker: Callable[..., subprocess.Popen[str]], tmp_path: Path
) -> None:
    taken = take.enqueue(str(tmp_path / "first"), 60.0).id
    worker = start_worker(WORKER_STOP_SECONDS="1")
    wait_until((tmp_path / "first").exists)
    begun = time.monotonic()
    worker.send_signal(signal.SIGTERM)
    assert worker.wait(20) == 0
    assert time.monotonic() - begun < 10
    task = DBTaskResult.objects.get(pk=taken)
    assert (task.status, task.finished_at, task.traceback) == (TaskResultStatus.READY, None, "")
    assert worker.stderr is not None
    assert '"event": "task_given_back"' in worker.stderr.read()


def test_the_web_server_answers_the_request_in_hand_and_takes_no_other(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {name: value for name, value in os.environ.items() if name != "PROMETHEUS_MULTIPROC_DIR"}
    command = ["-m", "gunicorn", "--config", "python:privacy_portal.serving.web_server", "tests.operations.slow:page"]
    server = subprocess.Popen(
        [sys.executable, *command], cwd=ROOT, env={**environment, "PORT": str(port), "PORTAL_VAR": str(tmp_path)}
    )
    answers: list[bytes] = []

    def ask() -> None:
        asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
        asking.request("GET", "/2")
        answers.append(asking.getresponse().read())

    def takes_connections() -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", port)) == 0

    try:
        wait_until(takes_connections)
        wait_until(lambda: len(psutil.Process(server.pid).children()) == 2)
        asking = threading.Thread(target=ask)
        asking.start()
        time.sleep(1)
        server.send_signal(signal.SIGTERM)
        wait_until(lambda: not takes_connections(), 5)
        asking.join(10)
        assert answers == [b"done"]
        assert server.wait(10) == 0
    finally:
        server.kill()
        server.wait()
