"""Mailing a visitor the link to a request once more, to the address that was given with it and to no other."""

from __future__ import annotations

import hmac

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation

from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import post
from privacy_portal.policy.values import normal_email

from . import links, telling
from .models import MemberRequest


@transaction.atomic
def mail_link(reference: str, email: str) -> None:
    """Mail a new link if the reference is a visitor's request and the address is the one given with it.

    Says nothing of whether it did, so that nobody learns who has asked for what.
    """
    found = MemberRequest.objects.select_related("member", "objects_to").filter(
        reference=reference.strip().upper(), member__kind=Member.Kind.VISITOR
    )
    member_request = found.first()
    to = telling.address_of(member_request) if member_request else None
    try:
        typed = normal_email(email)
    except PortalError:
        return
    if member_request is None or to is None:
        return
    address, key = to
    if not hmac.compare_digest(address.open_unseen(), typed):
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
