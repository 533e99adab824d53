"""Suspending the use of what a consent covers: it stands, but nobody may use it until the suspension is lifted (W1)."""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError

from . import record
from .models import Consent, ConsentEvent, State

Kind = ConsentEvent.Kind


def why_not(consent: Consent) -> PortalError | None:
    """Why the use of this consent cannot be suspended, if so."""
    if consent.state not in (State.GIVEN, State.SUPERSEDED):
        return PortalError("not_given", _("This consent is not given at present."))
    return None


@transaction.atomic
def suspend(consent: Consent, *, actor: Actor, reason: str = "") -> ConsentEvent:
    """Suspend the use of what the consent covers. Suspending twice is one event. Raises `PortalError` `not_given`."""
    consent = record.locked(consent)
    if refusal := why_not(consent):
        raise refusal
    if consent.suspended_since is not None:
        return consent.events.filter(kind=Kind.SUSPENDED).latest("id")
    return _write(consent, Kind.SUSPENDED, actor, reason)


@transaction.atomic
def lift(consent: Consent, *, actor: Actor, reason: str = "") -> ConsentEvent:
    """Lift a suspension: what the consent covers may be used again. Raises `PortalError` `not_suspended`."""
    consent = record.locked(consent)
    if consent.suspended_since is None:
        raise PortalError("not_suspended", _("The use of this consent is not suspended."))
    return _write(consent, Kind.SUSPENSION_LIFTED, actor, reason)


def _write(consent: Consent, kind: ConsentEvent.Kind, actor: Actor, reason: str) -> ConsentEvent:
    return record.add_event(
        consent,
        kind,
        member=consent.member,
        notice=consent.notice,
        items=consent.items,
        language=consent.member.language,
        actor=actor,
        reason=reason,
    )
