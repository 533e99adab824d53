"""Months of the access log, each by its first day."""

from __future__ import annotations

from datetime import date, timedelta
from uuid import UUID, uuid5

NAMESPACE = UUID("5b1c3c5e-6f0e-4c0d-9a53-0d8a5a3f7c11")


def month_of(day: date) -> date:
    return day.replace(day=1)


def month_after(month: date) -> date:
    return month_of(month + timedelta(days=31))


def month_before(month: date) -> date:
    return month_of(month - timedelta(days=1))


def number_of(month: date) -> UUID:
    """The number of the ground that a month of the log is: the same wherever it is asked for."""
    return uuid5(NAMESPACE, f"{month:%Y-%m}")
