"""What nobody consented to, or went on with, in time: the representative's details are destroyed (S10, K1)."""

from __future__ import annotations

from django.db import transaction
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now

from ..models import RepresentativeConsent, RepresentativeEvent
from . import record

ACTOR = Actor.system("destroy_unconfirmed")


@task()
def destroy_unconfirmed() -> None:
    """End what is past its time; run by the schedule. Can be stopped and repeated."""
    over = RepresentativeConsent.objects.filter(expires_at__lte=now())
    for number in over.order_by("expires_at").values_list("pk", flat=True):
        with transaction.atomic():
            consent = record.locked(number)
            if consent.expires_at is not None and consent.expires_at <= now():
                record.add_event(consent, RepresentativeEvent.Kind.LAPSED, actor=ACTOR)
