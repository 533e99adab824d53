from __future__ import annotations

import uuid
from typing import Any

import pgtrigger
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import MemberKind, Notice
from privacy_portal.vault.blind_index import BlindIndexField
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

from .account import LANGUAGE_CHOICES, Account
from .representative import RepresentativeConsent

# The items each kind's collection names (policy_facts, Article 1 (1)); e-mail and password are the account's.
REQUIRED_ITEMS: dict[str, tuple[str, ...]] = {
    MemberKind.INDIVIDUAL: ("name", "mobile_phone", "address", "country_of_residence"),
    MemberKind.BUSINESS: ("company_name", "person_in_charge_name", "mobile_phone", "address", "country_of_residence"),
    MemberKind.NAVER: ("name", "mobile_phone"),
    MemberKind.VISITOR: (),
}
# Optional items are sealed apart: the key of item x is x_key.
OPTIONAL_ITEMS: dict[str, tuple[str, ...]] = {MemberKind.BUSINESS: ("ceo_name", "business_registration_number")}
MEMBERSHIP_ITEMS = (
    "name",
    "company_name",
    "person_in_charge_name",
    "mobile_phone",
    "address",
    "country_of_residence",
    "ceo_name",
    "business_registration_number",
)

# S7: what another table says cannot be a check constraint.
REPRESENTATIVE_HAS_CONSENTED = """
    IF NOT EXISTS (
        SELECT FROM members_representativeconsent
        WHERE id = NEW.representative_id AND id = NEW.id AND state = 'used'
    ) THEN
        RAISE EXCEPTION 'no representative has consented to this membership';
    END IF;
    RETURN NEW;
"""


def _holds_what_its_kind_asks() -> Q:
    """For each kind: its required items are there, its optional ones may be, no others are."""
    every_kind = Q()
    for kind in MemberKind.values:
        required, optional = REQUIRED_ITEMS[kind], OPTIONAL_ITEMS.get(kind, ())
        rule = Q(kind=kind, account__isnull=kind == MemberKind.VISITOR, notice__isnull=kind == MemberKind.VISITOR)
        for item in MEMBERSHIP_ITEMS:
            if item not in optional:
                rule &= Q(**{f"{item}__isnull": item not in required})
        every_kind |= rule
    return every_kind


class Member(models.Model):
    """A person or business the company holds information of, sealed under the membership's key."""

    Kind = MemberKind

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=20, choices=MemberKind)
    account = models.OneToOneField(
        Account, models.PROTECT, null=True, verbose_name=_("account"), related_name="member", editable=False
    )
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    # What the contract needs was told by this notice (S4); a visitor has no contract.
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, verbose_name=_("notice shown at sign-up"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES, default="ko")
    joined_at = models.DateTimeField(_("joined"), default=now, editable=False)
    closed_at = models.DateTimeField(_("closed"), null=True, editable=False)
    said_14_or_over = models.BooleanField(_("said to be 14 or over"), default=False)
    # Of whoever did not say so: the consent of the representative, which has the membership's number.
    representative = models.OneToOneField(
        RepresentativeConsent,
        models.PROTECT,
        null=True,
        editable=False,
        related_name="member",
        verbose_name=_("representative's consent"),
    )

    name = SealedTextField(verbose_name=_("name"), null=True)
    company_name = SealedTextField(verbose_name=_("company name"), null=True)
    person_in_charge_name = SealedTextField(verbose_name=_("name of the person in charge"), null=True)
    mobile_phone = SealedTextField(verbose_name=_("mobile phone number"), null=True)
    address = SealedTextField(verbose_name=_("address"), null=True)
    country_of_residence = SealedTextField(verbose_name=_("country of residence"), null=True)
    # What the member need not give can be destroyed alone, so each is sealed under a key of its own (S3, Q6).
    ceo_name = SealedTextField(verbose_name=_("name of the CEO"), key="ceo_name_key", null=True)
    ceo_name_key = models.ForeignKey(DataKey, models.PROTECT, null=True, related_name="+", editable=False)
    business_registration_number = SealedTextField(
        verbose_name=_("business registration number"), key="business_registration_number_key", null=True
    )
    business_registration_number_key = models.ForeignKey(
        DataKey, models.PROTECT, null=True, related_name="+", editable=False
    )

    name_index = BlindIndexField(of="name", kind="name")
    company_name_index = BlindIndexField(of="company_name", kind="name")
    person_in_charge_name_index = BlindIndexField(of="person_in_charge_name", kind="name")
    mobile_phone_index = BlindIndexField(of="mobile_phone", kind="phone")
    business_registration_number_index = BlindIndexField(of="business_registration_number", kind="digits")
    history = History()

    class Meta:
        verbose_name = _("member")
        verbose_name_plural = _("members")
        permissions = [("change_information", _("Can change a member's information at the member's request"))]
        ordering = ["-joined_at", "-id"]
        indexes = [
            models.Index(fields=["-joined_at", "-id"], name="members_newest"),
            models.Index(fields=["kind", "-joined_at", "-id"], name="members_newest_of_kind"),
            # What a lifted hold has left behind of memberships that ended.
            models.Index(fields=["closed_at"], condition=Q(closed_at__isnull=False), name="members_closed"),
        ]
        constraints = [
            models.CheckConstraint(condition=_holds_what_its_kind_asks(), name="members_hold_what_their_kind_asks"),
            models.CheckConstraint(
                condition=Q(ceo_name__isnull=True, ceo_name_key__isnull=True)
                | Q(ceo_name__isnull=False, ceo_name_key__isnull=False),
                name="members_ceo_name_has_its_key",
            ),
            models.CheckConstraint(
                condition=Q(business_registration_number__isnull=True, business_registration_number_key__isnull=True)
                | Q(business_registration_number__isnull=False, business_registration_number_key__isnull=False),
                name="members_business_number_has_its_key",
            ),
            # S7, S11: nobody joins without having said so, or having the representative's consent.
            models.CheckConstraint(
                condition=Q(kind=MemberKind.VISITOR, representative__isnull=True)
                | Q(said_14_or_over=True, representative__isnull=True)
                | Q(kind=MemberKind.INDIVIDUAL, said_14_or_over=False, representative__isnull=False),
                name="members_said_14_or_over",
            ),
        ]
        triggers = [
            pgtrigger.Trigger(
                name="representative_has_consented",
                operation=pgtrigger.Insert | pgtrigger.Update,
                when=pgtrigger.Before,
                condition=pgtrigger.Q(new__representative__isnull=False),
                func=REPRESENTATIVE_HAS_CONSENTED,
            )
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def needs_representative(self) -> bool:
        """Whether consents of this member need the representative's as well (S7): a child's."""
        return self.representative_id is not None

    def held_items(self) -> dict[str, Any]:
        """The sealed values held on the membership, by item code, in the policy's order."""
        held = {"email": self.account.email} if self.account else {}
        return held | {item: value for item in MEMBERSHIP_ITEMS if (value := getattr(self, item)) is not None}

    def key_of(self, item: str) -> DataKey:
        """The key that seals a held item: the membership's, or an optional item's own."""
        own: DataKey | None = getattr(self, f"{item}_key", None)
        return own or self.data_key

    def optional_items(self) -> list[str]:
        """Those of the held items that the member need not give, and that are not destroyed."""
        optional = OPTIONAL_ITEMS.get(self.kind, ())
        return [item for item, value in self.held_items().items() if item in optional and not value.is_destroyed]

    @property
    def residence(self) -> str:
        """ISO code of the country of residence; empty where it is not held."""
        country = self.country_of_residence
        return "" if country is None or country.is_destroyed else country.open_unseen()
