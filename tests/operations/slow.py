"""A task and a page that take as long as they are asked to, for tests that stop real processes."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from django.db import connection
from django_tasks import task


@task()
def take(file: str, seconds: float) -> None:
    """Wait in the database, as long tasks do; the file tells how far it came."""
    Path(file).write_text("begun")
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_sleep(%s)", [seconds])
    Path(file).write_text("begun and done")


def page(environ: dict[str, Any], start_response: Callable[..., Any]) -> Iterable[bytes]:
    time.sleep(float(environ["PATH_INFO"].strip("/") or 0))
    start_response("200 OK", [("Content-Type", "text/plain")])
    return [b"done"]
