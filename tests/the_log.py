"""What the tests of the access log's end share: a log of two months, and the end of the first."""

from __future__ import annotations

from datetime import datetime
from io import StringIO
from uuid import UUID, uuid4
from zoneinfo import ZoneInfo

from django.core.management import call_command

from members.models import Account
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.clock import now, pretending
from privacy_portal.retention import runs
from tests.factories import staff_acting
from tests.ledger import close

LOG, OWN = AccessEntry._meta.db_table, OwnAccessEntry._meta.db_table
SEOUL = ZoneInfo("Asia/Seoul")
JANUARY = datetime(2030, 1, 20, 12, tzinfo=SEOUL)
LAST_OF_JANUARY = datetime(2030, 1, 31, 23, 59, tzinfo=SEOUL)
FEBRUARY = datetime(2030, 2, 1, 0, 1, tzinfo=SEOUL)
SPRING = datetime(2030, 4, 1, tzinfo=SEOUL)
YEAR_AFTER = datetime(2031, 2, 1, tzinfo=SEOUL)
# January is due from this day on, February a month later.
DUE = datetime(2032, 2, 1, tzinfo=SEOUL)


def seen(person: UUID | None = None) -> int:
    """An entry as of now; returns its number."""
    facts = {"data_key": key_for(now()), "evidence": {"address": "203.0.113.8"}, "page": "x"}
    entry = AccessEntry.objects.create(
        actor_kind="staff", account_id=uuid4(), what="view", people=[person or uuid4()], **facts
    )
    return entry.pk


def own_seen(person: UUID | None = None) -> int:
    return OwnAccessEntry.objects.create(
        person_id=person or uuid4(), account_id=uuid4(), data_key=key_for(now()), page="x"
    ).pk


def a_log() -> dict[str, list[int]]:
    """Four checkpoints: January's rows; January's and February's; April's; a year after. And one of the other log."""
    rows: dict[str, list[int]] = {}
    with pretending(JANUARY):
        rows["january"] = [seen(), seen(), seen()]
        rows["own"] = [own_seen()]
        close()
    with pretending(LAST_OF_JANUARY):
        rows["january"].append(seen())
    with pretending(FEBRUARY):
        rows["february"] = [seen()]
    with pretending(LAST_OF_JANUARY):  # of two writers at midnight, the later one may be the one of the month before
        rows["january"].append(seen())
    with pretending(FEBRUARY):
        rows["february"].append(seen())
        close()
    with pretending(SPRING):
        rows["april"] = [seen()]
        close()
    with pretending(YEAR_AFTER):
        rows["young"] = [seen(), seen()]
        close()
    return rows


def destroy(officer: Account) -> str:
    """An officer approves what is due, and it is destroyed; returns what was said."""
    said = StringIO()
    run = runs.propose()
    assert run is not None
    runs.approve(run, actor=staff_acting(officer))
    call_command("destroy_due", stdout=said, stderr=StringIO())
    return said.getvalue()


def left(log: type[AccessEntry] | type[OwnAccessEntry] = AccessEntry) -> list[int]:
    return list(log.objects.order_by("pk").values_list("pk", flat=True))
