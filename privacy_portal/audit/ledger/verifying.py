"""Verifying a ledger: every checkpoint against its signature and the one before, every row against its checkpoint.

It works on whatever can hand out checkpoints and digests of rows: the database itself, or a dump of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from .anchors import Anchors
from .checkpoint import Checkpoint, Position, Rows, beginning_of, cluster_of, listed
from .keys import PublicKeys
from .problems import Problem
from .removals import REMOVABLE, Closings, Removal, Removed


class Gone(Exception):
    """What a checkpoint covers cannot be read any more: the table, or one of its columns, is not there."""

    def __init__(self, kind: str, name: str = "") -> None:
        super().__init__(kind)
        self.kind = kind
        self.name = name


class Source(Protocol):
    """Where a ledger is read from."""

    def tables(self) -> list[str]:
        """Every table that is closed into checkpoints, or has some."""

    def checkpoints(self, table: str) -> Iterator[Checkpoint]:
        """In the order of their numbers."""

    def rows(self, checkpoint: Checkpoint) -> Iterator[tuple[int, bytes]]:
        """Number and digest of every row between the checkpoint's positions, in their order. Raises `Gone`."""

    def removals(self, table: str, checkpoint: int) -> Iterator[Removal]:
        """What says that rows of this checkpoint were removed by rule, in the order in which it was written."""

    def removals_astray(self, numbers: dict[str, int]) -> Iterator[Removal]:
        """Those about other tables than these, or about checkpoints beyond these numbers."""

    def holds(self, table: str, row: int) -> bool:
        """Whether a row of that number is anywhere in the table."""

    def unclosed(self, table: str, bounds: dict[str, Position]) -> int:
        """How many rows lie beyond the last checkpoint of their cluster. `bounds` are by cluster."""

    def early(self, table: str) -> Iterator[int]:
        """Rows that say they were written in a transaction that has not begun, where the source can know."""


@dataclass
class Verification:
    """One reading of the whole ledger. Iterate over `problems`; the counts are right at its end."""

    source: Source
    keys: PublicKeys
    anchors: Anchors | None = None
    progress: Callable[[int], object] = lambda rows: None
    rows: int = 0
    checkpoints: int = 0
    tables: int = 0
    unclosed: int = 0
    removed: int = 0

    def problems(self) -> Iterator[Problem]:
        """In the order of the ledger: table by table, checkpoint by checkpoint, row by row."""
        tables, numbers = self.source.tables(), dict.fromkeys(REMOVABLE, 0)
        for table in sorted({*tables, *(self.anchors.tables if self.anchors else ())}):
            chain, closings = _Chain(table), Closings()
            for checkpoint in self.source.checkpoints(table):
                self.checkpoints += 1
                closed_before = closings.before(checkpoint.cluster, checkpoint.ends[1], checkpoint.made_at)
                found = [*chain.problems_with(checkpoint, self.keys)]
                if self.anchors and not found and (problem := self.anchors.disagreement(checkpoint)):
                    found.append(problem)
                yield from found
                if not any(problem.kind == "checkpoint_changed" for problem in found):
                    yield from self._problems_of_rows(checkpoint, closed_before)
                self.progress(checkpoint.rows)
            self.tables += chain.number > 0
            if table in numbers:
                numbers[table] = chain.number
            if self.anchors and (problem := self.anchors.cut_off(table, chain.number)):
                yield problem
            if table in tables:
                self.unclosed += self.source.unclosed(table, chain.bounds)
                yield from (Problem("row_early", table, row=row) for row in self.source.early(table))
        for removal in self.source.removals_astray(numbers):
            yield Problem("removal_astray", removal.table, removal.checkpoint, removal.number)
        yield from self.anchors.problems if self.anchors else ()

    def _problems_of_rows(self, checkpoint: Checkpoint, closed_before: datetime | None) -> Iterator[Problem]:
        table, number, removed = checkpoint.table, checkpoint.number, Removed(checkpoint, closed_before)
        for removal in self.source.removals(table, number) if table in REMOVABLE else ():
            if kind := removed.take(removal):
                yield Problem(kind, table, number, removal.number, f"{removal.month:%Y-%m}")
        rows, digests = Rows(), []
        try:
            for row, digest in self.source.rows(checkpoint):
                rows.add(row, digest)
                digests.append(digest)
        except Gone as gone:
            yield Problem(gone.kind, table, number, detail=gone.name)
            return
        self.rows += rows.count
        self.removed += len(removed.digests)
        whole = hashlib.sha256(b"".join(removed.put_back(digests))).digest()
        if rows.listing == removed.listing and (whole == checkpoint.rows_digest or removed.is_all):
            return
        found = [*differences(removed.listing, rows.listing)]
        for kind, row in found:
            detail = ""
            if kind == "row_missing" and self.source.holds(table, row):
                kind = "row_moved"
            if kind == "row_inserted" and (by := removed.removal_of(row)) is not None:
                kind, detail = "removal_undone", str(by)
            yield Problem(kind, table, number, row, detail)
        if not found:
            yield Problem("rows_differ", table, number)


