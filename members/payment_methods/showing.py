"""How a payment method is told on screens: masked, never whole (P5, P6), and whether a card is still good."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.masking import masked
from privacy_portal.clock import now
from privacy_portal.policy.banks import in_language
from privacy_portal.policy.models import Item
from privacy_portal.vault.fields import SealedValue

from ..models import Member, PaymentMethod
from ..models.payment_method import NEVER_WHOLE


class Expiry(models.TextChoices):
    """Where a card stands on a day."""

    GOOD = "good", _("valid")
    THIS_MONTH = "this_month", _("expires this month")
    EXPIRED = "expired", _("expired")


def shown(item: str, value: SealedValue) -> str:
    """The masked form of one item's value; a bank by its name in the language of the page."""
    text = masked(item, value)
    return in_language(text) if item == "bank_name" else text


def number_of(method: PaymentMethod) -> str:
    """The number of a card or an account, masked; empty of documents."""
    return next((shown(item, value) for item, value in method.held_items().items() if item in NEVER_WHOLE), "")


def expiry_of(method: PaymentMethod) -> Expiry | None:
    """Where a card stands today, in Asia/Seoul; None of what does not expire, or is destroyed."""
    if method.card_expiry is None or method.card_expiry.is_destroyed:
        return None
    month, _slash, year = method.card_expiry.open().partition("/")
    today = timezone.localdate(now())
    ends, this = (2000 + int(year), int(month)), (today.year, today.month)
    return Expiry.EXPIRED if ends < this else Expiry.THIS_MONTH if ends == this else Expiry.GOOD


@dataclass(frozen=True)
class Shown:
    """One living method on its member's list."""

    method: PaymentMethod
    lines: list[tuple[str, str]]  # the name of each item, and its value, masked
    expiry: Expiry | None

    @property
    def name(self) -> str:
        """What tells it from the others where there is one line for it."""
        return f"{self.method.get_kind_display()} {number_of(self.method)}".strip()


def living_of(member: Member) -> list[Shown]:
    """The member's methods, the newest first."""
    methods = member.payment_methods.filter(ended_at__isnull=True).select_related("data_key", "notice__collection")
    found = list(methods)
    names = Item.objects.in_bulk() if found else {}
    return [show(method, names) for method in found]


def show(method: PaymentMethod, names: dict[str, Item]) -> Shown:
    lines = [(str(names[item]), shown(item, value)) for item, value in method.held_items().items()]
    return Shown(method, lines, expiry_of(method))
