from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _


class LinkForm(forms.Form):
    """What somebody knows who has lost the link to their request."""

    reference = forms.CharField(
        label=_("Reference of the request"), max_length=30, help_text=_("For example R-2026-012345.")
    )
    email = forms.CharField(
        label=_("E-mail address you gave with it"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "email"}),
    )
