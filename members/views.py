from __future__ import annotations

from typing import Any

from allauth.account.views import ConfirmEmailView, SignupView
from django.contrib import messages
from django.contrib.auth import logout
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe
from django.views.i18n import set_language

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item, Notice

from . import changing, closing
from .access import asked_again, member_page
from .account_page import parts_of
from .forms import KINDS, SignUpForm
from .language import choose_language
from .models import OPTIONAL_ITEMS, Member


@require_safe
def home(request: HttpRequest) -> HttpResponse:
    """The front page; those who are signed in go on to their own."""
    if request.user.is_authenticated:
        return redirect(after_sign_in_url(request))
    return render(request, "members/home.html")


@require_safe
def after_sign_in(request: HttpRequest) -> HttpResponse:
    return redirect(after_sign_in_url(request))


def after_sign_in_url(request: HttpRequest) -> str:
    if getattr(request.user, "is_staff", False):
        return reverse("admin:index")
    return reverse("consents:overview")


@require_POST
def change_language(request: HttpRequest) -> HttpResponse:
    """Switch the language of the pages; of whoever is signed in it is remembered, for e-mails too."""
    if request.user.is_authenticated:
        choose_language(request.user, request.POST.get("language", ""), actor=actor_of(request))
    return set_language(request)


@require_safe
@member_page
def account(request: HttpRequest, member: Member) -> HttpResponse:
    return render(request, "members/account.html", {"parts": parts_of(request, member)})


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def take_back(request: HttpRequest, member: Member, item: str) -> HttpResponse:
    """What happens when an optional value of the membership is taken back, and the button that does it."""
    if item not in OPTIONAL_ITEMS.get(member.kind, ()):
        raise Http404
    refusal = changing.why_not_take_back(member, item)
    if request.method == "POST":
        try:
            changing.take_back(member, item, reason="taken back", actor=actor_of(request))
            messages.success(request, _("You took it back. The value is destroyed, in its history too."))
        except PortalError as error:
            messages.error(request, error.sentence)
        return redirect("consents:data")
    context = {"item": get_object_or_404(Item, pk=item), "refusal": refusal}
    return render(request, "members/take_back.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@asked_again
@member_page
def close_membership(request: HttpRequest, member: Member) -> HttpResponse:
    """What closing destroys and what law keeps, and the button that does it; whoever left is told on the front page."""
    if request.method == "POST":
        closing.close(member, actor=actor_of(request))
        logout(request)
        return redirect("members:closed")
    return render(request, "members/closing/close.html", {"plan": closing.plan(member)})


@require_safe
def closed(request: HttpRequest) -> HttpResponse:
    """Goodbye: what was done, and that joining again is possible."""
    if request.user.is_authenticated:
        return redirect(after_sign_in_url(request))
    return render(request, "members/closing/closed.html")


@require_safe
def choose_kind(request: HttpRequest) -> HttpResponse:
    if request.user.is_authenticated:
        return redirect(after_sign_in_url(request))
    return render(request, "members/choose_kind.html")


class SignUp(SignupView):  # type: ignore[misc]
    """allauth's sign-up, with the form of one kind of member."""

    template_name = "members/sign_up.html"
    form_class = SignUpForm

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        if kwargs["kind"] not in KINDS:
            raise Http404
        return super().dispatch(request, *args, **kwargs)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        # Nothing of what a child has typed is looked at or kept.
        if request.POST.get("age") == "under_14":
            messages.info(request, _("We kept nothing of what you typed."))
            return redirect("members:under_14")
        return super().post(request, *args, **kwargs)

    @transaction.atomic
    def form_valid(self, form: SignUpForm) -> Any:
        """The account and the mail about it come together or not at all."""
        return super().form_valid(form)

    def get_form_class(self) -> type[SignUpForm]:
        return SignUpForm

    def get_form_kwargs(self) -> dict[str, Any]:
        return {**super().get_form_kwargs(), "kind": KINDS[self.kwargs["kind"]]}

    def get_default_success_url(self) -> str:
        return reverse("consents:welcome")

    def get_initial(self) -> dict[str, Any]:
        return {}  # an address never arrives in the URL

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        notice: Notice = context["form"].shown
        return {**context, "kind": self.kwargs["kind"], "notice": notice, "items": list(notice.items.all())}


class ConfirmEmail(ConfirmEmailView):  # type: ignore[misc]
    """allauth's confirmation of an address; a link that is used up says so, however it is followed."""

    def post(self, *args: Any, **kwargs: Any) -> Any:
        try:
            return super().post(*args, **kwargs)
        except Http404:
            self.object = None
            return self.render_to_response(self.get_context_data())
