"""Mailing a visitor the link to a request once more, to the address that was given with it and to no other."""

from __future__ import annotations

from contextlib import suppress

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django_tasks import task

from members.addresses import alias_of
from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import post

from . import links, telling
from .models import MemberRequest


def mail_link(reference: str, email: str) -> None:
    """Have a new link mailed if the reference is a visitor's request and the address is the one given with it.

    Whether it is, the background worker looks up: asking takes the same work in any case, so that nobody learns who
    has asked for what. The task holds no address, only what stands for one.
    """
    with suppress(PortalError):  # what is no address is nobody's
        mail_link_to.enqueue(reference.strip().upper(), alias_of(email))


@task()
@transaction.atomic
def mail_link_to(reference: str, alias: str) -> None:
    found = MemberRequest.objects.select_related("member", "objects_to").filter(
        reference=reference, member__kind=Member.Kind.VISITOR
    )
    member_request = found.first()
    to = telling.address_of(member_request) if member_request else None
    if member_request is None or to is None:
        return
    address, key = to
    if alias_of(address.open_unseen()) != alias:
        return
    with translation.override(member_request.language):
        context = {
            "reference": member_request.reference,
            "link": links.url_of(member_request),
            "company": settings.COMPANY_NAME,
        }
        post(
            to=address.open_unseen(),
            subject=" ".join(render_to_string("requests/email/link_subject.txt", context).split()),
            text=render_to_string("requests/email/link.txt", context).strip(),
            data_key=key,
        )
