"""Writing an event of a representative's consent and the state that follows from it: the only place that does."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.policy.models import Notice
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey

from ..models import RepresentativeConsent, RepresentativeEvent

State, Kind = RepresentativeConsent.State, RepresentativeEvent.Kind
# What each event leads to.
STATES = {
    Kind.ASKED: State.ASKED,
    Kind.GIVEN: State.GIVEN,
    Kind.REFUSED: State.REFUSED,
    Kind.WITHDRAWN: State.REFUSED,
    Kind.LAPSED: State.LAPSED,
    Kind.REPLACED: State.REPLACED,
    Kind.USED: State.USED,
}
ENDS = {Kind.REFUSED, Kind.WITHDRAWN, Kind.LAPSED, Kind.REPLACED}


def locked(number: UUID) -> RepresentativeConsent:
    """The consent as it is now, locked until the transaction ends."""
    rows = RepresentativeConsent.objects.select_for_update(of=("self",))
    return rows.select_related("data_key", "notice__collection").get(pk=number)


@transaction.atomic
def add_event(
    consent: RepresentativeConsent,
    kind: RepresentativeEvent.Kind,
    *,
    actor: Actor,
    expires_at: datetime | None = None,
    at: datetime | None = None,
    notice: Notice | None = None,
    method: str = "",
    delivery: str = "",
    evidence: Mapping[str, str] | None = None,
) -> RepresentativeEvent:
    """Append an event to a locked or new consent, and bring its columns up to it.

    Whatever ends it destroys the representative's details at once (S10); what is used goes on with the membership.
    """
    is_new, at = consent._state.adding, at or now()
    consent.state, consent.expires_at = STATES[kind], expires_at
    if kind == Kind.GIVEN:
        consent.agreed_at, consent.method, consent.notice = at, method, notice
    save_as(actor, consent, reason=f"representative.{kind}", force_insert=is_new)
    event = RepresentativeEvent(
        consent=consent,
        kind=kind,
        at=at,
        recorded_at=now(),
        notice=notice,
        method=method,
        delivery=delivery,
        actor_kind=actor.kind,
        actor_id=actor.account_id,
        actor_name=actor.name,
        data_key=consent.data_key,
        evidence={name: value for name, value in evidence.items() if value} if evidence else None,
    )
    if consent.data_key.is_destroyed:  # nothing can be sealed any more
        event.evidence = None
    event.save(force_insert=True)
    if kind in ENDS:
        destroy_ground(DataKey.Ground.MEMBERSHIP, consent.pk, because=f"representative.{kind}", actor=actor)
    return event
