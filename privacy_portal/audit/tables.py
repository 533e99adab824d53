"""The append-only tables: found by their triggers, so that none can be forgotten, and how to read their rows."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import connection, models, transaction
from psycopg import sql

from privacy_portal.append_only import WRITTEN_IN, is_append_only

from .ledger.checkpoint import Position, beginning_of, cluster_of
from .ledger_models import Checkpoint

WRITTEN = sql.Identifier(WRITTEN_IN)
# How values look in a dump, whatever the server's and the session's own settings are.
AS_IN_A_DUMP = (
    "SET LOCAL DateStyle = 'ISO, YMD'; SET LOCAL TimeZone = 'UTC'; SET LOCAL IntervalStyle = 'postgres';"
    " SET LOCAL extra_float_digits = 1; SET LOCAL bytea_output = 'hex'; SET LOCAL client_encoding = 'UTF8';"
    # New rows are few among millions and found by a small index, which the planner may think less of.
    " SET LOCAL enable_seqscan = off"
)


def ledgered_models() -> list[type[models.Model]]:
    """Every append-only model but the checkpoints, which are signed and chained themselves."""
    return [model for model in apps.get_models() if is_append_only(model) and model is not Checkpoint]


def ledgered_tables() -> list[LedgerTable]:
    return [LedgerTable(model._meta.db_table, str(model._meta.pk.column)) for model in ledgered_models()]


@dataclass(frozen=True)
class LedgerTable:
    name: str
    id_column: str = "id"

    @property
    def identifier(self) -> sql.Identifier:
        return sql.Identifier(self.name)

    @property
    def row_id(self) -> sql.Identifier:
        return sql.Identifier(self.id_column)

    def columns(self) -> list[tuple[str, str]]:
        """Name and type of each column in the order of a dump; none where there is no such table."""
        return [
            (name, kind)
            for name, kind in rows_of(
                sql.SQL(
                    "SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute"
                    " WHERE attrelid = to_regclass({}) AND attnum > 0 AND NOT attisdropped AND attgenerated = ''"
                    " ORDER BY attnum"
                ).format(sql.Literal(connection.ops.quote_name(self.name)))
            )
        ]

    def selected(self, columns: list[str], condition: sql.Composable) -> sql.Composable:
        """The query for number and columns of some rows, in the order of the ledger."""
        return sql.SQL("SELECT {id}, {columns} FROM {table} WHERE {condition} ORDER BY {written}, {id}").format(
            written=WRITTEN,
            id=self.row_id,
            columns=sql.SQL(", ").join(map(sql.Identifier, columns)),
            table=self.identifier,
            condition=condition,
        )

    def between(self, begins: Position, ends: Position) -> sql.Composable:
        """The condition that a row lies between two positions, in a form that either index can serve."""
        condition = (
            "{written} BETWEEN {first}::uuid AND {last}::uuid"
            " AND ({written}, {id}) >= ({first}::uuid, {first_id}) AND ({written}, {id}) < ({last}::uuid, {last_id})"
        )
        if begins[0] == ends[0]:  # within one transaction, which may have written millions
            condition += " AND {id} >= {first_id} AND {id} < {last_id}"
        return sql.SQL(condition).format(
            written=WRITTEN,
            id=self.row_id,
            first=sql.Literal(begins[0]),
            first_id=bigint(begins[1]),
            last=sql.Literal(ends[0]),
            last_id=bigint(ends[1]),
        )

    def beyond(self, bounds: dict[str, Position]) -> sql.Composable:
        """The condition that a row lies in no cluster's closed stretch; these reach from its beginning to its bound."""
        lowest: Position = beginning_of(cluster_of(str(UUID(int=0))))
        gaps: list[sql.Composable] = []
        for cluster in sorted(bounds):
            gaps.append(self.between(lowest, beginning_of(cluster)))
            lowest = bounds[cluster]
        after_all = sql.SQL("({written} >= {last}::uuid AND ({written}, {id}) >= ({last}::uuid, {last_id}))")
        gaps.append(
            after_all.format(written=WRITTEN, id=self.row_id, last=sql.Literal(lowest[0]), last_id=bigint(lowest[1]))
        )
        return sql.SQL("(") + sql.SQL(" OR ").join(gaps) + sql.SQL(")")


def bigint(number: int) -> sql.Composable:
    """The lowest of all is too low for a plain number: its sign is read apart from it."""
    return sql.SQL("{}::bigint").format(sql.Literal(str(number)))


@contextmanager
def in_one_snapshot() -> Iterator[None]:
    """The database as it is at one moment, with values shown as they are in a dump. Nothing is written within it."""
    with transaction.atomic(durable=True), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        # Whatever a cursor finds is read to its end.
        cursor.execute(f"{AS_IN_A_DUMP}; SET LOCAL cursor_tuple_fraction = 1")
        yield


@contextmanager
def lines_of(query: sql.Composable) -> Iterator[Iterator[bytes]]:
    """The rows of a query as COPY gives them, each without its line's end."""
    statement = sql.SQL("COPY ({}) TO STDOUT").format(query)
    with connection.cursor() as cursor, cursor.copy(statement) as copied:
        yield (bytes(line)[:-1] for line in copied)


def rows_of(query: sql.Composable) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(query)
        return cursor.fetchall()


def transactions() -> tuple[int, int, int]:
    """This cluster, the transaction below which all of this database have ended, and the one that begins next.

    Those that run in other databases of the cluster write nothing here; the server knows who has which number.
    """
    query = """
        SELECT system_identifier, coalesce(running.lowest, following.number), following.number
        FROM pg_control_system(), pg_current_snapshot() snapshot,
            LATERAL (SELECT pg_snapshot_xmax(snapshot)::text::bigint AS number) following,
            LATERAL (
                SELECT min(number::text::bigint) AS lowest FROM pg_snapshot_xip(snapshot) number WHERE NOT EXISTS (
                    SELECT FROM pg_stat_activity JOIN pg_database ON pg_database.oid = datid
                    WHERE backend_xid = number::xid AND pg_database.datname <> current_database()
                )
            ) running
    """
    ((cluster, ended, next_one),) = rows_of(sql.SQL(query))
    return cluster, ended, next_one


def stamp(cluster: int, transaction: int) -> str:
    """What `written_in` says of a transaction; of -1, what none of that cluster is above."""
    return str(UUID(int=cluster % 2**64 << 64 | transaction % 2**64))
