"""allauth's forms of the second factor, with the portal's labels and hints."""

from __future__ import annotations

from typing import Any

from allauth.mfa.base.forms import AuthenticateForm, ReauthenticateForm
from allauth.mfa.totp.forms import ActivateTOTPForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django.forms import Form
from django.utils.translation import gettext_lazy as _

LONGEST_NAME = 60


def _ask_for_code(form: Form, label: Any, hint: Any) -> None:
    field = form.fields["code"]
    field.label, field.help_text = label, hint
    field.widget.attrs.pop("placeholder", None)
    field.widget.attrs |= {"inputmode": "numeric", "autocomplete": "one-time-code", "autofocus": True}
    field.error_messages["required"] = _("Please type the code.")


def _ask_for_name(form: Form) -> None:
    field = form.fields["name"]
    field.label = _("Name of the passkey")
    field.help_text = _("So that you can tell it from others, such as the name of the device.")
    field.widget.attrs |= {"maxlength": LONGEST_NAME, "autocomplete": "off"}


class SecondStepForm(AuthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code"), _("Six digits from your app, or one of your recovery codes."))


class AgainForm(ReauthenticateForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code"), _("Six digits from your app, or one of your recovery codes."))


class SetUpAppForm(ActivateTOTPForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_code(self, _("Code that the app shows"), _("Six digits; they change every half minute."))


class AddPasskeyForm(AddWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_name(self)

    def clean_name(self) -> str:
        return str(super().clean_name())[:LONGEST_NAME]


class RenamePasskeyForm(EditWebAuthnForm):
    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        _ask_for_name(self)

    def clean_name(self) -> str:
        return str(self.cleaned_data["name"])[:LONGEST_NAME]
