"""Telling the member of each step by e-mail: in their language, in the transaction of the step, naming nothing
personal beyond the reference. What was written is read on the page."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from consents.models import ConsentValue
from privacy_portal.outbox.mail import post
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.models import DataKey

from . import links
from .models import MemberRequest, RequestEvent

Kind = RequestEvent.Kind
# Steps the member did not make, and needs to know of; and the two of their own that are confirmed.
TOLD = {
    Kind.RECEIVED,
    Kind.TAKEN,
    Kind.ASKED,
    Kind.ANSWERED,
    Kind.EXTENDED,
    Kind.APPROVED,
    Kind.PARTLY_APPROVED,
    Kind.REFUSED,
    Kind.REOPENED,
    Kind.FINISHED,
    Kind.CANCELLED,
}


def tell(event: RequestEvent) -> None:
    """Post the e-mail about a step, if it is one of those that are told."""
    member_request = event.member_request
    is_message = event.kind == Kind.MESSAGE_WRITTEN and event.actor_kind == "staff"
    is_first_review = event.kind == Kind.ASSIGNED and event.details.get("begins")
    if not (event.kind in TOLD or is_message or is_first_review):
        return
    to = address_of(member_request)
    if to is None:
        return
    address, key = to
    with translation.override(member_request.language):
        context = {
            "event": event,
            "kind": member_request.the_kind,
            "reference": member_request.reference,
            "company": settings.COMPANY_NAME,
            "link": links.url_of(member_request),
            "due_on": member_request.due_on,
            "days_left": member_request.days_left(event.at),
            "received_on": timezone.localdate(member_request.received_at),
        }
        post(
            to=address.open_unseen(),
            subject=" ".join(render_to_string("requests/email/step_subject.txt", context).split()),
            text=render_to_string("requests/email/step.txt", context).strip(),
            data_key=key,
        )


def address_of(member_request: MemberRequest) -> tuple[SealedValue, DataKey] | None:
    """The address to write to, with the key it is sealed under: the account's, or what a visitor gave."""
    account = member_request.member.account
    if account is not None:
        return None if account.email.is_destroyed else (account.email, account.data_key)
    values = ConsentValue.objects.filter(
        consent=member_request.consent_id or _objected_consent(member_request),
        item="email",
        data_key__wrapped_key__isnull=False,
    )
    value = values.select_related("data_key").first()
    return None if value is None else (value.value, value.data_key)


def _objected_consent(member_request: MemberRequest) -> UUID | None:
    """An objection gives no consent of its own; the one of what it objects to holds the address."""
    return member_request.objects_to.consent_id if member_request.objects_to else None
