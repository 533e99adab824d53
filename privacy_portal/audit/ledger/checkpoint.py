"""One checkpoint: a signed statement of what a stretch of an append-only table held when it was closed.

Rows stand in the order of the transaction that wrote them, then of their number. A row is digested as the line
that COPY gives of it (and so pg_dump), its columns as the checkpoint names them, times in UTC.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cached_property

FORMAT = "privacy portal, checkpoint of an append-only table, format 1"
LOWEST_ID = -(2**63)
ENTRY = struct.Struct(">q8s")

# Where a row stands: the text of its column `written_in`, and its number.
Position = tuple[str, int]


def cluster_of(written_in: str) -> str:
    """The first half of `written_in`: which database cluster wrote the row."""
    return written_in[:18]


def beginning_of(cluster: str) -> Position:
    """The position before every row of a cluster."""
    return f"{cluster}-0000-000000000000", LOWEST_ID


def row_digest(line: bytes) -> bytes:
    return hashlib.sha256(line).digest()


@dataclass(frozen=True)
class Checkpoint:
    """As it is stored; `header` is what is signed."""

    table: str
    number: int
    previous: bytes  # the digest of the checkpoint before, or nothing
    columns: str  # JSON: [[name, type], ...]
    begins: Position  # first position covered
    ends: Position  # first position no longer covered
    rows: int
    total: int  # rows of the table in this and all earlier checkpoints
    rows_digest: bytes
    listing: bytes
    made_at: datetime
    key: str
    signature: bytes = b""

    @cached_property
    def header(self) -> bytes:
        content = {
            "format": FORMAT,
            "table": self.table,
            "number": self.number,
            "previous": self.previous.hex(),
            "columns": self.columns,
            "begins": self.begins,
            "ends": self.ends,
            "rows": self.rows,
            "total": self.total,
            "rows_digest": self.rows_digest.hex(),
            "listing": hashlib.sha256(self.listing).hexdigest(),
            "made_at": self.made_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ"),
            "key": self.key,
        }
        return json.dumps(content, sort_keys=True, separators=(",", ":")).encode()

    @cached_property
    def digest(self) -> bytes:
        return hashlib.sha256(self.header).digest()

    @property
    def signed(self) -> bytes:
        return statement(self.table, self.number, self.digest)

    @property
    def cluster(self) -> str:
        return cluster_of(self.begins[0])

    @property
    def named_columns(self) -> list[tuple[str, str]]:
        return [(name, kind) for name, kind in json.loads(self.columns)]


def statement(table: str, number: int, digest: bytes) -> bytes:
    """What a signature is put under: short enough to be kept in the anchors file as well."""
    return f"{FORMAT}: {number} {digest.hex()} {table}".encode()


@dataclass
class Rows:
    """Rows being taken in, one after the other: their number, their digest, and the list that names each.

    The list holds eight bytes of each row's digest. They only serve to find the row; that all rows are what they
    were is proven by the whole digest.
    """

    count: int = 0
    listing: bytearray = field(default_factory=bytearray)
    _digest: hashlib._Hash = field(default_factory=hashlib.sha256)

    def add(self, row_id: int, digest: bytes) -> None:
        self.count += 1
        self.listing += ENTRY.pack(row_id, digest[:8])
        self._digest.update(digest)

    @property
    def digest(self) -> bytes:
        return self._digest.digest()


def listed(listing: bytes | bytearray) -> Iterator[tuple[int, bytes]]:
    """The number and the short digest of each row in a list. A list cut short gives what is whole of it."""
    yield from ENTRY.iter_unpack(listing[: len(listing) - len(listing) % ENTRY.size])
