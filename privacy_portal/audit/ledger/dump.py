"""The ledger as a dump holds it: plain SQL by pg_dump, as it is or packed with gzip.

It is read twice, first for the checkpoints and then for the rows. A dump has them in no order to rely on, so what is
needed of them waits in a temporary SQLite file; memory stays the same for any size.
"""

from __future__ import annotations

import gzip
import json
import os
import sqlite3
import tempfile
from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import date, datetime
from itertools import islice
from pathlib import Path
from typing import IO
from uuid import UUID

from .checkpoint import Checkpoint, Position, row_digest
from .columns import Columns, unescaped
from .problems import LedgerError
from .removals import GROUND, Removal
from .sql_text import Block, blocks
from .verifying import Gone

CHECKPOINTS = "audit_checkpoint"
REMOVALS = "audit_accessremoval"
DESTRUCTIONS = "vault_destructionrecord"
WRITTEN_IN = "written_in"
ROW_ID = "id"
AT_ONCE = 5_000
TABLES = """
    CREATE TABLE checkpoint (
        "table" TEXT, number INTEGER, previous BLOB, columns TEXT, begins_in TEXT,
        begins_at INTEGER, ends_in TEXT, ends_at INTEGER, rows INTEGER, total INTEGER, rows_digest BLOB, listing BLOB,
        made_at TEXT, "key" TEXT, signature BLOB
    );
    CREATE TABLE removal (
        number INTEGER, "table" TEXT, checkpoint INTEGER, month TEXT, rows INTEGER, places TEXT, listing_digest BLOB,
        digests BLOB, destruction INTEGER
    );
    CREATE INDEX removals_of_checkpoint ON removal ("table", checkpoint);
    CREATE TABLE destruction (number INTEGER PRIMARY KEY, ground_id TEXT);
    CREATE TABLE row ("table" TEXT, checkpoint INTEGER, written_in TEXT, id INTEGER, digest BLOB);
"""
Kinds = dict[str, Callable[[bytes], object]]
KINDS: Kinds = {
    "table": lambda value: unescaped(value).decode(),
    "number": int,
    "previous": lambda value: in_bytes(value),
    "columns": lambda value: unescaped(value).decode(),
    "begins_in": bytes.decode,
    "begins_at": int,
    "ends_in": bytes.decode,
    "ends_at": int,
    "rows": int,
    "total": int,
    "rows_digest": lambda value: in_bytes(value),
    "listing": lambda value: in_bytes(value),
    "made_at": lambda value: datetime.fromisoformat(value.decode()).isoformat(),
    "key": lambda value: unescaped(value).decode(),
    "signature": lambda value: in_bytes(value),
}
KINDS_OF_REMOVAL: Kinds = {
    "id": int,
    "table": lambda value: unescaped(value).decode(),
    "checkpoint": int,
    "month": lambda value: date.fromisoformat(value.decode()).isoformat(),
    "rows": int,
    "places": lambda value: unescaped(value).decode(),
    "listing_digest": lambda value: in_bytes(value),
    "digests": lambda value: in_bytes(value),
    "destruction_id": int,
}
KINDS_OF_DESTRUCTION: Kinds = {"id": int, "ground_id": bytes.decode, "ground": bytes.decode}


def in_bytes(value: bytes) -> bytes:
    text = unescaped(value).decode()
    if not text.startswith("\\x"):
        raise ValueError("not hexadecimal")
    return bytes.fromhex(text[2:])


@contextmanager
def reading(path: str | Path, progress: Callable[[float], object] = lambda part: None) -> Iterator[Dump]:
    """The dump as a `Source`. `progress` is told which part of the file has been read. Raises `LedgerError`."""
    with tempfile.TemporaryDirectory(prefix="ledger-") as folder, closing(_working_file(folder)) as work:
        try:
            dump = Dump(Path(path), work, progress)
        except (OSError, EOFError, ValueError, IndexError, OverflowError) as error:
            raise LedgerError(f"The dump {path} cannot be read: {error}.") from error
        yield dump


def _working_file(folder: str) -> sqlite3.Connection:
    work = sqlite3.connect(os.path.join(folder, "rows"), isolation_level=None)
    work.executescript(f"PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF; PRAGMA cache_size = -65536; {TABLES}")
    return work


