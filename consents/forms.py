"""The form on which a member decides about one collection, item by item. Nothing on it is ticked beforehand (N6)."""

from __future__ import annotations

from typing import Any, NamedTuple

from django import forms
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Notice
from privacy_portal.policy.values import normal_value

from . import asking
from .asking import AskedItem

# How a browser can help to fill in a person's own details (WCAG 1.3.5).
AUTOCOMPLETE = {
    "email": "email",
    "name": "name",
    "mobile_phone": "tel",
    "phone": "tel",
    "address": "street-address",
    "company_name": "organization",
    "birth_date": "bday",
}


class Row(NamedTuple):
    item: AskedItem
    agree: forms.BoundField
    value: forms.BoundField | None


class GiveForm(forms.Form):
    """One tick an item, and a field beside each item that must be typed.

    `kept` are items whose values a consent that is asked again holds already: they may be left empty.
    """

    notice = forms.CharField(widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, member: Member, shown: Notice, kept: frozenset[str] = frozenset(), **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.shown, self.kept = member, shown, kept
        self.told: Notice | None = None  # the notice the form was filled in on, once that is known
        self.asked = asking.asked_items(member, shown)
        self.initial["notice"] = f"{shown.version}:{shown.digest}"
        for item in self.asked:
            self.fields[f"agree_{item.code}"] = forms.BooleanField(label=item.name, required=False)
            if item.is_typed:
                autocomplete = "off" if shown.collection.about_another_person else AUTOCOMPLETE.get(item.code, "off")
                self.fields[f"value_{item.code}"] = forms.CharField(
                    label=item.name,
                    required=False,
                    max_length=200,
                    widget=forms.TextInput(attrs={"autocomplete": autocomplete}),
                )

    @property
    def rows(self) -> list[Row]:
        return [
            Row(item, self[f"agree_{item.code}"], self[f"value_{item.code}"] if item.is_typed else None)
            for item in self.asked
        ]

    @property
    def required_rows(self) -> list[Row]:
        return [row for row in self.rows if row.item.is_required and row.item.choice is None]

    @property
    def choice_rows(self) -> list[list[Row]]:
        """The alternatives, one list for each choice of which one is enough."""
        choices = sorted({row.item.choice for row in self.rows if row.item.choice is not None})
        return [[row for row in self.rows if row.item.choice == choice] for choice in choices]

    @property
    def optional_rows(self) -> list[Row]:
        return [row for row in self.rows if not row.item.is_required]

    @property
    def agreed(self) -> set[str]:
        return {item.code for item in self.asked if self.cleaned_data.get(f"agree_{item.code}")}

    @property
    def values(self) -> dict[str, str]:
        return {item.code: self.cleaned_data.get(f"value_{item.code}") or "" for item in self.asked if item.is_typed}

    def clean_notice(self) -> str:
        """Refuse a notice that was never shown; one that was replaced meanwhile is the verb's to tell."""
        version, _colon, digest = self.cleaned_data["notice"].partition(":")
        if version.isdecimal() and len(version) < 9:
            published = Notice.objects.published().select_related("collection")
            self.told = published.filter(collection=self.shown.collection, version=int(version), digest=digest).first()
        if self.told is None:
            raise forms.ValidationError(
                _("We do not know the notice you were shown. Please read the one below and decide again."),
                code="notice_unknown",
            )
        return str(self.cleaned_data["notice"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        agreed = self.agreed
        if refusal := asking.why_not_enough(self.asked, agreed):
            self.add_refusal(refusal)
        country = self.member.residence or "KR"
        for item in self.asked:
            typed = str(cleaned.get(f"value_{item.code}") or "")
            if item.is_typed and item.code in agreed and (typed or item.code not in self.kept):
                try:
                    normal_value(item.code, typed, country=country)
                except PortalError as error:
                    self.add_refusal(error)
        return cleaned

    def begin_anew(self) -> None:
        """For whoever saw another version: the form of the one in force, with what was typed but no tick kept."""
        kept = {name: value for name, value in self.data.items() if not name.startswith("agree_")}
        self.data = kept | {"notice": self.initial["notice"]}

    def add_refusal(self, error: PortalError) -> None:
        """Put a refusal beside the item it is about: its tick, or what was typed."""
        about_tick = error.code in {"item_required", "choice_required", "nothing_agreed", "item_not_asked"}
        name = f"{'agree' if about_tick else 'value'}_{error.field}"
        self.add_error(name if name in self.fields else None, forms.ValidationError(error.sentence, code=error.code))
