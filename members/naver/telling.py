"""Telling a member by e-mail that the ways to sign in to the account have changed."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from privacy_portal.outbox.mail import post

from ..models import Account


def linked(account: Account) -> None:
    _tell(account, "linked")


def unlinked(account: Account) -> None:
    _tell(account, "unlinked")


def _tell(account: Account, what: str) -> None:
    context = {"company": settings.COMPANY_NAME, "portal": settings.BASE_URL}
    with translation.override(account.language):
        post(
            to=account.email.open_unseen(),
            subject=" ".join(render_to_string(f"members/naver/email/{what}_subject.txt", context).split()),
            text=render_to_string(f"members/naver/email/{what}.txt", context).strip(),
            data_key=account.data_key,
        )
