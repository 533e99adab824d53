"""What people type to join. The rules are `members.signup`'s; these forms only carry the words to it."""

from __future__ import annotations

from typing import Any, cast
from uuid import uuid4

from allauth.account.forms import SignupForm
from allauth.account.internal.flows.email_verification import get_address_for_user
from allauth.account.utils import has_verified_email
from django import forms
from django.db import transaction
from django.http import HttpRequest, QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.forms import add_refusal
from privacy_portal.policy.models import MemberKind, Notice, in_language
from privacy_portal.policy.values import normal_value

from .addresses import alias_of
from .models import OPTIONAL_ITEMS, REQUIRED_ITEMS, Account
from .sign_in import PASSWORD_RULES
from .signup import may_give_optional_items, notice_for, sign_up

# How a browser can help to fill a field in (WCAG 1.3.5), and which keyboard a phone shows.
WIDGETS: dict[str, dict[str, str]] = {
    "name": {"autocomplete": "name"},
    "company_name": {"autocomplete": "organization"},
    "person_in_charge_name": {"autocomplete": "name"},
    "mobile_phone": {"autocomplete": "tel", "inputmode": "tel"},
    "address": {"autocomplete": "street-address"},
    "country_of_residence": {"autocomplete": "country"},
    "business_registration_number": {"inputmode": "numeric"},
}
HINTS = {
    "mobile_phone": _("For example 010-1234-5678. From abroad, with the country code: +44 7400 123456."),
    "business_registration_number": _("Ten digits, for example 123-45-67891."),
}
ORDER = (
    "country_of_residence",
    "name",
    "company_name",
    "person_in_charge_name",
    "mobile_phone",
    "address",
    "ceo_name",
    "business_registration_number",
)


class AgeStatement(forms.Form):
    """Asked first: below the age of 14 a parent or guardian must agree (S7, S11)."""

    age = forms.ChoiceField(
        label=_("How old are you?"),
        choices=[("14_or_over", _("I am 14 or older")), ("under_14", _("I am younger than 14"))],
        widget=forms.RadioSelect,
        error_messages={"required": _("Please tell us whether you are 14 or older.")},
    )


class SignUpForm(SignupForm):
    """Sign-up of one kind of member: the items its notice names, required and optional, and no others."""

    account_already_exists: bool
    age = AgeStatement.base_fields["age"]
    notice = forms.UUIDField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, kind: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self.shown = notice_for(kind)
        names = {item.item_id: item for item in self.shown.items.all()}
        self.fields["email"] = forms.CharField(
            label=in_language(names["email"], "name"),
            max_length=254,
            widget=forms.EmailInput(attrs={"autocomplete": "email"}),
        )
        self.fields["password1"].widget.attrs.pop("placeholder", None)
        self.fields["password1"].help_text = PASSWORD_RULES
        for item in ORDER:
            if item in REQUIRED_ITEMS[kind] or item in OPTIONAL_ITEMS.get(kind, ()):
                self.fields[item] = self._field(item, in_language(names[item], "name"))
        self.initial["notice"] = self.shown.pk
        self.order_fields(["age", "email", "password1", *ORDER, "notice"])

    def _field(self, item: str, label: str) -> forms.Field:
        required = item in REQUIRED_ITEMS[self.kind]
        common: dict[str, Any] = {"label": label, "required": required, "help_text": HINTS.get(item, "")}
        if item == "country_of_residence":
            choices = [("", _("Choose a country")), *countries]
            return forms.ChoiceField(**common, choices=choices, widget=forms.Select(attrs=WIDGETS[item]))
        return forms.CharField(**common, max_length=200, widget=forms.TextInput(attrs=WIDGETS.get(item, {})))

    def clean_email(self) -> str:
        try:
            alias = alias_of(self.cleaned_data["email"])
        except PortalError as error:
            raise forms.ValidationError(error.sentence, code=error.code) from error
        self.validate_unique_email(alias)
        return alias

    def clean_age(self) -> str:
        # The view has sent those who are younger to the page for them already.
        if self.cleaned_data["age"] != "14_or_over":
            raise forms.ValidationError(
                gettext("Joining needs the consent of a parent or guardian before the age of 14.")
            )
        return str(self.cleaned_data["age"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("notice") != self.shown.pk:
            self.add_error(None, gettext("What we tell you here has changed. Please read the new version."))
            typed: QueryDict = self.data.copy()
            typed["notice"] = str(self.shown.pk)
            self.data: QueryDict = typed
        country = cleaned.get("country_of_residence") or "KR"
        for item in ORDER:
            if not cleaned.get(item) or item == "country_of_residence":
                continue
            try:
                if item in OPTIONAL_ITEMS.get(self.kind, ()) and not may_give_optional_items(
                    self.shown, self.kind, country
                ):
                    raise PortalError(
                        "item_not_asked",
                        gettext("We ask this of businesses in Korea only. Please leave it empty."),
                        field=item,
                    )
                normal_value(item, cleaned[item], country=country)
            except PortalError as error:
                add_refusal(self, error)
        return cleaned

    @property
    def required_fields(self) -> list[forms.BoundField]:
        return [self["email"], self["password1"], *(self[item] for item in ORDER if item in REQUIRED_ITEMS[self.kind])]

    @property
    def optional_fields(self) -> list[forms.BoundField]:
        return [self[item] for item in ORDER if item in OPTIONAL_ITEMS.get(self.kind, ())]

    def try_save(self, request: HttpRequest) -> Any:
        """Join; with an address that somebody has, do the same work and undo it, so that nothing tells them apart."""
        assert transaction.get_connection().in_atomic_block  # noqa: S101 (else there would be nothing to undo)
        before, account = transaction.savepoint(), None
        try:
            account = self.save(request, nobodys_address() if self.account_already_exists else "")
        except PortalError as error:
            if error.code != "email_taken":
                raise
            self.account_already_exists = True  # somebody joined with it a moment ago
        if self.account_already_exists:
            transaction.savepoint_rollback(before)
            if account is not None:  # what allauth asks of a new one before it writes to it
                has_verified_email(account)
                get_address_for_user(account)
            return super().try_save(request)
        transaction.savepoint_commit(before)
        return account, None

    def save(self, request: HttpRequest, email: str = "") -> Account:
        typed = {item: self.cleaned_data.get(item, "") for item in ORDER if item in self.fields}
        member = sign_up(
            self.kind,
            typed | {"email": email or self.data["email"]},
            password=self.cleaned_data["password1"],
            notice=Notice.objects.select_related("collection").get(pk=self.cleaned_data["notice"]),
            said_14_or_over=self.cleaned_data["age"] == "14_or_over",
            language=request.LANGUAGE_CODE[:2],
            actor=actor_of(request),
        )
        return cast(Account, member.account)  # only visitors have none


def nobodys_address() -> str:
    """An address that cannot be anybody's (RFC 2606)."""
    return f"{uuid4().hex}@nobody.invalid"


KINDS = {"individual": MemberKind.INDIVIDUAL, "business": MemberKind.BUSINESS}
