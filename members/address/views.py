"""The member's page on which a new address is typed, and the page that a mailed link opens."""

from __future__ import annotations

from allauth.account.internal.flows.login import AUTHENTICATION_METHODS_SESSION_KEY
from allauth.core import ratelimit
from django.contrib.auth import update_session_auth_hash
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.cache import add_never_cache_headers
from django.views.decorators.http import require_http_methods

from members import changing_address
from members.access import asked_again, member_page
from members.models import Account, AddressChange, Member
from privacy_portal.audit.masking import masked
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from . import links
from .forms import AddressForm


@require_http_methods(["GET", "HEAD", "POST"])
@asked_again
@member_page
def change(request: HttpRequest, member: Member) -> HttpResponse:
    """Ask for a change of address, see how far it is, and stop it."""
    account = member.account
    assert account is not None  # noqa: S101 (a member page is of somebody who signed in)
    waiting = changing_address.waiting(account)
    if request.method == "POST" and request.POST.get("action") == "stop":
        if waiting is not None:
            _cancel(waiting, request)
        return redirect("members:change_address")
    form = AddressForm(request.POST if request.method == "POST" else None, account=account)
    if request.method == "POST" and form.is_valid():
        if limited := ratelimit.consume_or_429(request, action="change_address"):
            return limited
        changing_address.ask_for(account, form.cleaned_data["email"], actor=actor_of(request))
        return redirect("members:change_address")
    context = {
        "form": form,
        "email": masked("email", account.email),
        "change": waiting,
        "new_email": masked("email", waiting.new_address) if waiting else "",
    }
    return render(request, "members/address/change.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
def link(request: HttpRequest, token: str) -> HttpResponse:
    """What a mailed link opens. Looking at it changes nothing: mail programs do that, too."""
    try:
        change_id, side = links.read(token)
        waiting = AddressChange.objects.filter(pk=change_id).first()
        if waiting is not None and request.method == "POST":
            _answer(request, waiting, side)
            return redirect("members:address_link", token)
    except PortalError:
        waiting = None
    context = {"change": waiting, "side": "", "is_over": True}
    if waiting is not None:
        is_changed = waiting.ending == AddressChange.Ending.CHANGED
        is_over = not is_changed and changing_address.why_not_confirm(waiting) is not None
        context = {
            "change": waiting,
            "side": side,
            "is_over": is_over,
            "is_stopped": waiting.ending == AddressChange.Ending.CANCELLED,
            "is_changed": is_changed,
            "is_confirmed": bool(waiting.confirmed_old_at if side == "old" else waiting.confirmed_new_at),
        }
    response = render(request, "members/address/link.html", context, status=410 if context["is_over"] else 200)
    add_never_cache_headers(response)
    return response


def _answer(request: HttpRequest, waiting: AddressChange, side: links.Side) -> None:
    """Confirm, or stop; whoever does so signed in as the one it is about stays signed in."""
    if side == "old" and request.POST.get("action") == "stop":
        _cancel(waiting, request)
        return
    confirmed = changing_address.confirm(waiting.pk, side, actor=actor_of(request))
    if confirmed.ending == AddressChange.Ending.CHANGED and request.user.pk == confirmed.account_id:
        _stay_signed_in(request, Account.objects.get(pk=confirmed.account_id))


def _stay_signed_in(request: HttpRequest, account: Account) -> None:
    update_session_auth_hash(request, account)
    for record in request.session.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
        record.pop("email", None)  # what stood for the address that was given up


def _cancel(waiting: AddressChange, request: HttpRequest) -> None:
    try:
        changing_address.cancel(waiting.pk, actor=actor_of(request))
    except PortalError:
        return  # it was carried out a moment ago: the page shows it
