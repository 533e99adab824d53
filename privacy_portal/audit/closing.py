"""Closing the new rows of every append-only table into signed checkpoints (A7).

A row belongs to the transaction that wrote it. Once every transaction below some number has ended, no row with a
lower one can appear any more, however late it was committed: up to there a table is closed, and nobody who writes is
asked to wait. Rows of another cluster, restored from its dump, can only be old: they are closed as they stand.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from uuid import UUID

import structlog
from django.conf import settings
from django.db import connection, transaction
from django_tasks import task
from psycopg import sql

from privacy_portal.clock import now

from . import anchoring, signing
from .ledger.checkpoint import LOWEST_ID, Checkpoint, Position, Rows, beginning_of, cluster_of, row_digest
from .ledger.problems import LedgerError
from .ledger_models import Checkpoint as StoredCheckpoint
from .ledger_models import LedgerClosing
from .tables import AS_IN_A_DUMP, WRITTEN, LedgerTable, ledgered_tables, lines_of, stamp, transactions

log = structlog.get_logger()

ROWS_A_CHECKPOINT = 50_000
# Closed in one transaction; what is beyond is closed in the next.
ROWS_AT_ONCE = 1_000_000
CLOSING_LOCK = 0x6C6564  # "led"

Found = tuple[str, int, bytes]  # the row's position and digest


@task()
def close_all() -> None:
    """Close what is new in every table; run by the schedule. Can be stopped and repeated, also at the same time."""
    failed = []
    for table in ledgered_tables():
        try:
            close(table)
        except LedgerError as error:
            failed.append(str(error))
            log.error("table_not_closed", table=table.name, reason=str(error))
    try:
        anchoring.write_missing()
    except LedgerError as error:
        failed.append(str(error))
    if failed:
        raise LedgerError(" ".join(failed))


def close(table: LedgerTable, progress: Callable[[int], object] = lambda rows: None) -> int:
    """Close what is new in one table; returns how many rows. Raises `LedgerError`."""
    closed = 0
    while made := _close_once(table, progress):
        closed += sum(checkpoint.rows for checkpoint in made)
        if sum(checkpoint.rows for checkpoint in made) < ROWS_AT_ONCE:
            break
    return closed


# Of its own, so that it sees what others have committed by now, and so that what it closed is committed when it ends.
@transaction.atomic(durable=True)
def _close_once(table: LedgerTable, progress: Callable[[int], object]) -> list[Checkpoint]:
    if not _is_alone(table):
        return []
    with connection.cursor() as cursor:
        cursor.execute(AS_IN_A_DUMP)
    cluster, ended, _next = transactions()
    end = (stamp(cluster, ended), LOWEST_ID)
    bounds = _bounds(table)
    if bounds.get(cluster_of(end[0]), end) > end:
        raise LedgerError(
            f"{table.name} was closed up to a transaction that this database server has not reached yet. "
            "Was it restored from a copy of the same server that had gone on by itself? See docs/ledger.md."
        )
    columns = table.columns()
    made: list[Checkpoint] = []
    last = _last_of(table)
    keys = signing.load(settings.LEDGER_SIGNING_KEYS)
    with _new_rows(table, columns, bounds, end) as found:
        for begins, ends, rows in _stretches(found, bounds, end):
            checkpoint = Checkpoint(
                table=table.name,
                number=last.number + 1 if last else 1,
                previous=last.digest if last else b"",
                columns=json.dumps(columns, ensure_ascii=False),
                begins=begins,
                ends=ends,
                rows=rows.count,
                total=(last.total if last else 0) + rows.count,
                rows_digest=rows.digest,
                listing=bytes(rows.listing),
                made_at=now(),
                key=keys.active,
            )
            last = replace(checkpoint, signature=keys.sign(checkpoint.signed))
            made.append(last)
            progress(last.rows)
    for checkpoint in made:
        StoredCheckpoint.stored(checkpoint)
    # A transaction that stays open keeps the number where it is, and so this row.
    if not LedgerClosing.objects.filter(table=table.name, reached=end[0]).exists():
        LedgerClosing.objects.update_or_create(table=table.name, defaults={"reached": end[0], "at": now()})
    return made


def _is_alone(table: LedgerTable) -> bool:
    """Take the table's lock until the transaction ends; of two at once the second leaves."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s, hashtext(%s))", [CLOSING_LOCK, table.name])
        return bool(cursor.fetchone()[0])


def _bounds(table: LedgerTable) -> dict[str, Position]:
    """Up to where the rows of each cluster were closed."""
    bounds: dict[str, Position] = {}
    ends = StoredCheckpoint.objects.filter(table=table.name).order_by("-ends_in", "-ends_at")
    found = ends.values_list("ends_in", "ends_at")
    while highest := found.first():
        cluster = cluster_of(str(highest[0]))
        bounds[cluster] = (str(highest[0]), highest[1])
        found = ends.filter(ends_in__lt=beginning_of(cluster)[0]).values_list("ends_in", "ends_at")
    return bounds


def _last_of(table: LedgerTable) -> Checkpoint | None:
    last = StoredCheckpoint.objects.filter(table=table.name).order_by("-number").first()
    return last.as_signed() if last else None


@contextmanager
def _new_rows(
    table: LedgerTable, columns: list[tuple[str, str]], bounds: dict[str, Position], end: Position
) -> Iterator[Iterator[Found]]:
    """What is not closed yet and can be, in the order of the ledger."""
    query = sql.SQL(
        "SELECT {written}, {id}, {columns} FROM {table} WHERE {beyond}"
        " AND ({written} < {end}::uuid OR {written} > {last_of_cluster}::uuid) ORDER BY {written}, {id} LIMIT {limit}"
    ).format(
        written=WRITTEN,
        id=table.row_id,
        columns=sql.SQL(", ").join(sql.Identifier(name) for name, _kind in columns),
        table=table.identifier,
        beyond=table.beyond(bounds),
        end=sql.Literal(end[0]),
        last_of_cluster=sql.Literal(f"{cluster_of(end[0])}-ffff-ffffffffffff"),
        limit=sql.Literal(ROWS_AT_ONCE),
    )
    with lines_of(query) as lines:
        yield (
            (written_in.decode(), int(row_id), row_digest(line))
            for written_in, row_id, line in (line.split(b"\t", 2) for line in lines)
        )


def _stretches(
    found: Iterable[Found], bounds: dict[str, Position], end: Position
) -> Iterator[tuple[Position, Position, Rows]]:
    """Rows cut into checkpoints, each of one cluster: from where to where it reaches, and what is in it."""
    bounds, taken, seen = bounds.copy(), Rows(), 0
    rows = iter(found)
    following = next(rows, None)
    while following:
        (written_in, row_id, digest), following = following, next(rows, None)
        taken.add(row_id, digest)
        seen += 1
        cluster = cluster_of(written_in)
        is_last_of_cluster = following is None or cluster_of(following[0]) != cluster
        if taken.count < ROWS_A_CHECKPOINT and not is_last_of_cluster:
            continue
        if not is_last_of_cluster or seen == ROWS_AT_ONCE:
            ends = (written_in, row_id + 1)
        elif cluster == cluster_of(end[0]):
            ends = end
        else:  # nobody writes in that cluster any more; if somebody does again, its numbers go on from here
            ends = (str(UUID(int=UUID(written_in).int + 1)), LOWEST_ID)
        yield bounds.get(cluster, beginning_of(cluster)), ends, taken
        bounds[cluster], taken = ends, Rows()
