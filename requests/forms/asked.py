"""What a kind of request asks for, typed: its own fields, and who acts for the member."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django_countries import countries

from consents.forms import AUTOCOMPLETE
from members.models import Member
from privacy_portal.audit.masking import masked
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item, MemberKind
from privacy_portal.policy.values import normal_value
from requests import asking
from requests.filing import CAPACITIES, Representative
from requests.kinds import Field, Kind

LONGEST_ITEM = 200
NOTHING_CHOSEN = _("Choose at least one.")


class AskedForm(forms.Form):
    """One field for each of the kind's; of an item that the membership holds, the value held now beside it, masked."""

    def __init__(self, *args: Any, kind: Kind, member: Member | None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind, self.member = kind, member
        self.asked = asking.fields_for(kind, member.kind if member else MemberKind.VISITOR, member)
        self.item_names = Item.objects.in_bulk([field.code for field in self.asked if field.type == "item"])
        for field in self.asked:
            self.fields[f"asked_{field.code}"] = self._field(field)

    @property
    def items(self) -> list[forms.BoundField]:
        """The fields for values of the policy's items, which are left empty where nothing is to change."""
        return [self[f"asked_{field.code}"] for field in self.asked if field.type == "item"]

    @property
    def others(self) -> list[forms.BoundField]:
        return [self[f"asked_{field.code}"] for field in self.asked if field.type != "item"]

    @property
    def typed(self) -> dict[str, Any]:
        return {field.code: self.cleaned_data.get(f"asked_{field.code}") for field in self.asked}

    @property
    def nothing_to_choose(self) -> bool:
        """Whether the form asks to choose consents, and there are none."""
        return any(
            field.type in ("consents", "held") and not self.fields[f"asked_{field.code}"].choices  # type: ignore[attr-defined]
            for field in self.asked
        )

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        country = cleaned.get("asked_country_of_residence") or (self.member and self.member.residence) or "KR"
        for field in self.asked:
            value = cleaned.get(f"asked_{field.code}")
            if field.type == "item" and value:
                try:
                    normal_value(field.code, value, country=country)
                except PortalError as error:
                    self.add_refusal(error)
        return cleaned

    def add_refusal(self, error: PortalError) -> None:
        name = f"asked_{error.field}"
        self.add_error(name if name in self.fields else None, forms.ValidationError(error.sentence, code=error.code))

    def _field(self, field: Field) -> forms.Field:
        if field.type == "item":
            return self._item_field(field.code)
        common: dict[str, Any] = {
            "label": str(field.name),
            "help_text": str(field.help or ""),
            "required": field.required,
        }
        if not field.is_list:
            widget = forms.Textarea(attrs={"rows": 5}) if field.type == "long_text" else forms.TextInput()
            return forms.CharField(**common, max_length=asking.LONGEST[field.type], widget=widget)
        return forms.MultipleChoiceField(
            **common,
            choices=list(asking.choices_of(field, self.member).items()),
            widget=forms.CheckboxSelectMultiple,
            error_messages={"required": NOTHING_CHOSEN, "invalid_choice": _("Choose from the list.")},
        )

    def _item_field(self, item: str) -> forms.Field:
        held = self.member.held_items().get(item) if self.member else None
        common: dict[str, Any] = {
            "label": str(self.item_names[item]),
            "help_text": gettext("Now: %(value)s") % {"value": masked(item, held)} if held is not None else "",
            "required": False,
        }
        attrs = {"autocomplete": AUTOCOMPLETE.get(item, "off")}
        if item == "country_of_residence":
            choices = [("", _("Stays as it is")), *countries]
            return forms.ChoiceField(**common, choices=choices, widget=forms.Select(attrs={"autocomplete": "country"}))
        return forms.CharField(**common, max_length=LONGEST_ITEM, widget=forms.TextInput(attrs=attrs))


class RepresentativeForm(forms.Form):
    """For whom a request is made; whoever acts for the member says so and attaches the form of authority (Q12)."""

    for_whom = forms.ChoiceField(
        label=_("Who is asking?"),
        choices=[
            ("", _("I myself")),
            ("legal_representative", _("A legal representative, for the member")),
            ("authorised", _("Somebody the member has authorised")),
        ],
        widget=forms.RadioSelect,
        required=False,
    )
    agent_name = forms.CharField(label=_("Name of whoever is asking"), max_length=100, required=False)
    agent_contact = forms.CharField(
        label=_("E-mail address or telephone number of whoever is asking"), max_length=200, required=False
    )
    agent_relation = forms.CharField(
        label=_("How they are related to the member, if you like to say"), max_length=100, required=False
    )

    @property
    def is_for_another(self) -> bool:
        return self["for_whom"].value() in CAPACITIES

    @property
    def representative(self) -> Representative | None:
        typed = self.cleaned_data
        if typed.get("for_whom") not in CAPACITIES:
            return None
        return Representative(typed["for_whom"], typed["agent_name"], typed["agent_contact"], typed["agent_relation"])

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("for_whom"):
            for part in ("agent_name", "agent_contact"):
                if not cleaned.get(part) and part not in self.errors:
                    self.add_error(part, forms.ValidationError(gettext("Please fill this in."), code="value_missing"))
        return cleaned
