"""The forms of retention: a period, and a legal hold."""

from __future__ import annotations

from django import forms
from django.utils.translation import gettext_lazy as _

from privacy_portal.retention.models import LegalHold
from privacy_portal.retention.schedule import LONGEST


class PeriodForm(forms.Form):
    months = forms.IntegerField(label=_("Kept for months"), min_value=1, max_value=LONGEST)
    needs_second_officer = forms.BooleanField(
        label=_("A second officer has to approve its destruction"), required=False
    )


class HoldForm(forms.Form):
    reason = forms.ChoiceField(label=_("Reason"), choices=LegalHold.Reason)
    reference = forms.CharField(
        label=_("File number"), required=False, max_length=60, help_text=_("No personal information.")
    )
