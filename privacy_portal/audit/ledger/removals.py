"""Rows that were removed by rule: records that say which, and what must be true of one for it to be believed.

Only the access log loses rows, a month at a time, once the schedule has destroyed that month's key. A removal names
rows by their places in a checkpoint. It keeps the whole digest of each where others of the checkpoint stay, so the
digest of all of them is still proven.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from .checkpoint import ENTRY, LOWEST_ID, Checkpoint
from .months import month_after, number_of

# The tables that lose rows by rule, and the ground of the keys with which they go.
REMOVABLE = frozenset({"audit_accessentry", "audit_ownaccessentry"})
GROUND = "access_log"
DIGEST = hashlib.sha256().digest_size
# A transaction that stays open keeps others from being closed. What is removed is years old, so this may be long.
TOLERANCE = timedelta(days=31)


@dataclass(frozen=True)
class Removal:
    """As it is stored."""

    number: int
    table: str
    checkpoint: int
    month: date
    rows: int
    places: str
    listing_digest: bytes
    digests: bytes
    destroyed: UUID | None  # the ground of the destruction it names, if there is such a one of the access log


def written(places: Iterable[int]) -> str:
    """Places in their order, as text: "0-4711,4713"."""
    runs: list[list[int]] = []
    for place in places:
        if runs and place == runs[-1][1] + 1:
            runs[-1][1] = place
        else:
            runs.append([place, place])
    return ",".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)


def read(places: str, most: int) -> list[int]:
    """The same, read again. Raises `ValueError` unless each is below `most` and above the one before."""
    found: list[int] = []
    for run in places.split(","):
        first, _dash, last = run.partition("-")
        low, high = int(first), int(last or first)
        if not (found[-1] if found else -1) < low <= high < most:
            raise ValueError("not in order")
        found.extend(range(low, high + 1))
    return found


def entry_at(listing: bytes, place: int) -> bytes:
    """What a checkpoint's list says of the row at a place."""
    return listing[place * ENTRY.size : (place + 1) * ENTRY.size]


def listing_digest(listing: bytes, places: Iterable[int]) -> bytes:
    return hashlib.sha256(b"".join(entry_at(listing, place) for place in places)).digest()


class Closings:
    """When the rows of each cluster had been closed, as one goes through the checkpoints of a table in their order.

    A stretch that ends where a transaction begins was the last of its run: whatever had ended by then was closed.
    """

    def __init__(self) -> None:
        self._closed: dict[str, datetime] = {}

    def before(self, cluster: str, ends_at: int, made_at: datetime) -> datetime | None:
        """When all that had been written was closed last, before this checkpoint, which is next in order."""
        last = self._closed.get(cluster)
        if ends_at == LOWEST_ID:
            self._closed[cluster] = made_at
        return last


def may_hold(month: date, closed_before: datetime | None, made_at: datetime) -> bool:
    """Whether a checkpoint can have closed rows of a month: made after it began, while it was not wholly closed."""
    begins, ends = (datetime(day.year, day.month, 1, tzinfo=UTC) for day in (month, month_after(month)))
    return made_at > begins - TOLERANCE and (closed_before is None or closed_before < ends + TOLERANCE)


class Removed:
    """The rows of one checkpoint that removals say went, by their places, as far as they are to be believed."""

    def __init__(self, checkpoint: Checkpoint, closed_before: datetime | None) -> None:
        self._checkpoint, self._closed_before = checkpoint, closed_before
        self.digests: dict[int, bytes] = {}  # of each place; empty where no row of the checkpoint stayed
        self._by: dict[int, int] = {}  # a row's number, and that of the removal which names it

    def take(self, removal: Removal) -> str:
        """Take the rows that a removal names for gone. Returns the kind of problem where it is not to be believed."""
        if removal.destroyed != number_of(removal.month):
            return "removal_undestroyed"
        if not may_hold(removal.month, self._closed_before, self._checkpoint.made_at):
            return "removal_excessive"
        try:
            places = read(removal.places, self._checkpoint.rows)
        except ValueError:
            return "removal_false"
        if (
            len(places) != removal.rows
            or listing_digest(self._checkpoint.listing, places) != removal.listing_digest
            or len(removal.digests) not in (0, DIGEST * len(places))
            or any(place in self.digests for place in places)
        ):
            return "removal_false"
        for index, place in enumerate(places):
            row, _short = ENTRY.unpack(entry_at(self._checkpoint.listing, place))
            self._by[row] = removal.number
            self.digests[place] = removal.digests[index * DIGEST : (index + 1) * DIGEST]
        return ""

    def removal_of(self, row: int) -> int | None:
        """The removal that says this row went."""
        return self._by.get(row)

    @property
    def listing(self) -> bytes:
        """The checkpoint's list without them."""
        was = self._checkpoint.listing
        kept = (place for place in range(len(was) // ENTRY.size) if place not in self.digests)
        return b"".join(entry_at(was, place) for place in kept)

    @property
    def is_all(self) -> bool:
        return len(self.digests) == self._checkpoint.rows

    def put_back(self, found: Iterable[bytes]) -> Iterator[bytes]:
        """The digests of the rows that are there, with those of the others at their places."""
        rest = iter(found)
        for place in range(self._checkpoint.rows):
            if place in self.digests:
                yield self.digests[place]
            elif digest := next(rest, b""):
                yield digest
        yield from rest
