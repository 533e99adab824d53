"""The ledger as the database holds it, to be verified in one snapshot."""

from __future__ import annotations

from collections.abc import Iterator

from django.db.models import OuterRef, Q, QuerySet, Subquery
from psycopg import sql

from privacy_portal.vault.models import DestructionRecord

from .ledger import checkpoint
from .ledger.checkpoint import Position, row_digest
from .ledger.removals import GROUND, Removal
from .ledger.verifying import Gone
from .ledger_models import Checkpoint
from .models import AccessRemoval
from .tables import WRITTEN, LedgerTable, ledgered_tables, lines_of, rows_of, stamp, transactions

CHECKPOINTS_AT_ONCE = 20


class Database:
    """A `Source` (`ledger.verifying`), good for the transaction it was made in."""

    def __init__(self) -> None:
        self._tables = {table.name: table for table in ledgered_tables()}
        for name in Checkpoint.objects.order_by("table").values_list("table", flat=True).distinct():
            self._tables.setdefault(name, LedgerTable(name))
        self._columns = {name: {column for column, _kind in table.columns()} for name, table in self._tables.items()}

    def tables(self) -> list[str]:
        return list(self._tables)

    def checkpoints(self, table: str) -> Iterator[checkpoint.Checkpoint]:
        stored = Checkpoint.objects.filter(table=table).order_by("number", "id")
        return (one.as_signed() for one in stored.iterator(chunk_size=CHECKPOINTS_AT_ONCE))

    def rows(self, checkpoint: checkpoint.Checkpoint) -> Iterator[tuple[int, bytes]]:
        table, present = self._tables[checkpoint.table], self._columns[checkpoint.table]
        names = [name for name, _kind in checkpoint.named_columns]
        if not present:
            raise Gone("table_gone")
        if lost := [name for name in names if name not in present]:
            raise Gone("column_gone", lost[0])
        with lines_of(table.selected(names, table.between(checkpoint.begins, checkpoint.ends))) as lines:
            for row_id, _tab, line in (line.partition(b"\t") for line in lines):
                yield int(row_id), row_digest(line)

    def removals(self, table: str, checkpoint: int) -> Iterator[Removal]:
        return _as_read(AccessRemoval.objects.filter(table=table, checkpoint=checkpoint))

    def removals_astray(self, numbers: dict[str, int]) -> Iterator[Removal]:
        known = Q(pk__in=[])
        for table, last in numbers.items():
            known |= Q(table=table, checkpoint__lte=last)
        return _as_read(AccessRemoval.objects.exclude(known))

    def holds(self, table: str, row: int) -> bool:
        found = self._tables[table]
        query = sql.SQL("SELECT 1 FROM {} WHERE {} = {}").format(found.identifier, found.row_id, sql.Literal(row))
        return bool(rows_of(query))

    def unclosed(self, table: str, bounds: dict[str, Position]) -> int:
        if not self._columns[table]:
            return 0
        found = self._tables[table]
        query = sql.SQL("SELECT count(*) FROM {} WHERE {}").format(found.identifier, found.beyond(bounds))
        return int(rows_of(query)[0][0])

    def early(self, table: str) -> Iterator[int]:
        if not self._columns[table]:
            return
        found = self._tables[table]
        cluster, _ended, next_one = transactions()
        first, last = sql.Literal(stamp(cluster, next_one)), sql.Literal(stamp(cluster, -1))
        query = sql.SQL("SELECT {} FROM {} WHERE {} BETWEEN {}::uuid AND {}::uuid ORDER BY 1").format(
            found.row_id, found.identifier, WRITTEN, first, last
        )
        yield from (int(row) for (row,) in rows_of(query))


def _as_read(removals: QuerySet[AccessRemoval]) -> Iterator[Removal]:
    of_log = DestructionRecord.objects.filter(pk=OuterRef("destruction_id"), ground=GROUND)
    for one in removals.annotate(destroyed=Subquery(of_log.values("ground_id"))).order_by("id"):
        yield Removal(
            number=one.pk,
            table=one.table,
            checkpoint=one.checkpoint,
            month=one.month,
            rows=one.rows,
            places=one.places,
            listing_digest=bytes(one.listing_digest),
            digests=bytes(one.digests),
            destroyed=one.destroyed,
        )
