"""allauth, told to know people by the alias of their address and to send mail to the address itself."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.forms import LoginForm, ResetPasswordForm
from allauth.account.internal.userkit import filter_users_by_email
from django import forms
from django.shortcuts import resolve_url
from django.utils.translation import gettext_lazy as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import post

from .addresses import alias_of
from .models import Account


class AccountAdapter(DefaultAccountAdapter):
    def send_mail(self, template_prefix: str, email: str, context: dict[str, Any]) -> None:
        """Render in the person's language and put into the outbox, sealed under the account's own key."""
        account = Account.objects.select_related("data_key").filter(alias=email).first()
        if account is None:
            return
        message = self.render_mail(template_prefix, email, {"request": self.request, **context})
        post(to=account.email.open_unseen(), subject=message.subject, text=str(message.body), data_key=account.data_key)

    def get_email_verification_redirect_url(self, email_address: Any) -> str:
        """A new member goes on to the consents that may be given; others to sign-in or their own page."""
        if not self.request.user.is_authenticated:
            return resolve_url("account_login")
        return resolve_url("consents:welcome")

    def set_password(self, user: Account, password: str) -> None:
        user.set_password(password)
        save_as(Actor("member", user.pk), user, reason="password changed")

    def add_message(self, *args: Any, **kwargs: Any) -> None:
        """allauth's own messages name the address; the pages say what happened in the portal's words."""


class SignInForm(LoginForm):
    """Sign-in by address and password."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("E-mail address")
        self.fields["login"].widget.attrs.pop("placeholder", None)
        self.fields["password"].widget.attrs.pop("placeholder", None)
        self.fields["password"].help_text = ""

    def clean_login(self) -> str:
        try:
            return alias_of(self.cleaned_data["login"])
        except PortalError as error:
            raise forms.ValidationError(error.sentence, code=error.code) from error


class ForgottenPasswordForm(ResetPasswordForm):
    """Asks for the address of a password that was forgotten; the answer is the same whether it is known or not."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["email"].label = _("E-mail address")
        self.fields["email"].widget.attrs.pop("placeholder", None)

    def clean_email(self) -> str:
        try:
            alias = alias_of(self.cleaned_data["email"])
        except PortalError as error:
            raise forms.ValidationError(error.sentence, code=error.code) from error
        self.users = filter_users_by_email(alias, is_active=True, prefer_verified=True, for_login=True)
        return alias
