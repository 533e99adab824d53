"""Reaching the database at start-up: what starts before it waits for it, and says so."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import psycopg
import structlog
from django.conf import settings

log = structlog.get_logger()

SECONDS_BETWEEN_ATTEMPTS = 1
SECONDS_BETWEEN_LINES = 5
# libpq takes no shorter time-out than two seconds.
SHORTEST_ATTEMPT, LONGEST_ATTEMPT = 2, 10


def reach(database: dict[str, Any], *, seconds: float = LONGEST_ATTEMPT) -> psycopg.Connection:
    """Connect once, without the pool, which would try for long and tell less. Raises `psycopg.OperationalError`."""
    return psycopg.connect(
        host=database["HOST"],
        port=database["PORT"] or None,
        user=database["USER"],
        password=database["PASSWORD"] or None,
        dbname=database["NAME"],
        connect_timeout=max(SHORTEST_ATTEMPT, int(seconds)),
        autocommit=True,
    )


def in_the_log(sentence: str) -> None:
    log.warning("waiting_for_database", why=sentence)


def wait_for_database(database: dict[str, Any], say: Callable[[str], None] = in_the_log) -> int:
    """Wait until a database answers, for DATABASE_WAIT_SECONDS; returns the version of its server, such as 180006.

    `say` is told every few seconds what is waited for. Raises the last attempt's `psycopg.OperationalError`.
    """
    until = time.monotonic() + settings.DATABASE_WAIT_SECONDS
    next_line = time.monotonic()
    while True:
        left = until - time.monotonic()
        try:
            with reach(database, seconds=min(left, LONGEST_ATTEMPT)) as connection:
                return connection.info.server_version
        except psycopg.OperationalError as error:
            left = until - time.monotonic()
            if left <= 0:
                raise
            if time.monotonic() >= next_line:
                next_line = time.monotonic() + SECONDS_BETWEEN_LINES
                say(f"The database does not answer yet ({first_line(error)}); trying for {left:.0f} more seconds.")
        time.sleep(min(SECONDS_BETWEEN_ATTEMPTS, left))


def first_line(error: Exception) -> str:
    """What an error of the driver says, without its advice."""
    return str(error).strip().partition("\n")[0]
