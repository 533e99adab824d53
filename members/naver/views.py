from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, Concatenate, ParamSpec

from allauth.account.internal.flows.login import perform_login, record_authentication
from allauth.account.models import Login
from allauth.account.utils import get_next_redirect_url
from allauth.account.views import SignupView
from allauth.core import ratelimit
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import REDIRECT_FIELD_NAME
from django.contrib.auth.decorators import login_required
from django.db import transaction
from django.http import Http404, HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_http_methods, require_POST, require_safe

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.forms import add_refusal

from ..access import asked_again, member_page, was_asked_again
from ..models import Account, Member, PendingNaver
from . import joining, linking, provider, states, waiting
from .answers import refusal
from .confirming import link_proved, ways_to_confirm
from .forms import JoinForm
from .states import Way

P = ParamSpec("P")
WAITING = "naver_waiting"


def where_naver_is(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """A page that is there only where the portal has been registered with NAVER."""

    @wraps(view)
    def page(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not settings.NAVER_CLIENT_ID:
            raise Http404
        return view(request, *args, **kwargs)

    return page


def from_its_page(
    view: Callable[Concatenate[HttpRequest, P], HttpResponseBase],
) -> Callable[Concatenate[HttpRequest, P], HttpResponseBase]:
    """What a button of the page on NAVER does. Who pressed it too late after proving that it is them begins there."""

    @require_POST
    @where_naver_is
    @login_required
    @wraps(view)
    def act(request: HttpRequest, /, *args: P.args, **kwargs: P.kwargs) -> HttpResponseBase:
        if not was_asked_again(request):
            return redirect("members:naver")
        return view(request, *args, **kwargs)

    return act


def to_naver(request: HttpRequest, way: Way) -> HttpResponseBase:
    state = states.begin(request.session, way)
    return redirect(provider.authorise_address(state, again=way.purpose == "confirm"))


# ----------------------------------------------------------------------------- going to NAVER
@require_POST
@where_naver_is
def start(request: HttpRequest) -> HttpResponseBase:
    """To NAVER, to sign in or to join."""
    if request.user.is_authenticated:
        return redirect("members:after_sign_in")
    return to_naver(request, Way("sign_in", next=get_next_redirect_url(request) or ""))


@from_its_page
@member_page
def link(request: HttpRequest, member: Member) -> HttpResponseBase:
    return to_naver(request, Way("link", account=str(member.account_id)))


@require_http_methods(["GET", "POST"])
@where_naver_is
@login_required
def confirm(request: HttpRequest) -> HttpResponseBase:
    """To prove once more that it is oneself, by NAVER instead of a password."""
    assert isinstance(request.user, Account)  # noqa: S101
    wanted = get_next_redirect_url(request) or ""
    if not ways_to_confirm(request.user):
        return redirect("account_reauthenticate")
    if request.method == "POST":
        return to_naver(request, Way("confirm", account=str(request.user.pk), next=wanted))
    return render(request, "members/naver/confirm.html", {"next": wanted})


# ----------------------------------------------------------------------------- coming back
@require_GET
@never_cache
@where_naver_is
def callback(request: HttpRequest) -> HttpResponseBase:
    """Everybody comes back from NAVER here, and is led on at once: the address holds a code."""
    if limited := ratelimit.consume_or_429(request, action="come_from_naver", limit_get=True):
        return limited
    way = None
    try:
        state = request.GET.get("state", "")
        way = states.end(request.session, state)
        if way.account != (str(request.user.pk) if request.user.is_authenticated else ""):
            raise refusal("naver_state", step="callback")  # somebody signed in or out meanwhile
        tokens = provider.tokens_for(provider.code_of(request.GET), state)
        return ENDS[way.purpose](request, way, provider.profile_of(tokens), tokens)
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect(back_from(request, way))


def signed_in_with_naver(
    request: HttpRequest, way: Way, profile: provider.Profile, tokens: provider.Tokens
) -> HttpResponseBase:
    there = linking.link_with(profile.id)
    if there is None:
        request.session.cycle_key()
        request.session[WAITING] = str(waiting.keep(profile, tokens).pk)
        return redirect("members:naver_join")
    account = there.account
    if account.is_staff:
        raise PortalError("naver_only_members", _("Only members can sign in with NAVER."))
    linking.keep_token(there, tokens.refresh)
    record_authentication(request, account, method="naver")
    return perform_login(request, Login(user=account, redirect_url=way.next or None))


def linked(request: HttpRequest, way: Way, profile: provider.Profile, tokens: provider.Tokens) -> HttpResponseBase:
    assert isinstance(request.user, Account)  # noqa: S101 (`callback` compared it with the one who went)
    linking.link(request.user, profile.id, tokens.refresh, actor=actor_of(request))
    messages.success(request, _("NAVER is linked. From now on you can sign in with it, too."))
    return redirect("members:account")


def confirmed(request: HttpRequest, way: Way, profile: provider.Profile, tokens: provider.Tokens) -> HttpResponseBase:
    assert isinstance(request.user, Account)  # noqa: S101 (`callback` compared it with the one who went)
    linking.keep_token(link_proved(request.user, profile.id), tokens.refresh)
    record_authentication(request, request.user, method="naver", reauthenticated=True)
    return redirect(way.next or "members:account")


ENDS: dict[str, Callable[[HttpRequest, Way, provider.Profile, provider.Tokens], HttpResponseBase]] = {
    "sign_in": signed_in_with_naver,
    "link": linked,
    "confirm": confirmed,
}


def back_from(request: HttpRequest, way: Way | None) -> str:
    """Where somebody is led whose way to NAVER came to nothing."""
    if not request.user.is_authenticated:
        wanted = f"?{urlencode({REDIRECT_FIELD_NAME: way.next})}" if way and way.next else ""
        return reverse("account_login") + wanted
    if way and way.purpose == "confirm":
        return f"{reverse('account_reauthenticate')}?{urlencode({REDIRECT_FIELD_NAME: way.next})}"
    return reverse("members:account")


# ----------------------------------------------------------------------------- joining
def waiting_for(request: HttpRequest) -> PendingNaver | None:
    return waiting.find(request.session.get(WAITING))


@method_decorator(where_naver_is, name="dispatch")
class Join(SignupView):  # type: ignore[misc]
    """allauth's sign-up for somebody who came from NAVER; what it passed on waits meanwhile."""

    template_name = "members/naver/join.html"
    form_class = JoinForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if request.user.is_authenticated:
            return redirect("members:naver")
        self.pending = waiting_for(request)
        if self.pending is None:
            messages.error(request, _("We keep nothing from NAVER for you, or no longer. Please begin again here."))
            return redirect("account_login")
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # Nothing of what a child has typed is looked at, and nothing that NAVER passed on is kept.
        if request.POST.get("age") == "under_14":
            forget(request, because="naver.under_14")
            return redirect("members:under_14")
        return super().post(request, *args, **kwargs)

    def get_form_class(self) -> type[JoinForm]:
        return JoinForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "pending": self.pending}

    def get_default_success_url(self) -> str:
        return reverse("consents:welcome")

    def get_initial(self) -> dict[str, Any]:
        return {}  # an address never arrives in the URL

    def form_valid(self, form: JoinForm) -> Any:
        try:
            with transaction.atomic():  # the account and the mail about it come together or not at all
                response = super().form_valid(form)
        except PortalError as error:
            add_refusal(form, error)
            return self.form_invalid(form)
        # Known addresses and new ones get the same answer; of those who were known already nothing is kept either.
        forget(self.request, because="naver.known_address")
        return response

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        notice = context["form"].shown
        return {**context, "notice": notice, "items": list(notice.items.all())}


@require_POST
@where_naver_is
def give_up(request: HttpRequest) -> HttpResponseBase:
    forget(request, because="naver.given_up")
    messages.success(request, _("You did not join. What NAVER passed on is destroyed."))
    return redirect("members:home")


def forget(request: HttpRequest, *, because: str) -> None:
    """Destroy what waits from NAVER, if anything still does."""
    pending = waiting_for(request)
    request.session.pop(WAITING, None)
    if pending is not None:
        waiting.give_up(pending, because=because, actor=actor_of(request))


# ----------------------------------------------------------------------------- my account
@require_safe
@where_naver_is
@asked_again
@member_page
def manage(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Linking and unlinking NAVER."""
    assert isinstance(member.account, Account)  # noqa: S101 (a member page is of somebody who signed in)
    link = linking.link_of(member.account)
    items = member.notice.items.all() if link and member.notice else []
    context = {
        "link": link,
        "items": [item for item in items if link and item.item_id in link.items],
        "why_not_unlink": linking.why_not_unlink(member.account),
        "waiting": waiting_for(request),
    }
    return render(request, "members/naver/manage.html", context)


@from_its_page
@member_page
def link_waiting(request: HttpRequest, member: Member) -> HttpResponseBase:
    """Link the NAVER ID somebody came with before they signed in the way they did before."""
    try:
        joining.link_waiting(request.session.pop(WAITING, None), member, actor=actor_of(request))
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("members:naver")
    messages.success(request, _("NAVER is linked. From now on you can sign in with it, too."))
    return redirect("members:account")


@from_its_page
@member_page
def unlink(request: HttpRequest, member: Member) -> HttpResponseBase:
    assert isinstance(member.account, Account)  # noqa: S101 (a member page is of somebody who signed in)
    try:
        linking.unlink_at_wish(member.account, actor=actor_of(request))
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("members:naver")
    messages.success(request, _("NAVER is unlinked: it no longer signs in to your account. We tell NAVER so, too."))
    return redirect("members:account")
