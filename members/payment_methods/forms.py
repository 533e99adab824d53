"""The form on which a payment method is added. The rules are `adding`'s; this only carries the words to it."""

from __future__ import annotations

from typing import Any

from django import forms
from django.http import QueryDict
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_variables

from privacy_portal.errors import PortalError
from privacy_portal.forms import add_refusal
from privacy_portal.policy.banks import banks
from privacy_portal.policy.models import NoticeItem

from ..models import Member, PaymentKind
from ..models.payment_method import NEVER_WHOLE, PAYMENT_ITEMS
from . import adding

# How a browser can help (WCAG 1.3.5), and which keyboard a phone shows.
WIDGETS: dict[str, dict[str, str]] = {
    "card_number": {"autocomplete": "cc-number", "inputmode": "numeric"},
    "card_expiry": {"autocomplete": "cc-exp", "inputmode": "numeric"},
    "account_number": {"autocomplete": "off", "inputmode": "numeric"},
    "birth_date": {"autocomplete": "bday", "inputmode": "numeric"},
    "business_registration_number": {"autocomplete": "off", "inputmode": "numeric"},
    "ceo_name": {"autocomplete": "off"},
}
HINTS = {
    "card_number": _(
        "With or without spaces. For your safety we never show it whole again: if something else needs another look, "
        "it has to be typed again. We never ask for the three digits on the back."
    ),
    "card_expiry": _("Month and year as on the card, like 08/29."),
    "account_number": _(
        "With or without hyphens. For your safety we never show it whole again: if something else needs another look, "
        "it has to be typed again."
    ),
    "birth_date": _("For example 1990-05-31."),
    "business_registration_number": _("Ten digits, for example 123-45-67891."),
}


class NeverRepeatedInput(forms.TextInput):
    """A field that comes back empty, so that what was typed never stands in a page's source (P6)."""

    def format_value(self, value: Any) -> None:
        return None


class PaymentMethodForm(forms.Form):
    """The items of one kind of payment method, as its notice names them."""

    notice = forms.CharField(widget=forms.HiddenInput)

    def __init__(self, *args: Any, member: Member, kind: PaymentKind, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.member, self.kind = member, kind
        self.shown = adding.notice_for(kind)
        self.items: list[NoticeItem] = list(self.shown.items.all())
        names = {item.item_id: str(item) for item in self.items}
        for item in adding.asked_items(member, kind):
            self.fields[item] = self._field(item, names[item])
        self.initial["notice"] = self.seen

    @property
    def seen(self) -> str:
        """The notice on the page: its version and its digest."""
        return f"{self.shown.version}:{self.shown.digest}"

    @property
    def holder_fields(self) -> list[forms.BoundField]:
        """The fields of which one is enough."""
        return [self[item] for item in adding.asked_items(self.member, self.kind) if item not in self._own]

    @property
    def own_fields(self) -> list[forms.BoundField]:
        return [self[item] for item in self._own]

    @property
    def _own(self) -> tuple[str, ...]:
        return PAYMENT_ITEMS[self.kind]

    def values(self) -> dict[str, str]:
        """What was typed, by item code."""
        return {item: str(self.cleaned_data.get(item) or "") for item in self.fields if item != "notice"}

    @sensitive_variables()
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("notice") != self.seen:
            self.add_error(None, gettext("What we tell you here has changed. Please read the new version."))
            typed: QueryDict = self.data.copy()
            typed["notice"] = self.seen
            self.data: QueryDict = typed
        _normal, refusals = adding.normal_values(self.member, self.kind, self.values())
        for refusal in refusals:
            add_refusal(self, refusal)
        self.ask_again()
        return cleaned

    def refuse(self, error: PortalError) -> None:
        """Show why the verb refused."""
        add_refusal(self, error)
        self.ask_again()

    def ask_again(self) -> None:
        """Say beside a number that is not put back into the page that it has to be typed once more."""
        for item in NEVER_WHOLE & set(self.fields):
            if self.errors and not self.has_error(item):
                self.add_error(item, gettext("Please type the number again. We do not put it back into the page."))

    def _field(self, item: str, label: str) -> forms.Field:
        if item == "bank_name":
            choices = [("", _("Choose a bank")), *((bank.code, bank) for bank in banks())]
            return forms.ChoiceField(label=label, required=False, choices=choices)
        widget = NeverRepeatedInput if item in NEVER_WHOLE else forms.TextInput
        hint = HINTS.get(item, "")
        return forms.CharField(
            label=label, required=False, max_length=200, help_text=hint, widget=widget(attrs=WIDGETS[item])
        )
