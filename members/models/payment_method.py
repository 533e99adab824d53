from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import Notice
from privacy_portal.vault.blind_index import BlindIndexField
from privacy_portal.vault.fields import SealedTextField, SealedValue
from privacy_portal.vault.models import DataKey

from .account import LANGUAGE_CHOICES
from .member import Member


class PaymentKind(models.TextChoices):
    """What can be kept to pay by; each is a collection of the policy, `payment_methods.<kind>`."""

    CREDIT_CARD = "credit_card", _("credit card")
    ACCOUNT_TRANSFER = "account_transfer", _("account transfer")
    BUSINESS_DOCUMENTS = "business_operator_documents", _("business operator documents")


# The items each kind's collection names (policy_facts, Article 1 (1)); documents are kept by the room above.
PAYMENT_ITEMS: dict[str, tuple[str, ...]] = {
    PaymentKind.CREDIT_CARD: ("card_number", "card_expiry"),
    PaymentKind.ACCOUNT_TRANSFER: ("bank_name", "account_number"),
    PaymentKind.BUSINESS_DOCUMENTS: ("ceo_name", "business_registration_number"),
}
# Whose a card or an account is, is told by one of these.
HOLDER_ITEMS = ("business_registration_number", "birth_date")
WITH_HOLDER = (PaymentKind.CREDIT_CARD, PaymentKind.ACCOUNT_TRANSFER)
ALL_ITEMS = ("card_number", "card_expiry", "bank_name", "account_number", "ceo_name", *HOLDER_ITEMS)
# No screen shows these whole, not even to the member: whoever owns the card or the account has it at hand (P1, P5).
NEVER_WHOLE = frozenset({"card_number", "account_number"})


def _holds_what_its_kind_asks() -> Q:
    """For each kind: its items are there, one of the holder's where there is a holder, and no others."""
    every_kind = Q()
    for kind in PaymentKind:
        rule = Q(kind=kind)
        for item in ALL_ITEMS:
            if not (kind in WITH_HOLDER and item in HOLDER_ITEMS):
                rule &= Q(**{f"{item}__isnull": item not in PAYMENT_ITEMS[kind]})
        if kind in WITH_HOLDER:
            number, born = (f"{item}__isnull" for item in HOLDER_ITEMS)
            rule &= Q(**{number: True, born: False}) | Q(**{number: False, born: True})
        every_kind |= rule
    return every_kind


class PaymentMethod(models.Model):
    """A card, an account or a business's documents, kept to be paid by: a contract of its own (S4, S13).

    Sealed under a key of its own, which is destroyed when it is removed. The row stays: that there was one, on which
    notice, from when to when. A verification code of a card is never asked nor kept.
    """

    Kind = PaymentKind

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, models.PROTECT, related_name="payment_methods", verbose_name=_("member"))
    kind = models.CharField(_("payment method"), max_length=40, choices=PaymentKind)
    data_key = models.OneToOneField(DataKey, models.PROTECT, related_name="+", editable=False)
    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name=_("notice shown"), related_name="+")
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    added_at = models.DateTimeField(_("added"), default=now, editable=False)
    ended_at = models.DateTimeField(_("removed"), null=True, editable=False)

    card_number = SealedTextField(verbose_name=_("card number"), null=True)
    card_expiry = SealedTextField(verbose_name=_("card expiry date"), null=True)
    bank_name = SealedTextField(verbose_name=_("bank"), null=True)
    account_number = SealedTextField(verbose_name=_("account number"), null=True)
    ceo_name = SealedTextField(verbose_name=_("name of the CEO"), null=True)
    business_registration_number = SealedTextField(verbose_name=_("business registration number"), null=True)
    birth_date = SealedTextField(verbose_name=_("date of birth"), null=True)

    # They tell the same number twice on one member, and nothing of two members.
    card_number_index = BlindIndexField(of="card_number", kind="digits", within="member_id")
    account_number_index = BlindIndexField(of="account_number", kind="digits", within="member_id")
    history = History()

    class Meta:
        verbose_name = _("payment method")
        verbose_name_plural = _("payment methods")
        ordering = ["-added_at", "-id"]
        indexes = [
            models.Index(fields=["-added_at", "-id"], name="members_payment_newest"),
            models.Index(fields=["kind", "-added_at", "-id"], name="members_payment_newest_of_kind"),
            models.Index(fields=["member", "-added_at"], name="members_payment_of_member"),
            # Those that ended: what falls due to be destroyed.
            models.Index(fields=["ended_at"], condition=Q(ended_at__isnull=False), name="members_payment_ended"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=_holds_what_its_kind_asks(), name="members_payment_holds_what_its_kind_asks"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True) | Q(ended_at__gte=F("added_at")),
                name="members_payment_ends_after_it_began",
            ),
            models.UniqueConstraint(
                fields=["member", "card_number_index"],
                condition=Q(ended_at__isnull=True),
                name="members_a_card_once_a_member",
            ),
            models.UniqueConstraint(
                fields=["member", "account_number_index"],
                condition=Q(ended_at__isnull=True),
                name="members_an_account_once_a_member",
            ),
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(ended_at__isnull=True, kind=PaymentKind.BUSINESS_DOCUMENTS),
                name="members_business_documents_once_a_member",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def is_living(self) -> bool:
        return self.ended_at is None

    def held_items(self) -> dict[str, SealedValue]:
        """The sealed values, by item code, in the policy's order."""
        return {item: value for item in ALL_ITEMS if (value := getattr(self, item)) is not None}
