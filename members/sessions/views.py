from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.middleware.csrf import get_token
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_POST, require_safe

from privacy_portal.audit.masking import masked
from privacy_portal.sealed_sessions import row_of

from ..models import Account, Member
from . import activity, ending
from .browsers import in_words


def own_row(request: HttpRequest) -> str:
    """The row of the session that asks."""
    return row_of(str(request.session.session_key))


def who(request: HttpRequest) -> str:
    """Stands for the account on its pages, so that one left open notices that somebody else has signed in."""
    return salted_hmac("members.sessions.who", str(request.user.pk)).hexdigest()[:16]


def listed(request: HttpRequest) -> list[dict[str, Any]]:
    """The account's sessions in words; the place by its masked address."""
    own = own_row(request)
    return [
        {
            "id": session.pk,
            "browser": in_words("" if session.browser.is_destroyed else session.browser.open()),
            "place": masked("ip_address", session.address),
            "signed_in_at": session.signed_in_at,
            "last_active_at": session.last_active_at,
            "is_this": session.session_id == own,
        }
        for session in activity.sessions_of(_account(request))
    ]


def _account(request: HttpRequest) -> Account:
    assert isinstance(request.user, Account)  # noqa: S101 (of pages for those who are signed in)
    return request.user


def sessions_part(request: HttpRequest, member: Member) -> str:
    """Where the member is signed in."""
    return render_to_string("members/sessions/part.html", {"sessions": listed(request)}, request)


@require_safe
@login_required
def sessions(request: HttpRequest) -> HttpResponse:
    """The same list on a page of its own, for staff."""
    return render(request, "members/sessions/list.html", {"sessions": listed(request)})


@require_POST
@login_required
def end_session(request: HttpRequest, session: UUID) -> HttpResponse:
    if ending.end(_account(request), session):
        messages.success(request, _("That session is signed out."))
    return redirect("members:sessions")


@require_POST
@login_required
def end_other_sessions(request: HttpRequest) -> HttpResponse:
    ending.end_others(_account(request), but=own_row(request))
    messages.success(request, _("You are signed out everywhere but here."))
    return redirect("members:sessions")


@require_safe
@never_cache
def session_state(request: HttpRequest) -> JsonResponse:
    """How long the session lasts, for the page that watches it; and a token that its forms may be sent with."""
    if not request.user.is_authenticated:
        return JsonResponse({"signed_in": False})
    left = activity.seconds_left(_account(request), request.session)
    return JsonResponse({"signed_in": True, "who": who(request), "left": left, "token": get_token(request)})


@require_POST
@never_cache
def keep_session(request: HttpRequest) -> JsonResponse:
    """Somebody is there: being asked for is activity, which is noted on the way out."""
    if not request.user.is_authenticated:
        return JsonResponse({"signed_in": False})
    return JsonResponse({"signed_in": True, "who": who(request), "left": activity.longest_idle(_account(request))})


@require_safe
@login_required
def signed_in_again(request: HttpRequest) -> HttpResponse:
    """Where the second tab ends up, when somebody signs in again to go on in the first."""
    return render(request, "members/sessions/signed_in_again.html")