@dataclass
class _Chain:
    """What the checkpoints of one table must follow from."""

    table: str
    number: int = 0
    previous: bytes = b""
    total: int = 0
    is_broken: bool = False
    bounds: dict[str, Position] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)

    def problems_with(self, checkpoint: Checkpoint, keys: PublicKeys) -> Iterator[Problem]:
        def problem(kind: str, number: int = checkpoint.number, detail: str = "") -> Problem:
            return Problem(kind, self.table, number, detail=detail)

        was_broken, self.is_broken = self.is_broken, False
        if checkpoint.number > self.number + 1:
            yield problem("checkpoint_missing", self.number + 1)
            was_broken = True
        if checkpoint.key not in keys:
            yield problem("key_unknown", detail=checkpoint.key)
        elif not keys.fits(checkpoint.key, checkpoint.signature, checkpoint.signed):
            self.is_broken = True
            yield problem("checkpoint_changed")
        elif not was_broken and not self._is_followed_by(checkpoint):
            yield problem("chain_broken")
        if checkpoint.key in self.keys[:-1]:
            yield problem("key_given_up", detail=checkpoint.key)
        self._go_on_from(checkpoint)

    def _is_followed_by(self, checkpoint: Checkpoint) -> bool:
        return (
            checkpoint.number == self.number + 1
            and checkpoint.previous == self.previous
            and checkpoint.begins == self.bounds.get(checkpoint.cluster, beginning_of(checkpoint.cluster))
            and checkpoint.ends >= checkpoint.begins
            and cluster_of(checkpoint.ends[0]) == checkpoint.cluster
            and checkpoint.total == self.total + checkpoint.rows
        )

    def _go_on_from(self, checkpoint: Checkpoint) -> None:
        self.number, self.previous, self.total = checkpoint.number, checkpoint.digest, checkpoint.total
        self.bounds[checkpoint.cluster] = checkpoint.ends
        if checkpoint.key not in self.keys:
            self.keys.append(checkpoint.key)


def differences(closed: bytes, found: bytes | bytearray) -> Iterator[tuple[str, int]]:
    """The kind of problem and the number of each row in which two lists of rows differ, in the order of the rows."""
    was, now = list(listed(closed)), list(listed(found))
    digests, present = dict(was), {row for row, _digest in now}
    waiting, seen = iter(was), set()
    for row, digest in now:
        if row not in digests or row in seen:
            yield "row_inserted", row
            continue
        seen.add(row)
        for earlier, _digest in waiting:  # what the checkpoint has before this row and is not there
            if earlier == row:
                break
            if earlier not in present:
                yield "row_missing", earlier
        if digests[row] != digest:
            yield "row_changed", row
    yield from (("row_missing", row) for row, _digest in waiting if row not in present)
