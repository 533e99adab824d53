"""A consent's standing, derived from its events and nothing else (R9)."""

from __future__ import annotations

import calendar
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from uuid import UUID

from django.utils import timezone

from .models import Consent, ConsentEvent, State

Kind = ConsentEvent.Kind


@dataclass(frozen=True)
class Standing:
    """What the columns of a consent must say."""

    state: State
    notice_id: UUID
    items: tuple[str, ...]
    since: datetime
    lapses_at: datetime | None
    suspended_since: datetime | None = None


def after(standing: Standing | None, event: ConsentEvent) -> Standing:
    """The standing once `event` has happened."""
    items = tuple(sorted(event.items))
    match Kind(event.kind):
        case Kind.GIVEN | Kind.RENEWED:
            lapses_at = lapse(event.at, event.notice.valid_months)
            suspended = standing.suspended_since if standing is not None else None
            return Standing(State.GIVEN, event.notice_id, items, event.at, lapses_at, suspended)
        case Kind.ITEM_AGREED | Kind.ITEM_TAKEN_BACK if standing is not None:
            return replace(standing, items=items)
        case Kind.SUPERSEDED if standing is not None:
            return replace(standing, state=State.SUPERSEDED, since=event.at)
        case Kind.SUSPENDED if standing is not None:
            return replace(standing, suspended_since=event.at)
        case Kind.SUSPENSION_LIFTED if standing is not None:
            return replace(standing, suspended_since=None)
        case Kind.REFUSED | Kind.WITHDRAWN | Kind.EXPIRED:
            return Standing(State(event.kind), event.notice_id, (), event.at, None)
    raise ValueError(f"A consent cannot begin with {event.kind}.")


def standing_from(events: Iterable[ConsentEvent]) -> Standing | None:
    """The standing that a whole record, oldest first, comes to."""
    standing: Standing | None = None
    for event in events:
        standing = after(standing, event)
    return standing


def standing_of(consent: Consent) -> Standing:
    """What the columns of `consent` say."""
    return Standing(
        State(consent.state),
        consent.notice_id,
        tuple(sorted(consent.items)),
        consent.since,
        consent.lapses_at,
        consent.suspended_since,
    )


def lapse(given: datetime, months: int | None) -> datetime | None:
    """When a consent given then lapses: so many months later, on the same day in Asia/Seoul or the month's last."""
    if months is None:
        return None
    local = timezone.localtime(given)
    year, month = divmod(local.year * 12 + local.month - 1 + months, 12)
    day = min(local.day, calendar.monthrange(year, month + 1)[1])
    return local.replace(year=year, month=month + 1, day=day)
