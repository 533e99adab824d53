"""Who may open the member's pages."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Concatenate, ParamSpec

from allauth.account import app_settings
from allauth.account.internal.flows.login import get_authentication_records
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _

from .models import Member

P = ParamSpec("P")
MemberView = Callable[Concatenate[HttpRequest, Member, P], HttpResponseBase]
View = Callable[Concatenate[HttpRequest, P], HttpResponseBase]

# How long a form that was opened with a fresh proof may be filled in, in seconds on top of the proof's own time.
TIME_FOR_A_FORM = 600


def member_page(view: MemberView[P]) -> View[P]:
    """A page of the member who is signed in; staff, who are not members, are led to the admin."""

    @login_required
    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        member = (
            Member.objects.select_related(
                "data_key",
                "ceo_name_key",
                "business_registration_number_key",
                "account__data_key",
                "notice__collection",
                "representative",
            )
            .filter(account=request.user.pk)
            .first()
        )
        if member is None:
            return redirect("admin:index")
        return view(request, member, *args, **kwargs)

    return page


def was_asked_again(request: HttpRequest, *, longer: int = 0) -> bool:
    """Whether the person proved once more, a short while ago, that it is them (`ACCOUNT_REAUTHENTICATION_TIMEOUT`).

    Of staff only the second factor is proof. `longer`: seconds that are given on top.
    """
    proofs = [
        record
        for record in get_authentication_records(request, request.user)
        if record.get("reauthenticated") and (record["method"] == "mfa" or not getattr(request.user, "is_staff", False))
    ]
    return bool(proofs) and time.time() - proofs[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT + longer


def asked_again(view: View[P]) -> View[P]:
    """A page that opens only to those who just proved once more that it is them; others do so first and come back.

    allauth's own decorator lets an account without password pass, and keeps what was posted in the session, in clear.
    """

    @login_required
    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if was_asked_again(request):
            return view(request, *args, **kwargs)
        return redirect(f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: request.path})}")

    return page


def asked_for_second_factor(request: HttpRequest, *, back: str = "") -> HttpResponseBase | None:
    """Where staff go first, to show their second factor again, before something is destroyed or exported (A9).

    None where they just did. They come back to `back`, or to where they were going: what they send there is not
    carried over, so a form is asked for when it opens, and has a while to be filled in.
    """
    is_sent = request.method == "POST"
    if was_asked_again(request, longer=TIME_FOR_A_FORM if is_sent else 0):
        return None
    if is_sent:
        said = _("Please show your second factor again first. Nothing was done yet: do it once more afterwards.")
        messages.info(request, said)
    query = urlencode({REDIRECT_FIELD_NAME: back or request.get_full_path()})
    return redirect(f"{reverse('account_reauthenticate')}?{query}")
