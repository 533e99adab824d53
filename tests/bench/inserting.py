"""Writing access entries from several threads at once, as pages do, while the ledger's closing job runs.

The job has a process of its own, as in an installation: within the threads' process it would take Python's time
from them, and the figures would tell of that.
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from statistics import quantiles
from uuid import UUID

from django.db import connection

from members.models import Account
from privacy_portal.actors import Actor
from privacy_portal.audit.models import AccessEntry
from privacy_portal.audit.sight import Sight, Viewer

THREADS = 8
# "A moment": nobody who opens a page notices it.
LONGEST_MS = 1000
MOST_MS = 200


@dataclass
class Job:
    """The closing job; `rounds` is known when it is over."""

    rounds: int = 0


def insert(officer: Account, people: Sequence[UUID], entries: int, progress: Callable[[int], object]) -> list[float]:
    """Write so many entries; returns how many seconds each took."""

    def write_some(count: int) -> list[float]:
        taken = []
        try:
            for _number in range(count):
                sight = Sight(lambda: viewer, people=dict.fromkeys(people), items={"name", "email", "mobile_phone"})
                begun = time.perf_counter()
                sight.write()
                taken.append(time.perf_counter() - begun)
                progress(1)
        finally:
            connection.close()
        return taken

    viewer = Viewer(
        Actor("staff", officer.pk, address="203.0.113.9", browser="Mozilla/5.0 (bench)"),
        page="admin:members_member_changelist",
        session="a session",
        what=AccessEntry.What.LIST,
    )
    shares = [entries // THREADS + (number < entries % THREADS) for number in range(THREADS)]
    with ThreadPoolExecutor(THREADS) as threads:
        return [seconds for taken in threads.map(write_some, shares) for seconds in taken]


def percentile_99(seconds: Sequence[float]) -> float:
    return quantiles(seconds, n=100, method="inclusive")[98]


@contextmanager
def closing_job() -> Iterator[Job]:
    """Within the block another process closes every table, again and again without a pause."""
    job = Job()
    command = [sys.executable, "-m", "tests.bench.closing_job"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdin
        assert process.stdout
        try:
            process.stdout.readline()  # it has begun
            yield job
            process.stdin.close()
            job.rounds = int(process.stdout.read() or 0)
        finally:
            process.terminate()
