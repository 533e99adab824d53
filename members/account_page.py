"""What "My account" shows: each feature of the account brings its own part, in the page's order."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest
from django.template.loader import render_to_string

from privacy_portal.audit.masking import masked

from .models import Account, Member
from .naver.account_page import naver_part
from .payment_methods.account_page import payment_part
from .second_factor.views import second_factor_part
from .sessions.views import sessions_part

Part = Callable[[HttpRequest, Member], str]


def sign_in_part(request: HttpRequest, member: Member) -> str:
    """The address one signs in with, and the password."""
    assert isinstance(member.account, Account)  # noqa: S101 (a member page is of somebody who signed in)
    return render_to_string("members/account/sign_in.html", {"email": masked("email", member.account.email)}, request)


def closing_part(request: HttpRequest, member: Member) -> str:
    """The way out."""
    return render_to_string("members/account/close.html", {}, request)


def representative_part(request: HttpRequest, member: Member) -> str:
    """Of a child: that the representative agreed, when and how. The details are the representative's own."""
    if member.representative is None:
        return ""
    return render_to_string("members/account/representative.html", {"consent": member.representative}, request)


PARTS: tuple[Part, ...] = (
    sign_in_part,
    naver_part,
    second_factor_part,
    sessions_part,
    representative_part,
    payment_part,
    closing_part,
)


def parts_of(request: HttpRequest, member: Member) -> list[str]:
    return [part(request, member) for part in PARTS]
