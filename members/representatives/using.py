"""The consent of a representative is used once: for the membership it was given to."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError

from ..models import RepresentativeConsent, RepresentativeEvent
from . import record, telling

State = RepresentativeConsent.State


def why_not_use(consent: RepresentativeConsent) -> PortalError | None:
    """Why nobody can join on this consent, if so."""
    match consent.standing:
        case State.GIVEN:
            pass
        case State.ASKED:
            return PortalError("not_given_yet", _("The parent or guardian has not consented yet."))
        case State.USED:
            return PortalError("used_already", _("Somebody has joined with this link already. It works once."))
        case State.REFUSED | State.REPLACED:
            return PortalError("refused_already", _("The parent or guardian did not consent."))
        case _:
            return PortalError("lapsed", _("The time to join is over, and the details are destroyed."))
    assert consent.notice is not None  # noqa: S101 (a constraint)
    if consent.notice.version < consent.notice.collection.asked_again_since:
        return PortalError(
            "asked_again", _("What we tell you has changed. Please ask your parent or guardian once more.")
        )
    return None


@transaction.atomic
def use(consent_id: UUID, *, actor: Actor) -> RepresentativeConsent:
    """Use the consent for the membership that is made in this transaction; its number is the membership's.

    Raises `PortalError` as `why_not_use`: of two who join at once with one link the second is refused.
    """
    consent = record.locked(consent_id)
    if refusal := why_not_use(consent):
        raise refusal
    record.add_event(consent, RepresentativeEvent.Kind.USED, actor=actor)
    telling.joined(consent)
    return consent
