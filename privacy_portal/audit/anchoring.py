"""Writing checkpoints into the anchors file as well, out of the database's reach."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from .ledger.anchors import append, last_numbers, line_of
from .ledger.problems import LedgerError
from .ledger_models import Checkpoint
from .tables import ledgered_tables

LINES_AT_ONCE = 500


def write_missing() -> None:
    """Add every checkpoint that the file does not have yet, also those of another machine or an interrupted run."""
    if not settings.LEDGER_ANCHORS:
        return
    path = Path(settings.LEDGER_ANCHORS)
    try:
        with path.open("a+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            known = last_numbers(file, {table.name for table in ledgered_tables()})
            lines: list[str] = []
            for line in _lines_after(known):
                lines.append(line)
                if len(lines) == LINES_AT_ONCE:
                    append(file, lines)
                    lines.clear()
            append(file, lines)
    except OSError as error:
        raise LedgerError(f"The anchors file {path} cannot be written: {error.strerror}.") from error


def _lines_after(known: dict[str, int]) -> Iterator[str]:
    for table in ledgered_tables():
        new = Checkpoint.objects.filter(table=table.name, number__gt=known.get(table.name, 0)).order_by("number")
        for checkpoint in new.iterator(chunk_size=LINES_AT_ONCE // 10):
            yield line_of(checkpoint.as_signed())