class Dump:
    """A `Source` (`verifying`)."""

    def __init__(self, path: Path, work: sqlite3.Connection, progress: Callable[[float], object]) -> None:
        self._path, self._work, self._progress = path, work, progress
        self._tables: dict[str, list[str]] = {}  # those in the dump, with their columns
        for block in self._blocks(0):
            if block.table in self._tables:
                raise LedgerError(f"The dump holds {block.table} twice. Make a dump of one database and one schema.")
            self._tables[block.table] = block.columns
            if block.table == CHECKPOINTS:
                self._insert("checkpoint", len(KINDS), self._values(block, KINDS), at_once=20)
            elif block.table == REMOVALS:
                found = self._values(block, KINDS_OF_REMOVAL)
                self._insert("removal", len(KINDS_OF_REMOVAL), found, at_once=20)
            elif block.table == DESTRUCTIONS:
                found = self._values(block, KINDS_OF_DESTRUCTION)
                self._insert("destruction", 2, ((number, of) for number, of, ground in found if ground == GROUND))
        if CHECKPOINTS not in self._tables:
            raise LedgerError(f"The dump {path} holds no checkpoints: the table {CHECKPOINTS} is not in it.")
        for block in self._blocks(1):
            if {WRITTEN_IN, ROW_ID} <= set(block.columns):
                self._insert("row", 5, self._rows_of(block))
        self._work.execute('CREATE INDEX rows_in_order ON row ("table", checkpoint, written_in, id)')

    def tables(self) -> list[str]:
        closed = {table for (table,) in self._work.execute('SELECT DISTINCT "table" FROM checkpoint')}
        return sorted(closed | {table for table, columns in self._tables.items() if WRITTEN_IN in columns})

    def count(self) -> int:
        """How many checkpoints there are."""
        return int(self._work.execute("SELECT count(*) FROM checkpoint").fetchone()[0])

    def checkpoints(self, table: str) -> Iterator[Checkpoint]:
        query = 'SELECT * FROM checkpoint WHERE "table" = ? ORDER BY number'
        for name, number, previous, columns, *rest in self._work.execute(query, [table]):
            begins_in, begins_at, ends_in, ends_at, rows, total, digest, listing, made_at, key, signature = rest
            yield Checkpoint(
                table=name,
                number=number,
                previous=previous,
                columns=columns,
                begins=(begins_in, begins_at),
                ends=(ends_in, ends_at),
                rows=rows,
                total=total,
                rows_digest=digest,
                listing=listing,
                made_at=datetime.fromisoformat(made_at),
                key=key,
                signature=signature,
            )

    def rows(self, checkpoint: Checkpoint) -> Iterator[tuple[int, bytes]]:
        if checkpoint.table not in self._tables:
            raise Gone("table_gone")
        Columns(self._tables[checkpoint.table], checkpoint.named_columns)
        query = 'SELECT id, digest FROM row WHERE "table" = ? AND checkpoint = ? ORDER BY written_in, id'
        yield from self._work.execute(query, [checkpoint.table, checkpoint.number])

    def removals(self, table: str, checkpoint: int) -> Iterator[Removal]:
        return self._removals('removal."table" = ? AND removal.checkpoint = ?', [table, checkpoint])

    def removals_astray(self, numbers: dict[str, int]) -> Iterator[Removal]:
        known = " OR ".join(['removal."table" = ? AND removal.checkpoint <= ?'] * len(numbers))
        return self._removals(f"NOT ({known})", [value for pair in numbers.items() for value in pair])

    def _removals(self, condition: str, values: list[object]) -> Iterator[Removal]:
        query = (
            'SELECT removal.number, "table", checkpoint, month, rows, places, listing_digest, digests, ground_id'  # noqa: S608
            " FROM removal LEFT JOIN destruction ON destruction.number = removal.destruction"
            f" WHERE {condition} ORDER BY removal.number"
        )
        for number, table, checkpoint, month, rows, places, digest, digests, ground_id in self._work.execute(
            query, values
        ):
            yield Removal(
                number=number,
                table=table,
                checkpoint=checkpoint,
                month=date.fromisoformat(month),
                rows=rows,
                places=places,
                listing_digest=digest,
                digests=digests,
                destroyed=UUID(ground_id) if ground_id else None,
            )

    def holds(self, table: str, row: int) -> bool:
        self._work.execute("CREATE INDEX IF NOT EXISTS rows_by_id ON row (id)")
        return bool(self._work.execute('SELECT 1 FROM row WHERE "table" = ? AND id = ?', [table, row]).fetchone())

    def unclosed(self, table: str, bounds: dict[str, Position]) -> int:
        query = 'SELECT count(*) FROM row WHERE checkpoint IS NULL AND "table" = ?'
        return int(self._work.execute(query, [table]).fetchone()[0])

    def early(self, table: str) -> Iterator[int]:
        return iter(())  # a dump does not say how far its server had counted

    def _values(self, block: Block, kinds: Kinds) -> Iterator[tuple[object, ...]]:
        """What a table holds in some of its columns."""
        if not set(kinds) <= set(block.columns):
            raise LedgerError(f"The dump {self._path} holds {block.table} in another format than this tool reads.")
        places = [(block.columns.index(name), kind) for name, kind in kinds.items()]
        for line in block.lines:
            values = line.split(b"\t")
            yield tuple(kind(values[place]) for place, kind in places)

    def _rows_of(self, block: Block) -> Iterator[tuple[object, ...]]:
        """Each row with the checkpoint between whose positions it lies, and digested as that one says."""
        query = (
            'SELECT begins_in, begins_at, ends_in, ends_at, number, columns FROM checkpoint WHERE "table" = ?'
            " ORDER BY begins_in, begins_at"
        )
        begins: list[Position] = []
        stretches: list[tuple[Position, int, Columns | None]] = []
        written_at, id_at = block.columns.index(WRITTEN_IN), block.columns.index(ROW_ID)
        readers: dict[str, Columns | None] = {}
        for begins_in, begins_at, ends_in, ends_at, number, columns in self._work.execute(query, [block.table]):
            if columns not in readers:
                readers[columns] = self._reader(block, columns)
            begins.append((begins_in, begins_at))
            stretches.append(((ends_in, ends_at), number, readers[columns]))
        for line in block.lines:
            values = line.split(b"\t")
            position = values[written_at].decode(), int(values[id_at])
            found = bisect_right(begins, position) - 1
            ends, number, reader = stretches[found] if found >= 0 else (position, 0, None)
            if position >= ends:
                yield block.table, None, *position, b""
            else:
                digest = row_digest(reader.line(line, values)) if reader else b""
                yield block.table, number, *position, digest

    def _reader(self, block: Block, columns: str) -> Columns | None:
        """None where the checkpoint cannot be read so: the verification says why."""
        try:
            return Columns(block.columns, [(name, kind) for name, kind in json.loads(columns)])
        except (Gone, ValueError, TypeError):
            return None

    def _insert(self, table: str, width: int, rows: Iterator[tuple[object, ...]], at_once: int = AT_ONCE) -> None:
        statement = f"INSERT INTO {table} VALUES ({', '.join('?' * width)})"  # noqa: S608
        while some := list(islice(rows, at_once)):
            self._work.execute("BEGIN")
            self._work.executemany(statement, some)
            self._work.execute("COMMIT")

    def _blocks(self, half: int) -> Iterator[Block]:
        with self._path.open("rb") as file:
            size = max(os.fstat(file.fileno()).st_size, 1)
            start = file.peek(5)  # type: ignore[attr-defined]
            if start.startswith(b"PGDMP"):
                raise LedgerError(
                    f"{self._path} is a dump in pg_dump's own format. Turn it into SQL first: "
                    f"pg_restore --file=ledger.sql {self._path}"
                )
            lines = gzip.GzipFile(fileobj=file) if start.startswith(b"\x1f\x8b") else file
            yield from blocks(self._told(lines, file, size, half))

    def _told(self, lines: Iterable[bytes], file: IO[bytes], size: int, half: int) -> Iterator[bytes]:
        for count, line in enumerate(lines):
            if not count % AT_ONCE:
                self._progress((half + file.tell() / size) / 2)
            yield line
