"""Everything held of a member, value by value: what access, and a copy of one's data, are made of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from consents.models import Consent, ConsentValue
from members.models import Member, NaverLink, PaymentMethod
from members.models.payment_method import NEVER_WHOLE
from privacy_portal.audit.masking import mask, written
from privacy_portal.policy.models import Item
from privacy_portal.vault.errors import DoesNotOpen
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.models import DataKey

from . import kinds
from .models import Document, Draft, MemberRequest


@dataclass(frozen=True)
class Held:
    """One value, or the name of one document, with the ground it is held on; destroyed ones too."""

    item: str
    sealed: SealedValue
    key: DataKey
    since: datetime
    on: Consent | MemberRequest | Draft | PaymentMethod | None = None  # None for the membership

    @property
    def is_destroyed(self) -> bool:
        return self.key.is_destroyed

    @property
    def ground(self) -> str:
        """The ground, as its person knows it."""
        if self.on is None:
            return _("your membership")
        if isinstance(self.on, Draft):
            return _("a request you have begun")
        if isinstance(self.on, PaymentMethod):
            return self.on.get_kind_display()
        return str(self.on.collection if isinstance(self.on, Consent) else self.on)

    @property
    def never_whole(self) -> bool:
        """A file is copied on: the number of a card or an account kept to pay by is not whole in it (P1)."""
        return isinstance(self.on, PaymentMethod) and self.item in NEVER_WHOLE

    def opened(self) -> str | None:
        """The value in its normal form, or masked where it is never whole; None where it is destroyed or was tampered
        with."""
        try:
            value = None if self.is_destroyed else str(self.sealed.open_unseen())
        except DoesNotOpen:
            return None
        return mask(self.item, value) if value is not None and self.never_whole else value

    def written(self) -> str | None:
        """The value as it is written for reading."""
        value = self.opened()
        return value if value is None or self.never_whole else written(self.item, value)


def held_of(member: Member) -> Iterator[Held]:
    """Everything ever held of a member by an item of the policy, in the policy's order."""
    for code, sealed in member.held_items().items():
        yield Held(code, sealed, member.key_of(code), member.joined_at)
    for link in NaverLink.objects.filter(account__member=member).select_related("data_key").order_by("linked_at"):
        yield Held("login_id", link.profile_id, link.data_key, link.linked_at)
    values = ConsentValue.objects.filter(consent__member=member).select_related("data_key", "consent__collection")
    for value in values:
        yield Held(value.item_id, value.value, value.data_key, value.given_at, value.consent)
    for method in member.payment_methods.select_related("data_key").order_by("added_at"):
        for code, sealed in method.held_items().items():
            yield Held(code, sealed, method.data_key, method.added_at, method)
    for one in documents_of(member.pk):
        on = one.member_request or one.draft or one.payment_method
        yield Held(one.item, one.name, one.data_key, one.added_at, on)


def documents_of(person_id: UUID) -> QuerySet[Document]:
    """Every document the member gave, with a request, a draft, a payment method or for the membership."""
    # By lists of numbers, so that the indexes find them among everybody's.
    requests = list(MemberRequest.objects.filter(member=person_id).order_by().values_list("pk", flat=True))
    drafts = list(Draft.objects.filter(member=person_id).order_by().values_list("pk", flat=True))
    methods = list(PaymentMethod.objects.filter(member=person_id).order_by().values_list("pk", flat=True))
    of_the_desk = Q(member_request__in=requests) | Q(draft__in=drafts)
    own = of_the_desk | Q(payment_method__in=methods) | Q(member=person_id)
    return Document.objects.filter(own).select_related("data_key", "member_request", "draft", "payment_method")


def item_names() -> dict[str, str]:
    """What items and the papers that law lets us ask for are called, by code."""
    return {code: str(name) for code, name in kinds.papers().items()} | {
        item.pk: str(item) for item in Item.objects.all()
    }


def consents_of(member: Member) -> list[Consent]:
    """Every consent the member ever answered, with its events, in the policy's order."""
    consents = Consent.objects.with_standing().filter(member=member).select_related("collection", "notice")
    return list(consents.order_by("collection__position").prefetch_related("events__notice", "events__method"))
