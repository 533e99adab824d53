"""What is due and what was destroyed, counted by the worker: the admin's pages read the counts."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from django.db import transaction
from django.db.models import Count, Max, Q, Sum
from django.db.models.functions import TruncDate

from privacy_portal.clock import beginning_of, now
from privacy_portal.vault.models import DestructionRecord

from . import due
from .models import DestructionTally, DueTally

# Destructions that a long transaction committed late are still counted on their day.
LOOK_BACK = timedelta(days=2)
COUNTED_LONG_AGO = timedelta(hours=6)


@transaction.atomic
def count_due() -> None:
    """Count anew how much of each rule is due, on hold and overdue."""
    at = now()
    held, overdue = due.held_back(at), due.overdue_destructions(at)
    counted = [
        DueTally(
            code=rule.code,
            due=due.due(rule, at).count(),
            held=held.get(rule.code, 0),
            overdue=overdue.get(rule.code, 0),
            counted_at=at,
        )
        for rule in due.rules(at)
    ]
    DueTally.objects.exclude(code__in=[tally.code for tally in counted]).delete()
    DueTally.objects.bulk_create(
        counted,
        update_conflicts=True,
        unique_fields=["code"],
        update_fields=["due", "held", "overdue", "counted_at"],
    )


@transaction.atomic
def count_destroyed() -> None:
    """Count the destructions of the last days anew; earlier days stay as they were counted."""
    records = DestructionRecord.objects.order_by()
    if newest := DestructionTally.objects.aggregate(newest=Max("day"))["newest"]:
        records = records.filter(at__gte=beginning_of(newest - LOOK_BACK))
    by_run = Q(rule__gt="")
    by_day = records.annotate(day=TruncDate("at")).values_list("day")
    days = by_day.annotate(total=Count("id"), of_runs=Count("id", filter=by_run))
    DestructionTally.objects.bulk_create(
        [
            DestructionTally(day=day, by_run=is_by_run, count=count)
            for day, total, of_runs in days
            for is_by_run, count in ((False, total - of_runs), (True, of_runs))
        ],
        update_conflicts=True,
        unique_fields=["day", "by_run"],
        update_fields=["count"],
    )


def destroyed_in_weeks(first: date, weeks: int) -> dict[bool, list[int]]:
    """How many values were destroyed in each week from the day `first`: by a run (True) or not."""
    counts = {False: [0] * weeks, True: [0] * weeks}
    tallies = DestructionTally.objects.filter(day__gte=first, day__lt=first + timedelta(weeks=weeks))
    for day, by_run, count in tallies.values_list("day", "by_run").annotate(Sum("count")):
        counts[by_run][(day - first).days // 7] += count
    return counts


def is_counted(at: datetime) -> bool:
    """Whether the worker has counted lately what is due."""
    return DueTally.objects.filter(counted_at__gt=at - COUNTED_LONG_AGO).exists()


def overdue() -> dict[str, int]:
    """How much was due for more than five days when it was last counted, by rule (K1)."""
    return dict(DueTally.objects.filter(overdue__gt=0).values_list("code", "overdue"))


def held() -> dict[str, int]:
    """How much a legal hold kept beyond its period when it was last counted, by rule."""
    return dict(DueTally.objects.filter(held__gt=0).values_list("code", "held"))
