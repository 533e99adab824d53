"""Withdrawing a consent: it ends now, and every value collected under it is destroyed (W1, W2)."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError

from . import record
from .ending import end
from .giving import check_date
from .models import Consent, ConsentEvent, State


def why_not(consent: Consent) -> PortalError | None:
    """Why this consent cannot be withdrawn, if so."""
    if consent.state not in (State.GIVEN, State.SUPERSEDED, State.WITHDRAWN):
        return PortalError("not_given", _("This consent is not given, so there is nothing to withdraw."))
    return None


@transaction.atomic
def withdraw(
    consent: Consent, *, language: str, actor: Actor, reason: str = "", at: datetime | None = None
) -> ConsentEvent:
    """Withdraw a consent and destroy every value given with it, in one transaction.

    Safe to repeat: a consent that is withdrawn already stays as it is, and the event of then is returned.
    Raises `PortalError` `not_given` for one that was never given, or has been refused or expired.
    """
    consent = record.locked(consent)
    if refusal := why_not(consent):
        raise refusal
    if consent.state == State.WITHDRAWN:
        return consent.events.filter(kind=ConsentEvent.Kind.WITHDRAWN).latest("id")
    check_date(consent, at)
    event = record.add_event(
        consent,
        ConsentEvent.Kind.WITHDRAWN,
        member=consent.member,
        notice=consent.notice,
        items=[],
        language=language,
        actor=actor,
        reason=reason,
        at=at,
    )
    end(event, actor=actor)
    return event
