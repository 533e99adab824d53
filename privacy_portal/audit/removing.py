"""Removing the rows of the access log whose month the schedule has destroyed (A5), and putting on record which went.

The key of a month dies first, in an approved run; from then on the triggers let its rows be deleted. They go one
checkpoint at a time, each in one transaction with the record that tells the ledger what went. Only rows that are what
was closed go: what is not closed yet waits, and what was tampered with stays to be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from django.db import connection, transaction
from django.db.models import Exists, OuterRef
from django_tasks import task
from psycopg import sql

from privacy_portal.clock import now
from privacy_portal.vault.destruction import on_hold
from privacy_portal.vault.models import DataKey, DestructionRecord

from .ledger import checkpoint
from .ledger.checkpoint import cluster_of, listed, row_digest
from .ledger.months import number_of
from .ledger.removals import Closings, listing_digest, may_hold, written
from .ledger_models import Checkpoint
from .models import AccessEntry, AccessRemoval, OwnAccessEntry
from .months import Ground, month_at
from .tables import AS_IN_A_DUMP, LedgerTable, lines_of

Log = type[AccessEntry] | type[OwnAccessEntry]
LOGS: tuple[Log, ...] = (AccessEntry, OwnAccessEntry)
REMOVING_LOCK = 0x676F6E65  # "gone"


def remove(progress: Callable[[int], object] = lambda rows: None) -> int:
    """Remove what is left of destroyed months; returns how many rows.

    Safe to kill, to repeat, and to run twice at once. `progress` is told how many rows went, each time some did.
    """
    removed = 0
    for key, log in _left():
        for number in _checkpoints_of(key, log):
            if count := _remove_from(number, key, log):
                removed += count
                progress(count)
    return removed


@task()
def remove_destroyed() -> None:
    """Remove what is left of destroyed months; run by the schedule."""
    remove()


def rows_left() -> int:
    """How many rows of destroyed months are there still."""
    return sum(log.objects.filter(data_key=key).count() for key, log in _left())


def _left() -> list[tuple[DataKey, Log]]:
    """The destroyed months, and the log in which there are rows of them; without those on legal hold."""
    destroyed = DataKey.objects.filter(ground=Ground, wrapped_key__isnull=True).order_by("created_at")
    found = [
        (key, log) for log in LOGS for key in destroyed.filter(Exists(log.objects.filter(data_key=OuterRef("pk"))))
    ]
    held = on_hold([key for key, _log in found])
    return [(key, log) for key, log in found if key.pk not in held]


def _checkpoints_of(key: DataKey, log: Log) -> Iterator[int]:
    """The numbers of the checkpoints that may have closed rows of a month, and from which they did not go yet."""
    month, closings = month_at(key.created_at), Closings()
    stored = Checkpoint.objects.filter(table=log._meta.db_table).order_by("number")
    done = set(AccessRemoval.objects.filter(table=log._meta.db_table, month=month).values_list("checkpoint", flat=True))
    for number, begins, ends_at, made_at in stored.values_list("number", "begins_in", "ends_at", "made_at"):
        closed_before = closings.before(cluster_of(str(begins)), ends_at, made_at)
        if number not in done and may_hold(month, closed_before, made_at):
            yield number


# Of its own, so that what went stays gone when the next is begun.
@transaction.atomic(durable=True)
def _remove_from(number: int, key: DataKey, log: Log) -> int:
    """Remove the rows of a month from one checkpoint, and write down which; returns how many."""
    table, month = LedgerTable(log._meta.db_table), month_at(key.created_at)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", [REMOVING_LOCK, table.name])
        cursor.execute(AS_IN_A_DUMP)
    removals = AccessRemoval.objects.filter(table=table.name, checkpoint=number)
    if on_hold([key]) or removals.filter(month=month).exists():
        return 0
    closed = Checkpoint.objects.get(table=table.name, number=number).as_signed()
    rows = _rows(table, closed, key)
    places = {
        place: row
        for place, (row, short) in enumerate(listed(closed.listing))
        if row in rows and rows[row].startswith(short)
    }
    if not places:
        return 0
    with connection.cursor() as cursor:
        statement = sql.SQL("DELETE FROM {} WHERE {} = ANY(%s)").format(table.identifier, table.row_id)
        cursor.execute(statement, [list(places.values())])
    stay = closed.rows - len(places) - sum(removals.values_list("rows", flat=True))
    AccessRemoval.objects.create(
        table=table.name,
        checkpoint=number,
        month=month,
        destruction=DestructionRecord.objects.get(data_key=key, ground_id=number_of(month)),
        rows=len(places),
        places=written(places),
        listing_digest=listing_digest(closed.listing, places),
        digests=b"".join(rows[row] for row in places.values()) if stay else b"",
        at=now(),
    )
    return len(places)


def _rows(table: LedgerTable, closed: checkpoint.Checkpoint, key: DataKey) -> dict[int, bytes]:
    """Number and digest of each row of a month that lies where a checkpoint closed."""
    of_month = sql.SQL("data_key_id = {}::uuid AND {}").format(
        sql.Literal(str(key.pk)), table.between(closed.begins, closed.ends)
    )
    with lines_of(table.selected([name for name, _kind in closed.named_columns], of_month)) as lines:
        return {int(row): row_digest(line) for row, _tab, line in (line.partition(b"\t") for line in lines)}
