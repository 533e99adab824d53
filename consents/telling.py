"""What members are told by e-mail of their consents: answers on advertising (M5), and that one lapses soon (M6)."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django_tasks import task

from members.models import Member
from privacy_portal.clock import now
from privacy_portal.outbox.mail import post
from privacy_portal.policy.models import Collection

from .models import Consent, ConsentEvent, LapseReminder, State

BEFORE_LAPSE = timedelta(days=30)
ANSWERED = {
    ConsentEvent.Kind.GIVEN,
    ConsentEvent.Kind.RENEWED,
    ConsentEvent.Kind.REFUSED,
    ConsentEvent.Kind.WITHDRAWN,
    ConsentEvent.Kind.EXPIRED,
}


def answer(event: ConsentEvent) -> None:
    """Confirm at once what was decided about advertising: who sends, what was decided and when, what follows.

    The law allows fourteen days; the e-mail is posted in the transaction of the decision.
    """
    if event.kind in ANSWERED:
        _mail(event.consent.member, event.notice.collection, "answer", {"event": event})


@task()
def remind_lapsing() -> None:
    """Tell each member once of a consent that lapses within thirty days, and how to keep it; run daily."""
    moment = now()
    lapsing = Consent.objects.filter(
        state=State.GIVEN,
        lapses_at__gt=moment,
        lapses_at__lte=moment + BEFORE_LAPSE,
        member__account__isnull=False,
    )
    for consent_id in lapsing.order_by("lapses_at").values_list("pk", flat=True).iterator():
        _remind(Consent.objects.select_related("notice", "collection", "member").get(pk=consent_id))


@transaction.atomic
def _remind(consent: Consent) -> None:
    if not consent.stands or consent.lapses_at is None:
        return
    _reminder, is_new = LapseReminder.objects.get_or_create(consent=consent, lapses_at=consent.lapses_at)
    if is_new:
        _mail(consent.member, consent.collection, "lapse", {"consent": consent})


def _mail(member: Member, collection: Collection, name: str, context: dict[str, object]) -> None:
    account = member.account
    if account is None or account.email.is_destroyed:
        return  # a visitor has left no address for this
    with translation.override(member.language):
        context |= {
            "collection": collection,
            "company": settings.COMPANY_NAME,
            "link": settings.BASE_URL + reverse("consents:detail", args=[collection.pk]),
        }
        post(
            to=account.email.open_unseen(),
            subject=" ".join(render_to_string(f"consents/email/{name}_subject.txt", context).split()),
            text=render_to_string(f"consents/email/{name}.txt", context).strip(),
            data_key=account.data_key,
        )
