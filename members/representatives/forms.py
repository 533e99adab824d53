"""What a child, a representative and a child with a link fill in. The rules are the verbs'."""

from __future__ import annotations

import uuid
from typing import Any, cast

from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.forms import add_refusal
from privacy_portal.policy.models import MemberKind, Notice

from ..forms import ORDER, SignUpForm
from ..models import Account, RepresentativeConsent
from ..signup import sign_up
from . import asking

EMAIL, PAPER = "email", "paper"
CONTACTS = {EMAIL: "representative_email", PAPER: "representative_phone"}


class AskForm(forms.Form):
    """A child names the representative and one contact, and nothing of itself (S9)."""

    submission = forms.UUIDField(widget=forms.HiddenInput)
    representative_name = forms.CharField(
        label=_("Name of your mother, father or guardian"),
        max_length=200,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        error_messages={"required": _("Please write the name of your mother, father or guardian.")},
    )
    way = forms.ChoiceField(
        label=_("How shall we ask them?"),
        choices=[(EMAIL, _("By e-mail")), (PAPER, _("On paper: we print it, they sign it"))],
        initial=EMAIL,
        widget=forms.RadioSelect,
        error_messages={"required": _("Please choose how we ask them.")},
    )
    representative_email = forms.CharField(
        label=_("Their e-mail address"),
        required=False,
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
    )
    representative_phone = forms.CharField(
        label=_("Their phone number"),
        required=False,
        max_length=40,
        help_text=_("We only call if we cannot read the paper."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "inputmode": "tel"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["submission"] = uuid.uuid4()

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        contact = CONTACTS.get(cleaned.get("way", ""))
        if contact is None or "representative_name" not in cleaned:
            return cleaned
        cleaned["details"] = {name: cleaned.get(name, "") for name in ("representative_name", contact)}
        if not cleaned["details"][contact].strip():
            self.add_error(contact, _("Please fill this in."))
            return cleaned
        try:
            cleaned["details"] = asking.normal_details(cleaned["details"])
        except PortalError as error:
            add_refusal(self, error)
        return cleaned


class DecideForm(forms.Form):
    """Yes or no to what was shown."""

    notice = forms.UUIDField(widget=forms.HiddenInput)
    decision = forms.ChoiceField(choices=[("agree", ""), ("refuse", "")])


class ChildSignUpForm(SignUpForm):
    """Sign-up of a child whose representative consented: nobody is asked for an age again."""

    def __init__(self, *args: Any, consent: RepresentativeConsent, **kwargs: Any) -> None:
        super().__init__(*args, kind=MemberKind.INDIVIDUAL, **kwargs)
        del self.fields["age"]
        self.consent = consent

    def save(self, request: HttpRequest, email: str = "") -> Account:
        typed = {item: self.cleaned_data.get(item, "") for item in ORDER if item in self.fields}
        member = sign_up(
            self.kind,
            typed | {"email": email or self.data["email"]},
            password=self.cleaned_data["password1"],
            notice=Notice.objects.select_related("collection").get(pk=self.cleaned_data["notice"]),
            said_14_or_over=False,
            representative=self.consent,
            language=request.LANGUAGE_CODE[:2],
            actor=actor_of(request),
        )
        return cast(Account, member.account)
