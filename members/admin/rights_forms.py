"""The forms of rights of staff: what is asked for, and why."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from ..staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT

GROUPS = {
    PRIVACY_OFFICER: _("Privacy officer"),
    SUPPORT_AGENT: _("Support agent"),
    AUDITOR: _("Auditor"),
}
NO_PERSONAL = _("It stays on the record. No personal information.")


class RemovalForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=NO_PERSONAL, widget=forms.Textarea(attrs={"rows": 3})
    )


class GroupsForm(forms.Form):
    groups = forms.MultipleChoiceField(
        label=_("Groups"), choices=list(GROUPS.items()), widget=forms.CheckboxSelectMultiple
    )
    reason = forms.CharField(
        label=_("Reason"), max_length=500, help_text=NO_PERSONAL, widget=forms.Textarea(attrs={"rows": 3})
    )


class NewAccountForm(GroupsForm):
    email = forms.CharField(label=_("E-mail address"), max_length=254, widget=forms.EmailInput)
    name = forms.CharField(label=_("Name"), max_length=100)
    field_order = ("email", "name", "groups", "reason")


class RefusalForm(forms.Form):
    note = forms.CharField(
        label=_("Reason of the refusal"),
        max_length=500,
        help_text=NO_PERSONAL,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class ReviewForm(forms.Form):
    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=_("Note"),
        max_length=5000,
        help_text=_("What was looked into and found. No personal values."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )
