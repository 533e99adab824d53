"""How many consents were given, refused and withdrawn each day: counted once, so that no page counts events."""

from __future__ import annotations

from datetime import date, timedelta

from django.db import transaction
from django.db.models import Count, Max, Sum
from django.utils import timezone
from django_tasks import task

from privacy_portal.clock import beginning_of, now

from .models import ConsentEvent, DailyTally

# What was recorded longer than this before the last day counted is in the tallies already; the rest is counted again.
LOOK_BACK = timedelta(days=2)


@task()
def count_days() -> None:
    """Count anew every day on which something happened that was recorded lately; run by the schedule.

    A paper form recorded today may be of a day long past: that day is counted again too.
    """
    recent = ConsentEvent.objects.all()
    if newest := DailyTally.objects.aggregate(newest=Max("day"))["newest"]:
        # From the last day counted on, so that nothing is missed however long no worker ran.
        recent = recent.filter(recorded_at__gte=min(now(), beginning_of(newest)) - LOOK_BACK)
    for day in {timezone.localdate(at) for at in recent.values_list("at", flat=True).iterator()}:
        _count(day)


def in_weeks(first: date, weeks: int) -> dict[str, list[int]]:
    """How many events of each kind there were in each of so many weeks, beginning with the day `first`."""
    counts = {kind: [0] * weeks for kind in ConsentEvent.Kind.values}
    tallies = DailyTally.objects.filter(day__gte=first, day__lt=first + timedelta(weeks=weeks))
    for day, kind, count in tallies.values_list("day", "kind").annotate(Sum("count")):
        counts[kind][(day - first).days // 7] += count
    return counts


def by_collection(first: date) -> dict[str, dict[str, int]]:
    """How many events of each kind there were since the day `first`, by collection code."""
    counts: dict[str, dict[str, int]] = {}
    tallies = DailyTally.objects.filter(day__gte=first).values_list("collection_id", "kind").annotate(Sum("count"))
    for code, kind, count in tallies:
        counts.setdefault(code, {})[kind] = count
    return counts


@transaction.atomic
def _count(day: date) -> None:
    events = ConsentEvent.objects.filter(at__gte=beginning_of(day), at__lt=beginning_of(day + timedelta(days=1)))
    counts = events.order_by().values_list("consent__collection_id", "kind").annotate(Count("id"))
    DailyTally.objects.bulk_create(
        [DailyTally(day=day, collection_id=code, kind=kind, count=count) for code, kind, count in counts],
        update_conflicts=True,
        unique_fields=["day", "collection", "kind"],
        update_fields=["count"],
    )
