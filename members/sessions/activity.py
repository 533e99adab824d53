"""What is known of a session while it lasts: since when, how lately it was used, and when it is over (A9).

By the machine's own time, as Django's and allauth's part of a session: nobody sits at a keyboard in pretended days.
"""

from __future__ import annotations

import time
from collections.abc import MutableMapping
from datetime import UTC, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils import timezone

from privacy_portal.actors import Actor

from ..models import Account
from ..models.sign_in_session import SignInSession

SINCE, ACTIVE, ROW = "signed_in_at", "last_active_at", "session_row"
# Activity is written down once a minute, so that not every page writes the session.
LONGEST_STEP = 60

State = MutableMapping[str, Any]


def longest_idle(account: Account) -> int:
    """Seconds without activity after which a session ends."""
    minutes: float = settings.IDLE_MINUTES_STAFF if account.is_staff else settings.IDLE_MINUTES_MEMBERS
    return round(minutes * 60)


def seconds_left(account: Account, state: State) -> int:
    """How long the session lasts if nothing happens; of a new one all of it."""
    idle = time.time() - state[ACTIVE] if ACTIVE in state else 0
    return round(longest_idle(account) - idle)


def is_over(account: Account, state: State) -> bool:
    return seconds_left(account, state) <= 0


def is_worth_noting(account: Account, state: State, row: str | None) -> bool:
    """Whether activity is to be written down: a while has gone by, or the session has a new key."""
    step = min(LONGEST_STEP, longest_idle(account) / 10)
    return row is None or state.get(ROW) != row or time.time() - state.get(ACTIVE, 0) >= step


def note(account: Account, state: State, row: str, *, actor: Actor) -> None:
    """Write down that the session of `row` is in use."""
    seconds = time.time()
    moment = datetime.fromtimestamp(seconds, UTC)
    state[ACTIVE], state[ROW] = seconds, row
    since = datetime.fromtimestamp(state.setdefault(SINCE, seconds), UTC)
    if SignInSession.objects.filter(session_id=row).update(last_active_at=moment):
        return
    session = SignInSession(
        session_id=row,
        account=account,
        data_key=account.data_key,
        address=actor.address,
        browser=actor.browser,
        signed_in_at=since,
        last_active_at=moment,
    )
    try:
        with transaction.atomic():
            session.save(force_insert=True)
    except IntegrityError:
        return  # ended, or noted, by another request in the meantime


def sessions_of(account: Account) -> QuerySet[SignInSession]:
    """Those that last, the latest in use first."""
    sessions = SignInSession.objects.filter(account=account, session__expire_date__gt=timezone.now())
    return sessions.select_related("data_key").order_by("-last_active_at", "-id")
