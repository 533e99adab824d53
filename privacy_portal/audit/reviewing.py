"""The monthly review of the access log (A6): what stands out in a month, and signing it off."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from statistics import median
from typing import Any
from uuid import UUID

from django.db import IntegrityError, connection, transaction
from django.db.models import Count, Max, Q, QuerySet
from django.db.models.functions import ExtractHour
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.clock import beginning_of, now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

from . import rules
from .history import save_as
from .ledger.months import month_after, month_of
from .models import AccessEntry, AccessReview, WatchedPerson

What = AccessEntry.What
# How many entries a section of the page lists; the log itself lists the others.
LISTED = 100


@dataclass(frozen=True)
class Volume:
    """How much one account, or one service, has seen in a month."""

    account_id: UUID | None
    service: str
    entries: int
    people: int
    at_night: int
    is_unusual: bool = False


@dataclass(frozen=True)
class Findings:
    """What the review of one month looks at."""

    month: date
    entries: int
    last_entry_id: int | None
    volumes: list[Volume]
    hours: list[tuple[int, int, bool]]  # hour in Asia/Seoul, entries, whether it is night
    without_reference: list[AccessEntry]
    exports: list[AccessEntry]
    to_watched: list[tuple[AccessEntry, list[WatchedPerson]]]


def entries_of(month: date) -> QuerySet[AccessEntry]:
    """The entries of a month in Asia/Seoul, found through the index on when they were made."""
    return AccessEntry.objects.filter(at__gte=beginning_of(month), at__lt=beginning_of(month_after(month)))


def months_open(today: date) -> list[date]:
    """The months that are over, have entries and are not signed off, oldest first."""
    first = AccessEntry.objects.order_by("at").values_list("at", flat=True).first()
    if first is None:
        return []
    done = set(AccessReview.objects.values_list("month", flat=True))
    month, months = month_of(timezone.localdate(first)), []
    while month < month_of(today):
        months += [] if month in done else [month]
        month = month_after(month)
    return [month for month in months if entries_of(month).exists()]


def overdue_reviews(today: date) -> list[date]:
    """The months that should have been signed off by today: shown wherever an officer starts the day."""
    return [month for month in months_open(today) if today > due_on(month, today)]


def due_on(month: date, today: date) -> date:
    """The day by which a month is to be signed off, by the rule that holds today."""
    return month_after(month).replace(day=rules.number("review_due_day", today))


def findings(month: date) -> Findings:
    entries = entries_of(month)
    totals = entries.aggregate(entries=Count("id"), last=Max("id"))
    return Findings(
        month=month,
        entries=totals["entries"],
        last_entry_id=totals["last"],
        volumes=_volumes(month),
        hours=_hours(month, entries),
        without_reference=list(entries.filter(what=What.REVEAL, request_reference="").order_by("-id")[:LISTED]),
        exports=list(entries.filter(what=What.EXPORT).select_related("data_key").order_by("-id")[:LISTED]),
        to_watched=_to_watched(entries),
    )


@transaction.atomic
def sign_off(month: date, *, note: str, seen: int | None, actor: Actor) -> AccessReview:
    """Sign a month off. `seen` is the last entry the officer was shown: nothing that came after is signed unseen."""
    demand(actor, "audit.sign_off_accessreview")
    assert actor.account_id is not None  # noqa: S101
    if month >= month_of(timezone.localdate(now())):
        raise PortalError("month_not_over", _("This month is not over yet. Sign it off when it is."))
    if not note.strip():
        raise PortalError("note_needed", _("Please write what was looked into and what was found."), field="note")
    totals = entries_of(month).aggregate(entries=Count("id"), last=Max("id"))
    if totals["last"] != seen:
        raise PortalError("log_has_grown", _("Entries were added since you opened this page. Please look again."))
    review = AccessReview(
        month=month,
        signed_off_by=actor.account_id,
        signed_off_at=now(),
        note=note.strip(),
        entries=totals["entries"],
        last_entry_id=totals["last"],
    )
    try:
        with transaction.atomic():
            save_as(actor, review, reason="signed off", force_insert=True)
    except IntegrityError:
        raise PortalError("signed_off", _("This month has been signed off already.")) from None
    return review


def _night(month: date) -> tuple[int, int]:
    return rules.number("night_from", month), rules.number("night_until", month)


def _hours(month: date, entries: QuerySet[AccessEntry]) -> list[tuple[int, int, bool]]:
    night_from, night_until = _night(month)
    hours = entries.order_by().annotate(hour=ExtractHour("at")).values_list("hour").annotate(Count("id"))
    counted: dict[Any, Any] = dict(hours)
    return [(hour, counted.get(hour, 0), hour >= night_from or hour < night_until) for hour in range(24)]


def _volumes(month: date) -> list[Volume]:
    night_from, night_until = _night(month)
    values = [timezone.get_default_timezone_name()] * 2
    values += [night_from, night_until, beginning_of(month), beginning_of(month_after(month))]  # type: ignore[list-item]
    with connection.cursor() as cursor:
        cursor.execute(
            """
            SELECT account_id, actor_name, count(DISTINCT entry.id), count(DISTINCT person),
                   count(DISTINCT entry.id) FILTER (
                       WHERE extract(hour FROM entry.at AT TIME ZONE %s) >= %s
                          OR extract(hour FROM entry.at AT TIME ZONE %s) < %s)
              FROM audit_accessentry AS entry LEFT JOIN LATERAL unnest(entry.people) AS person ON true
             WHERE entry.at >= %s AND entry.at < %s
             GROUP BY account_id, actor_name ORDER BY 4 DESC, 3 DESC
            """,
            [values[0], values[2], values[1], values[3], *values[4:]],
        )
        volumes = [Volume(*row) for row in cursor.fetchall()]
    return [
        Volume(one.account_id, one.service, one.entries, one.people, one.at_night, _is_unusual(one, volumes, month))
        for one in volumes
    ]


def _is_unusual(one: Volume, volumes: list[Volume], month: date) -> bool:
    """More people than anybody should need, or many more than the others have seen."""
    if one.people >= rules.number("unusual_people", month):
        return True
    others = [other.people for other in volumes if other is not one]
    usual = median(others) if others else one.people
    return one.people >= rules.number("unusual_least", month) and one.people > usual * rules.number(
        "unusual_times", month
    )


def _to_watched(entries: QuerySet[AccessEntry]) -> list[tuple[AccessEntry, list[WatchedPerson]]]:
    watched = {one.person_id: one for one in WatchedPerson.objects.filter(is_watched=True)}
    if not watched:
        return []
    # Lists show whoever happens to be on them; opening the record, searching or revealing is meant.
    meant = entries.filter(Q(people__overlap=list(watched)) & ~Q(what=What.LIST))
    return [
        (entry, [watched[person] for person in entry.people if person in watched])
        for entry in meant.order_by("-id")[:LISTED]
    ]
