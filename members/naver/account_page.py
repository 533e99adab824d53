"""What "My account" says of NAVER."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.template.loader import render_to_string

from ..models import Account, Member
from . import linking


def naver_part(request: HttpRequest, member: Member) -> str:
    """Whether a NAVER ID signs in to the account; nothing where the portal does not offer it."""
    if not settings.NAVER_CLIENT_ID:
        return ""
    assert isinstance(member.account, Account)  # noqa: S101 (a member page is of somebody who signed in)
    link = linking.link_of(member.account)
    return render_to_string("members/naver/_account_part.html", {"link": link}, request)
