"""The pages of joining under 14: the child's, the representative's, and again the child's."""

from __future__ import annotations

from typing import Any

from allauth.core import ratelimit
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Notice
from privacy_portal.vault.blind_index import blind_index

from ..models import RepresentativeConsent
from ..views import SignUp
from . import asking, deciding, links, periods, using
from .forms import AskForm, ChildSignUpForm, DecideForm

State = RepresentativeConsent.State
# In the session: in which way this browser asked last, and the number of what is asked on paper.
WAY, NUMBER = "representative_way", "representative_number"
GONE = {State.LAPSED, State.REPLACED}


@require_http_methods(["GET", "HEAD", "POST"])
def start(request: HttpRequest) -> HttpResponse:
    """For a child: who must agree first, and whom to ask."""
    form = AskForm(request.POST or None)
    if request.method == "POST":
        if limited := ratelimit.consume_or_429(request, action="ask_representative"):
            return limited
        if form.is_valid():
            _ask(request, form)
            return redirect("members:representative_asked")
    context = {"form": form, "company": settings.COMPANY_NAME, "days": periods.days("unconfirmed_days").days}
    return _not_kept(render(request, "members/representatives/start.html", context))


def _ask(request: HttpRequest, form: AskForm) -> None:
    """Ask, unless this address was asked too often today: the answer is the same, and nobody's mailbox is filled."""
    details, number = form.cleaned_data["details"], None
    email = details.get("representative_email")
    if email is None or ratelimit.consume(request, action="mail_representative", key=blind_index("email", email).hex()):
        language = request.LANGUAGE_CODE[:2]
        number = asking.ask(details, submission=form.cleaned_data["submission"], language=language).pk
    request.session[WAY] = form.cleaned_data["way"]
    request.session[NUMBER] = str(number) if email is None else None


@require_safe
def asked(request: HttpRequest) -> HttpResponse:
    """For a child: what happens next."""
    if WAY not in request.session:
        return redirect("members:under_14")
    context = {"way": request.session[WAY], "days": periods.days("unconfirmed_days").days}
    return _not_kept(render(request, "members/representatives/asked.html", context))


@require_safe
def paper(request: HttpRequest) -> HttpResponse:
    """The form to print and sign, for the browser in which it was asked for."""
    number = request.session.get(NUMBER)
    if number is None:
        return redirect("members:under_14")
    consent = RepresentativeConsent.objects.select_related("data_key", "notice__collection").get(pk=number)
    if using.why_not_use(consent) is None:  # the desk has recorded the signature
        return redirect("members:representative_join", links.token_of(consent, links.Purpose.JOIN))
    if consent.standing != State.ASKED:
        return _standing(request, consent)
    context = {
        **_told(deciding.the_notice()),
        "consent": consent,
        "post_address": settings.COMPANY_POST_ADDRESS,
        "fax": settings.COMPANY_FAX,
    }
    return _not_kept(render(request, "members/representatives/paper.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
def decide(request: HttpRequest, token: str) -> HttpResponse:
    """For the representative: what is asked, yes or no. Opening the link changes nothing, as mail scanners do it."""
    try:
        consent = links.read(token, links.Purpose.DECIDE)
    except PortalError as error:
        return _invalid(request, error)
    form, above = DecideForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        try:
            _decide(request, consent, form)
            return redirect("members:representative_decide", token)
        except PortalError as error:
            above = error if error.code == "notice_replaced" else None
            consent.refresh_from_db()
    if consent.standing != State.ASKED:
        return _standing(request, consent)
    context = {**_told(deciding.the_notice()), "consent": consent, "above": above}
    return _not_kept(render(request, "members/representatives/decide.html", context))


def _decide(request: HttpRequest, consent: RepresentativeConsent, form: DecideForm) -> None:
    if form.cleaned_data["decision"] == "refuse":
        deciding.refuse(consent.pk, actor=actor_of(request))
        return
    deciding.agree_by_email(consent.pk, shown=form.cleaned_data["notice"], actor=actor_of(request))


class Join(SignUp):
    """For whoever holds the link that came with the consent: the child's membership, once."""

    template_name = "members/representatives/join.html"

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            self.consent = links.read(kwargs["token"], links.Purpose.JOIN)
        except PortalError as error:
            return _invalid(request, error)
        if refusal := using.why_not_use(self.consent):
            return _standing(request, self.consent, refusal)
        if request.user.is_authenticated:
            return _not_kept(render(request, "members/representatives/signed_in.html"))
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().post(request, *args, **kwargs)
        except PortalError as error:  # somebody used the link meanwhile, or its time is over
            self.consent.refresh_from_db()
            return _standing(request, self.consent, error)

    def get_form_class(self) -> type[ChildSignUpForm]:
        return ChildSignUpForm

    def get_form_kwargs(self) -> dict[str, Any]:
        named = super().get_form_kwargs()
        del named["kind"]
        return {**named, "consent": self.consent}

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        return {**context, "consent": self.consent, "company": settings.COMPANY_NAME}


def _told(notice: Notice) -> dict[str, Any]:
    items = list(notice.items.select_related("item"))
    return {"notice": notice, "items": items, "company": settings.COMPANY_NAME}


def _standing(request: HttpRequest, consent: RepresentativeConsent, refusal: PortalError | None = None) -> HttpResponse:
    """What has become of it, for whoever comes by an old link, a used one, or after deciding."""
    state = consent.standing
    context = {
        "consent": consent,
        "state": state,
        "refusal": refusal,
        "may_go_on": using.why_not_use(consent) is None,
        "join": links.token_of(consent, links.Purpose.JOIN),
        "decide": links.token_of(consent, links.Purpose.DECIDE),
    }
    status = 410 if state in GONE else 200
    return _not_kept(render(request, "members/representatives/standing.html", context, status=status))


def _invalid(request: HttpRequest, error: PortalError) -> HttpResponse:
    return _not_kept(render(request, "members/representatives/invalid.html", {"error": error}, status=404))


def _not_kept(response: HttpResponse) -> HttpResponse:
    """What is typed and decided here stays in no cache, the browser's own included."""
    response["Cache-Control"] = "no-store, private"
    return response
