"""The data key of each month of the access log: evidence is sealed under it, and its rows go with it (A5)."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import QuerySet, Subquery
from django.utils import timezone

from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .ledger.months import month_of, number_of

Ground = DataKey.Ground.ACCESS_LOG
# What it takes to seal.
PARTS = ("id", "key_encryption_key", "wrapped_key")


def month_at(moment: datetime) -> date:
    """The month that it is in Asia/Seoul."""
    return month_of(timezone.localdate(moment))


def keys_of(month: date) -> QuerySet[DataKey]:
    """The key of a month, if there is one yet."""
    return DataKey.objects.filter(ground=Ground, ground_id=number_of(month))


def key_for(moment: datetime) -> DataKey:
    """The key of the month in which something is written; made now where it is the first."""
    month = month_at(moment)
    return keys_of(month).first() or make_key(month, moment)


def beside(rows: QuerySet[Any], moment: datetime) -> QuerySet[Any]:
    """The same rows, each with what `key_beside` needs, so that both are one query."""
    key = keys_of(month_at(moment))
    return rows.annotate(**{f"month_{part}": Subquery(key.values(part)) for part in PARTS})


def key_beside(row: Any, moment: datetime) -> DataKey:
    """The key that was found with a row."""
    month = month_at(moment)
    if row.month_id is None:
        return make_key(month, moment)
    return DataKey(ground=Ground, ground_id=number_of(month), **{part: getattr(row, f"month_{part}") for part in PARTS})


def make_key(month: date, moment: datetime) -> DataKey:
    """Make a month's key. Of two writers at once, the second waits for the first and takes the same."""
    try:
        with transaction.atomic():
            return make_data_key(Ground, number_of(month), subject_id=None, items=["ip_address"], at=moment)
    except IntegrityError:
        return keys_of(month).get()
