"""What proves a row of an append-only table: its columns as they were digested, and the checkpoint that closed it.

Nothing of the ledger is believed without being checked: the bundle says what the tables hold, `evidence.check` whether
that is what was closed.
"""

from __future__ import annotations

import base64
import hashlib
import json
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from django.db import models
from psycopg import sql

from privacy_portal.append_only import is_append_only
from privacy_portal.audit.ledger.columns import NULL, unescaped
from privacy_portal.audit.live import CHECKPOINTS_AT_ONCE, Database
from privacy_portal.audit.models import Checkpoint
from privacy_portal.audit.tables import WRITTEN, LedgerTable, lines_of, rows_of

from .archive import Archive
from .format import RECORD, copied

Columns = dict[str, str | None]


class Proof:
    """Gathers which checkpoints cover the rows of one bundle, while these are written; then writes them."""

    def __init__(self) -> None:
        self._covering: dict[str, set[int]] = {}
        self._columns: dict[str, list[str]] = {}

    def of(self, rows: list[Any]) -> dict[Any, dict[str, Any]]:
        """What proves each of these rows, by its number; nothing for tables that are not append-only.

        Two queries for all of them, and one more for each table met first. Within `in_one_snapshot`.
        """
        if not rows or not is_append_only(type(rows[0])):
            return {}
        model: type[models.Model] = type(rows[0])
        table = LedgerTable(model._meta.db_table, str(model._meta.pk.column))
        numbers = [row.pk for row in rows]
        values, proofs = self._values(table, numbers), {}
        for number, checkpoint, digested in self._checkpoints(table, numbers):
            columns = values[number]
            if checkpoint is not None:  # which may be older than some columns of the table
                columns = {name: columns[name] for name in digested if name in columns}
            proofs[number] = {"table": table.name, "row": number, "checkpoint": checkpoint, "columns": columns}
        return proofs

    def _values(self, table: LedgerTable, numbers: list[int]) -> dict[int, Columns]:
        """Each row as COPY gives it, by column."""
        if table.name not in self._columns:
            self._columns[table.name] = [name for name, _kind in table.columns()]
        names = self._columns[table.name]
        query = sql.SQL("SELECT {id}, {columns} FROM {table} WHERE {id} = ANY({numbers})").format(
            id=table.row_id,
            columns=sql.SQL(", ").join(map(sql.Identifier, names)),
            table=table.identifier,
            numbers=sql.Literal(numbers),
        )
        with lines_of(query) as lines:
            split = (line.split(b"\t") for line in lines)
            return {
                int(number): {name: _text(value) for name, value in zip(names, values, strict=True)}
                for number, *values in split
            }

    def _checkpoints(self, table: LedgerTable, numbers: list[int]) -> Iterator[tuple[int, int | None, list[str]]]:
        """The checkpoint between whose positions each row lies, if one, and the columns that it digested."""
        query = sql.SQL(
            "SELECT one.{id}, found.number, found.columns FROM {table} one LEFT JOIN LATERAL ("
            "SELECT number, columns, begins_in, begins_at FROM {checkpoints} WHERE {checkpoints}.table = {name}"
            " AND (ends_in, ends_at) > (one.{written}, one.{id}) ORDER BY ends_in, ends_at LIMIT 1"
            ") found ON (found.begins_in, found.begins_at) <= (one.{written}, one.{id})"
            " WHERE one.{id} = ANY({numbers})"
        ).format(
            id=table.row_id,
            table=table.identifier,
            checkpoints=sql.Identifier(Checkpoint._meta.db_table),
            name=sql.Literal(table.name),
            written=WRITTEN,
            numbers=sql.Literal(numbers),
        )
        for number, checkpoint, columns in rows_of(query):
            if checkpoint is not None:
                self._covering.setdefault(table.name, set()).add(checkpoint)
            yield number, checkpoint, [name for name, _kind in json.loads(columns or "[]")]

    def write(self, archive: Archive, progress: Callable[[int], object]) -> int:
        """Write the checkpoints and what they closed; returns how many there are. Within the same snapshot."""
        database, written = Database(), 0
        for table, numbers in sorted(self._covering.items()):
            covering = Checkpoint.objects.filter(table=table, number__in=numbers).order_by("number")
            counts: dict[int, int] = {}
            with archive.writing(f"ledger/{table}.rows") as write:
                for checkpoint in self._signed(covering):
                    count = 0
                    for number, digest in database.rows(checkpoint):
                        write(RECORD.pack(number, digest))
                        count += 1
                    counts[checkpoint.number] = count
                    progress(count)
            with archive.writing_rows(f"ledger/{table}.json") as add:
                for checkpoint in self._signed(covering):
                    add(
                        {
                            "header": checkpoint.header.decode(),
                            "signature": base64.b64encode(checkpoint.signature).decode(),
                            "records": counts[checkpoint.number],
                        }
                    )
                    written += 1
        return written

    @staticmethod
    def _signed(covering: models.QuerySet[Checkpoint]) -> Iterator[Any]:
        return (one.as_signed() for one in covering.iterator(chunk_size=CHECKPOINTS_AT_ONCE))


def without(proof: dict[str, Any], kept_back: Iterable[tuple[str, str]]) -> dict[str, Any]:
    """The proof of a row of which columns are kept back: its digest stands for what cannot be shown."""
    changed = dict(kept_back)
    if not changed:
        return proof
    columns: Columns = proof["columns"]
    digest = hashlib.sha256(copied(columns.values())).hexdigest()
    return {**proof, "columns": {**columns, **changed}, "kept_back": sorted(changed), "digest": digest}


def _text(value: bytes) -> str | None:
    return None if value == NULL else unescaped(value).decode()
