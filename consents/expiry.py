"""Consents that end without anybody asking: their period is over, or the notice they rest on was replaced."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction
from django.dispatch import receiver
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.policy.models import Notice
from privacy_portal.policy.publishing import notice_published

from . import record
from .ending import end
from .models import Consent, ConsentEvent, State

BATCH = 200


@transaction.atomic
def expire(consent: Consent, *, at: datetime | None = None) -> ConsentEvent | None:
    """Record that a consent's period is over and destroy its values. None where it has not lapsed by `at`."""
    consent = record.locked(consent)
    at = at or now()
    if consent.state != State.GIVEN or consent.lapses_at is None or consent.lapses_at > at:
        return None
    actor = Actor.system("expire_consents")
    event = record.add_event(
        consent,
        ConsentEvent.Kind.EXPIRED,
        member=consent.member,
        notice=consent.notice,
        items=[],
        language=consent.member.language,
        actor=actor,
        at=consent.lapses_at,
    )
    end(event, actor=actor)
    return event


@transaction.atomic
def supersede(consent: Consent) -> ConsentEvent | None:
    """Record that a consent must be asked again, as its notice was replaced (N2). None where it need not be."""
    consent = record.locked(consent)
    if consent.state != State.GIVEN or consent.notice.version >= consent.collection.asked_again_since:
        return None
    return record.add_event(
        consent,
        ConsentEvent.Kind.SUPERSEDED,
        member=consent.member,
        notice=consent.notice,
        items=consent.items,
        language=consent.member.language,
        actor=Actor.system("supersede_consents"),
    )


@task()
def expire_due() -> None:
    """Expire every consent whose period is over; run by the schedule. Can be stopped and repeated."""
    while batch := list(Consent.objects.filter(state=State.GIVEN, lapses_at__lte=now())[:BATCH]):
        for consent in batch:
            expire(consent)


@task()
def supersede_outdated(collection_code: str) -> None:
    """Mark every consent that rests on a replaced notice. Checks say no from the moment of publication on."""
    outdated = Consent.objects.filter(
        state=State.GIVEN, collection_id=collection_code, notice__version__lt=_asked_again_since(collection_code)
    )
    while batch := list(outdated[:BATCH]):
        for consent in batch:
            supersede(consent)


@receiver(notice_published)
def supersede_after_publication(notice: Notice, **kwargs: object) -> None:
    if notice.asks_again:
        supersede_outdated.enqueue(notice.collection_id)


def _asked_again_since(collection_code: str) -> int:
    return Notice.objects.filter(collection_id=collection_code).values_list("collection__asked_again_since", flat=True)[
        0
    ]
