from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from members.changing_address import why_not_ask
from members.models import Account
from privacy_portal.forms import add_refusal


class AddressForm(forms.Form):
    """The address one wants to sign in with from now on."""

    email = forms.CharField(
        label=_("New e-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )

    def __init__(self, *args: Any, account: Account, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.account = account

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if "email" in cleaned and (refusal := why_not_ask(self.account, cleaned["email"])):
            add_refusal(self, refusal)
        return cleaned
