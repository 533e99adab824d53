"""By when a request is answered, and how many days are left (Q1, Q5, Q19).

The first day counted is the day after receipt, in Asia/Seoul. The days that the period rested (from the day on
which the member was asked, to the day of the answer) and those it was extended by are added. A last day on a
Saturday, a Sunday or a Korean public holiday moves on to the next day that is none of these.
"""

from __future__ import annotations

from datetime import date, datetime, timedelta
from functools import cache
from typing import Protocol

import holidays
from django.utils import timezone

from . import kinds

ONE_DAY = timedelta(days=1)
SATURDAY = 5


class Counted(Protocol):
    """What a deadline is counted from; a `MemberRequest` is one."""

    counts_from: date
    period_days: int
    paused_days: int
    extended_days: int
    paused_at: datetime | None
    due_on: date


def due_day(one: Counted) -> date:
    """The last day of the period, as long as it does not rest."""
    days = one.period_days + one.paused_days + one.extended_days
    return next_working_day(one.counts_from + timedelta(days=days))


def days_left(one: Counted, at: datetime) -> int:
    """Days from `at` until the due day: 0 on it, below 0 from the midnight in Asia/Seoul after it.

    While the period rests, the number stays what it was when the rest began.
    """
    return (one.due_on - timezone.localdate(one.paused_at or at)).days


def rested(one: Counted, until: datetime) -> int:
    """The days that a rest adds which began at `paused_at`: as many as there are midnights in between."""
    if one.paused_at is None:
        return 0
    return max(0, (timezone.localdate(until) - timezone.localdate(one.paused_at)).days)


def next_working_day(day: date) -> date:
    """The day itself, or the next that is no Saturday, Sunday or public holiday."""
    while is_day_off(day):
        day += ONE_DAY
    return day


def is_day_off(day: date) -> bool:
    return day.weekday() >= SATURDAY or day in kinds.late_holidays() or day in _public_holidays(day.year)


@cache
def _public_holidays(year: int) -> frozenset[date]:
    return frozenset(holidays.country_holidays("KR", years=year))
