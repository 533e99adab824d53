"""Refusing a consent that is asked for."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, Notice

from . import asking, record
from .ending import end
from .giving import check_date
from .models import ConsentEvent, State


@transaction.atomic
def refuse(
    member: Member,
    collection: Collection,
    *,
    notice: Notice,
    language: str,
    actor: Actor,
    reason: str = "",
    at: datetime | None = None,
) -> ConsentEvent:
    """Record that the member said no. Refusing twice is one event.

    Saying no when asked again ends the consent that was to be renewed: its values are destroyed (W2).
    Raises `PortalError`: `consent_given` for a consent that stands (that is withdrawn, not refused),
    `notice_unknown` for a notice that was never published for this collection.
    """
    if refusal := asking.why_not_asked(member, collection):
        raise refusal
    if not notice.is_published or notice.collection_id != collection.pk:
        raise PortalError("notice_unknown", _("We do not know the notice you were shown. Please read it again."))
    consent = record.locked_of(member, collection)
    if consent and consent.stands:
        raise PortalError("consent_given", _("This consent is given. Withdraw it if you no longer want it."))
    if consent and consent.state in (State.REFUSED, State.WITHDRAWN):
        return consent.events.latest("id")
    check_date(consent, at)
    event = record.add_event(
        consent,
        ConsentEvent.Kind.REFUSED,
        member=member,
        notice=notice,
        items=[],
        language=language,
        actor=actor,
        reason=reason,
        at=at,
    )
    end(event, actor=actor)
    return event
