"""Ends sessions that were idle too long (A9), and tells whoever comes back late, without losing what they typed."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME, logout
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import ngettext

from privacy_portal.doors import actor_of
from privacy_portal.sealed_sessions import row_of

from . import activity

# Sent by what a page asks for by itself: nobody did anything.
BACKGROUND_HEADER = "X-Background"
# Never shown again, nor anything else that may have been typed into such a field.
NOT_KEPT = re.compile(r"pass|card|account|code|secret|credential|csrf|file|number", re.IGNORECASE)


def idle_end(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    def middleware(request: HttpRequest) -> HttpResponse:
        if request.user.is_authenticated and activity.is_over(request.user, request.session):
            minutes = activity.longest_idle(request.user) // 60
            logout(request)
            if not request.path.startswith(reverse("members:session_state")):
                return _signed_out(request, minutes)
        response = get_response(request)
        if request.user.is_authenticated and BACKGROUND_HEADER not in request.headers:
            _note(request)
        return response

    return middleware


def _note(request: HttpRequest) -> None:
    account: Any = request.user
    key = request.session.session_key
    if not activity.is_worth_noting(account, request.session, row_of(key) if key else None):
        return
    if key is None or not request.session.exists(key):
        return  # begun or ended by this very request: what begins is noted at the next one
    activity.note(account, request.session, row_of(key), actor=actor_of(request))


def _signed_out(request: HttpRequest, minutes: int) -> HttpResponse:
    if "HX-Request" in request.headers:
        return HttpResponse(status=401)
    said = ngettext(
        "You were signed out after %(minutes)s minute without activity.",
        "You were signed out after %(minutes)s minutes without activity.",
        minutes,
    ) % {"minutes": minutes}
    if request.method not in ("GET", "HEAD"):
        kept = [(name, value) for name, values in request.POST.lists() if not NOT_KEPT.search(name) for value in values]
        lost = bool(request.FILES) or any(NOT_KEPT.search(name) for name in request.POST if "csrf" not in name)
        context = {"said": said, "kept": kept, "lost": lost}
        page = render(request, "members/sessions/signed_out.html", context, status=401)
        page["Cache-Control"] = "no-store, private"
        return page
    messages.info(request, said)
    return redirect(f"{reverse('account_login')}?{urlencode({REDIRECT_FIELD_NAME: request.get_full_path()})}")
