"""Ending sessions at once: whoever was in one is signed out at their next step."""

from __future__ import annotations

from uuid import UUID

from django.contrib.sessions.models import Session

from ..models import Account
from ..models.sign_in_session import SignInSession


def end(account: Account, session_id: UUID) -> bool:
    """Sign out one session of the account; says whether there was one."""
    rows = SignInSession.objects.filter(account=account, pk=session_id)
    return _end(rows.values_list("session_id", flat=True)) > 0


def end_others(account: Account, *, but: str | None) -> int:
    """Sign the account out everywhere but in the session of row `but`; returns how many sessions there were."""
    rows = SignInSession.objects.filter(account=account).exclude(session_id=but or "")
    return _end(rows.values_list("session_id", flat=True))


def end_all(account: Account) -> int:
    return end_others(account, but=None)


def _end(rows: object) -> int:
    sessions = Session.objects.filter(pk__in=list(rows))  # type: ignore[call-overload]
    number = sessions.count()
    sessions.delete()
    return number
