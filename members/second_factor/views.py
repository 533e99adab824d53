"""allauth's pages of the second factor; each change is noted in the account's history and told on the next page."""

from __future__ import annotations

from typing import Any

from allauth.account.decorators import reauthentication_required
from allauth.mfa.base.views import IndexView
from allauth.mfa.internal.flows.add import redirect_if_add_not_allowed
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.views import GenerateRecoveryCodesView
from allauth.mfa.totp.views import ActivateTOTPView, DeactivateTOTPView
from allauth.mfa.webauthn.views import AddWebAuthnView, EditWebAuthnView, RemoveWebAuthnView
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.utils.decorators import method_decorator
from django.utils.translation import gettext_lazy as _
from django.views.generic.edit import FormView

from privacy_portal.doors import actor_of

from ..models import Member
from .doors import note_passed, passed_second_factor, takes_passkeys
from .factors import Kind, forget_app, has_second_factor, note_change, why_not_remove


class Noted:
    """Does what the page is for in one transaction with the line of history it leaves."""

    request: HttpRequest
    what = ""
    said: Any = ""
    adds = ""

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        response: HttpResponse = super().form_valid(form)  # type: ignore[misc]
        note_change(self.request.user, self.what, actor=actor_of(self.request))  # type: ignore[arg-type]
        if self.adds:
            note_passed(self.request, self.adds)
        messages.success(self.request, self.said)
        return response


class Index(IndexView):  # type: ignore[misc]
    """What one signs in with beside the password."""

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        account: Any = self.request.user
        return {
            **super().get_context_data(**kwargs),
            "takes_passkeys": takes_passkeys(self.request),
            "has_second_factor": has_second_factor(account),
            "admin_is_open": account.is_staff and passed_second_factor(self.request),
        }


@method_decorator(redirect_if_add_not_allowed, name="dispatch")
@method_decorator(reauthentication_required(app="allauth.mfa"), name="dispatch")
class SetUpApp(Noted, ActivateTOTPView):  # type: ignore[misc]
    """Sets up an app; on a new telephone it takes the place of the one before, so staff are never without."""

    what, adds, said = "authenticator app added", Kind.TOTP, _("Your app is set up.")

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        return FormView.dispatch(self, request, *args, **kwargs)

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        replaces = Authenticator.objects.filter(user=self.request.user, type=Kind.TOTP).exists()
        return {**super().get_context_data(**kwargs), "replaces": replaces}

    @transaction.atomic
    def form_valid(self, form: Any) -> HttpResponse:
        forget_app(self.request.user)  # type: ignore[arg-type]
        return super().form_valid(form)


class RemoveApp(Noted, DeactivateTOTPView):  # type: ignore[misc]
    what, said = "authenticator app removed", _("The app is removed.")


class NewRecoveryCodes(Noted, GenerateRecoveryCodesView):  # type: ignore[misc]
    what, said = "recovery codes made anew", _("These are your new recovery codes. The ones before no longer work.")


class AddPasskey(Noted, AddWebAuthnView):  # type: ignore[misc]
    what, adds, said = "passkey added", Kind.WEBAUTHN, _("The passkey is added.")


class RenamePasskey(Noted, EditWebAuthnView):  # type: ignore[misc]
    what, said = "passkey renamed", _("The passkey has its new name.")


class RemovePasskey(Noted, RemoveWebAuthnView):  # type: ignore[misc]
    what, said = "passkey removed", _("The passkey is removed.")

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if refusal := why_not_remove(self.get_object()):
            messages.error(request, str(refusal.sentence))
            return redirect("mfa_index")
        response: HttpResponse = super().post(request, *args, **kwargs)
        return response


def second_factor_part(request: HttpRequest, member: Member) -> str:
    """Whether a second factor is asked for at sign-in."""
    context = {"has_second_factor": has_second_factor(request.user)}  # type: ignore[arg-type]
    return render_to_string("members/second_factor/part.html", context, request)
