"""How many consents were given, refused and withdrawn each day: counted once, so that no page counts events."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta

from django.db import transaction
from django.db.models import Count, Sum
from django.utils import timezone
from django_tasks import task

from privacy_portal.clock import now

from .models import ConsentEvent, DailyTally

# Events recorded longer ago than this are in the tallies already; the rest is counted again.
LOOK_BACK = timedelta(days=2)


@task()
def count_days() -> None:
    """Count anew every day on which something happened that was recorded lately; run by the schedule.

    A paper form recorded today may be of a day long past: that day is counted again too.
    """
    recent = ConsentEvent.objects.all()
    if DailyTally.objects.exists():
        recent = recent.filter(recorded_at__gte=now() - LOOK_BACK)
    for day in {timezone.localdate(at) for at in recent.values_list("at", flat=True).iterator()}:
        _count(day)


def in_weeks(kinds: Iterable[str], first: date, weeks: int) -> list[int]:
    """How many events of these kinds there were in each of so many weeks, beginning with the day `first`."""
    counts = [0] * weeks
    tallies = DailyTally.objects.filter(kind__in=kinds, day__gte=first, day__lt=first + timedelta(weeks=weeks))
    for day, count in tallies.values_list("day").annotate(Sum("count")):
        counts[(day - first).days // 7] += count
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
    begin = timezone.make_aware(datetime.combine(day, time.min))
    events = ConsentEvent.objects.filter(at__gte=begin, at__lt=begin + timedelta(days=1))
    counts = events.order_by().values_list("consent__collection_id", "kind").annotate(Count("id"))
    DailyTally.objects.bulk_create(
        [DailyTally(day=day, collection_id=code, kind=kind, count=count) for code, kind, count in counts],
        update_conflicts=True,
        unique_fields=["day", "collection", "kind"],
        update_fields=["count"],
    )
