"""Verifying the ledger in the database, and keeping when that was and what it found."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import structlog
from django.conf import settings
from django_tasks import task

from privacy_portal.clock import now

from . import signing
from .closing import close_all
from .ledger.anchors import Anchors
from .ledger.keys import PublicKeys
from .ledger.problems import Problem
from .ledger.verifying import Verification
from .ledger_models import Checkpoint, LedgerVerification
from .live import Database
from .tables import in_one_snapshot, ledgered_tables

log = structlog.get_logger()

# A worker begins its day whenever it is started; it does not verify anew each time.
NOT_AGAIN_WITHIN = timedelta(hours=12)


def verify(
    told: Callable[[Problem], object] = lambda problem: None, progress: Callable[[int], object] = lambda rows: None
) -> Verification:
    """Verify everything, tell of each problem as it is found, and record the outcome. Raises `LedgerError`."""
    keys = signing.load(settings.LEDGER_SIGNING_KEYS).public_keys
    # Before the database: what is closed meanwhile may be missing in the file, but not the other way round.
    anchors = _anchors(keys)
    first, count = None, 0
    with in_one_snapshot():
        verification = Verification(Database(), keys, anchors, progress)
        for problem in verification.problems():
            first, count = first or problem, count + 1
            told(problem)
    LedgerVerification.recorded(
        rows=verification.rows, checkpoints=verification.checkpoints, problems=count, first=first
    )
    if first:
        log.error("ledger_does_not_agree", problems=count, first=str(first))
    return verification


def rows_to_verify() -> int:
    """How many rows the checkpoints say they closed."""
    totals = Checkpoint.objects.order_by("-number").values_list("total", flat=True)
    return sum(totals.filter(table=table.name).first() or 0 for table in ledgered_tables())


@task()
def verify_daily() -> None:
    """Close what is new and verify everything; run by the schedule."""
    if not LedgerVerification.objects.filter(at__gt=now() - NOT_AGAIN_WITHIN).exists():
        close_all.call()
        verify()


def _anchors(keys: PublicKeys) -> Anchors | None:
    if not settings.LEDGER_ANCHORS or not (Path(settings.LEDGER_ANCHORS).exists() or Checkpoint.objects.exists()):
        return None
    return Anchors(settings.LEDGER_ANCHORS, keys)
