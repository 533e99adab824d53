"""Where the ledger stands, for whoever has to see that it is kept."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from django.conf import settings
from django.utils import translation

from .ledger.problems import SENTENCES
from .ledger_models import Checkpoint, LedgerClosing, LedgerVerification
from .tables import ledgered_models

LATE = timedelta(minutes=15)
VERIFIED_LONG_AGO = timedelta(days=2)


@dataclass
class TableState:
    """One append-only table."""

    model: Any
    closed_at: datetime | None  # when it was last closed up to all that had been written
    is_late: bool

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural)

    @cached_property
    def newest(self) -> Checkpoint | None:
        of_table = Checkpoint.objects.filter(table=self.model._meta.db_table)
        return of_table.defer("listing").order_by("-number").first()


@dataclass(frozen=True)
class LedgerState:
    tables: list[TableState]
    verification: LedgerVerification | None
    is_verified_long_ago: bool

    @property
    def is_late(self) -> bool:
        return any(table.is_late for table in self.tables)

    @property
    def is_broken(self) -> bool:
        return self.verification is not None and self.verification.problems > 0

    @property
    def problem(self) -> str:
        """The first thing found wrong, in the reader's language."""
        return problem_in_words(self.verification) if self.verification and self.is_broken else ""


def state(at: datetime) -> LedgerState:
    """The state as it is at `at`. Two queries, and one for each table whose newest checkpoint is asked for."""
    closings = dict(LedgerClosing.objects.values_list("table", "at"))
    late = at - max(LATE, 3 * timedelta(minutes=settings.LEDGER_MINUTES))
    closed = {model: closings.get(model._meta.db_table) for model in ledgered_models()}
    tables = [TableState(model, when, when is None or when < late) for model, when in closed.items()]
    verification = LedgerVerification.objects.order_by("-at").first()
    return LedgerState(tables, verification, verification is None or verification.at < at - VERIFIED_LONG_AGO)


def problem_in_words(verification: LedgerVerification) -> str:
    in_language = translation.gettext  # the sentences are marked where they stand
    return in_language(SENTENCES[verification.kind]) % verification.as_problem().words
