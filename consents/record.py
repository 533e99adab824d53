"""Writing one event and the standing that follows from it: the only place that does."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from datetime import datetime

from django.db import transaction

from members import locking
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.policy.models import Collection, Notice
from privacy_portal.rights import demand
from privacy_portal.vault.destruction import note_end
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import derivation, endings, telling
from .models import Consent, ConsentEvent


def locked(consent: Consent | uuid.UUID) -> Consent:
    """The consent as it is now, locked until the transaction ends. Locks one row only."""
    consent_id = consent.pk if isinstance(consent, Consent) else consent
    rows = Consent.objects.select_for_update(of=("self",))
    return rows.select_related("collection", "notice", "member", "evidence_key").get(pk=consent_id)


def locked_of(member: Member, collection: Collection) -> Consent | None:
    """The member's consent to a collection, locked; None if there was never one.

    The member's row is locked too, so that of two first answers at once the second finds the first. Raises
    `PortalError` `membership_closed`.
    """
    locking.locked(member)
    found = Consent.objects.filter(member=member, collection=collection).values_list("pk", flat=True).first()
    return locked(found) if found else None


@transaction.atomic
def add_event(
    consent: Consent | None,
    kind: ConsentEvent.Kind,
    *,
    member: Member,
    notice: Notice,
    items: Iterable[str],
    language: str,
    actor: Actor,
    reason: str = "",
    at: datetime | None = None,
) -> ConsentEvent:
    """Append an event to a consent (a new one if None) and bring the consent's columns up to it."""
    if actor.kind == "staff":
        demand(actor, "consents.record_consent")
    consent_id = consent.pk if consent else uuid.uuid4()
    # A consent given again long after it ended may find its evidence destroyed: new evidence has a key of its own.
    evidence_key = (
        consent.evidence_key
        if consent and not consent.evidence_key.is_destroyed
        else make_data_key(DataKey.Ground.EVIDENCE, consent_id, subject_id=member.pk, items=["ip_address"])
    )
    evidence = {"address": actor.address, "browser": actor.browser, "reason": reason}
    event = ConsentEvent(
        consent_id=consent_id,
        kind=kind,
        at=at or now(),
        notice=notice,
        items=sorted(items),
        method_id=actor.method,
        language=language,
        actor_kind=actor.kind,
        actor_id=actor.account_id,
        actor_name=actor.name,
        evidence_key=evidence_key,
        evidence={name: value for name, value in evidence.items() if value} or None,
    )
    standing = derivation.after(derivation.standing_of(consent) if consent else None, event)
    is_new = consent is None
    if consent is None:
        consent = Consent(id=consent_id, member=member, collection=notice.collection, evidence_key=evidence_key)
    items_before, consent.evidence_key = consent.items, evidence_key
    consent.state, consent.notice_id = standing.state, standing.notice_id
    consent.items, consent.since, consent.lapses_at = list(standing.items), standing.since, standing.lapses_at
    consent.suspended_since = standing.suspended_since
    save_as(actor, consent, reason=f"consent.{kind}", force_insert=is_new)
    event.save(force_insert=True)
    if ending := endings.ending_of(event, items_before):
        note_end(ending)
    if notice.collection.is_advertising:
        telling.answer(event)
    return event
