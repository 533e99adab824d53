"""allauth, told to know people by the alias of their address and to send mail to the address itself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, ResetPasswordForm, ResetPasswordKeyForm
from allauth.core.internal import ratelimit
from django import forms
from django.http import HttpRequest
from django.shortcuts import resolve_url
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import post
from privacy_portal.sealed_sessions import row_of

from . import forgotten_password
from .addresses import alias_of
from .models import Account
from .naver import linking
from .naver.confirming import ways_to_confirm
from .second_factor.factors import app_secret
from .sessions.ending import end_others

# What AUTH_PASSWORD_VALIDATORS ask, told before anything is typed.
PASSWORD_RULES = _("At least 10 characters. Not only digits, and not a common password.")
APP = "allauth.account"  # whose limits these are (ACCOUNT_RATE_LIMITS)


class AccountAdapter(DefaultAccountAdapter):
    """Besides names and mail: how wrong passwords are held back, in the same way for addresses that nobody has.

    Whoever tries from one place is stopped there soon. A stranger elsewhere must not be able to lock a member out:
    an account that is tried from many places is only slowed, for each place by itself.
    """

    error_messages = {
        **DefaultAccountAdapter.error_messages,
        "email_password_mismatch": _("The address or the password is not right. Please try again."),
        "incorrect_password": _("This is not your password. Please try again."),
        "too_many_login_attempts": _("Too many attempts. Please wait a few minutes and try again."),
    }
    _anywhere: ratelimit.RateLimitUsage | None = None

    def pre_authenticate(self, request: HttpRequest, **credentials: Any) -> None:
        super().pre_authenticate(request, **credentials)
        alias, here = credentials.get("email", ""), self._get_login_attempts_cache_key(request, **credentials)
        self._anywhere = ratelimit.consume(request, app=APP, action="login_failed_anywhere", key=alias)
        if self._anywhere is None and not ratelimit.consume(request, app=APP, action="login_slowed", key=here):
            raise self.validation_error("too_many_login_attempts")

    def _get_login_attempts_cache_key(self, request: HttpRequest, **credentials: Any) -> str:
        return f"{ratelimit.get_ip(request)}:{credentials.get('email', '')}"

    def _rollback_login_failed_rl_usage(self) -> None:
        super()._rollback_login_failed_rl_usage()
        if self._anywhere is not None:
            self._anywhere.rollback()

    def _delete_login_attempts_cached_email(self, request: HttpRequest, **credentials: Any) -> None:
        super()._delete_login_attempts_cached_email(request, **credentials)
        ratelimit.clear(request, app=APP, action="login_failed_anywhere", key=credentials.get("email", ""))

    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render in the person's language and put into the outbox, sealed under the account's own key."""
        account = Account.objects.select_related("data_key").filter(alias=email).first()
        if account is None:
            return
        new_password = self.request.build_absolute_uri(resolve_url("account_reset_password"))
        context = {"request": self.request, "address": new_password, **context}
        with translation.override(account.language):
            message = self.render_mail(template_prefix, email, context)
        post(to=account.email.open_unseen(), subject=message.subject, text=str(message.body), data_key=account.data_key)

    def send_confirmation_mail(self, request: HttpRequest, emailconfirmation: Any, signup: bool) -> None:
        """Without allauth's look at the account: to an address that somebody has, nothing of the kind is sent."""
        url = self.get_email_confirmation_url(request, emailconfirmation)
        address = emailconfirmation.email_address.email
        self.send_mail("account/email/email_confirmation", address, {"activate_url": url})

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """A new member goes on to the consents that may be given; others to sign-in or their own page."""
        if not self.request.user.is_authenticated:
            return resolve_url("account_login")
        return resolve_url("consents:welcome")

    def get_reauthentication_methods(self, user: Any) -> list[dict[str, Any]]:
        """The ways to prove once more that it is oneself: allauth's own, and NAVER for those who linked it.

        Whoever has a second factor is asked for that and for nothing else; without an app, for the passkey.
        """
        methods: list[dict[str, Any]] = super().get_reauthentication_methods(user)
        factors = [method for method in methods if method["id"] != "reauthenticate"]
        if len(factors) > 1 and app_secret(user) is None:
            factors.reverse()
        return factors or [*methods, *ways_to_confirm(user)]

    def set_password(self, user: Account, password: str) -> None:
        """Keep the new password; whoever signed in with the one before is out."""
        linking.unlink_unproven(user, actor=Actor("member", user.pk))
        user.set_password(password)
        save_as(Actor("member", user.pk), user, reason="password changed", update_fields=["password"])
        own = self.request.session.session_key
        end_others(user, but=row_of(own) if own else None)

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """allauth's own messages name the address; the pages say what happened in the portal's words."""


class SignInForm(LoginForm):
    """Sign-in by address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget.attrs.pop("placeholder", None)
        self.fields["login"].widget.attrs["autocomplete"] = "username"
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""

    def clean_login(self) -> str:
        try:
            return alias_of(self.cleaned_data["login"])
        except PortalError as error:
            raise forms.ValidationError(error.sentence, code=error.code) from error


class NewPasswordForm(ResetPasswordKeyForm):
    """The new password, typed once: it can be looked at."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        del self.fields["password2"]
        self.fields["password1"].label = _("New password")
        self.fields["password1"].help_text = PASSWORD_RULES
        self.fields["password1"].widget.attrs.pop("placeholder", None)


class ForgottenPasswordForm(ResetPasswordForm):
    """Asks for the address of a password that was forgotten. Whether it is known, only the background worker asks."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        try:
            return alias_of(self.cleaned_data["email"])
        except PortalError as error:
            raise forms.ValidationError(error.sentence, code=error.code) from error

    def save(self, request: HttpRequest, **kwargs: Any) -> str:
        alias: str = self.cleaned_data["email"]
        forgotten_password.mail_link.enqueue(alias)
        return alias
