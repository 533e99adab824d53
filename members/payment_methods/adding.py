"""Adding a payment method: asked when it is needed, never at sign-up (S13), on a contract of its own (S4)."""

from __future__ import annotations

import uuid
from collections.abc import Collection as Codes
from collections.abc import Mapping

from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.banks import normal_bank
from privacy_portal.policy.models import Collection, Item, MemberKind, Notice
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.blind_index import blind_index
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from ..locking import locked
from ..models import Member, PaymentKind, PaymentMethod
from ..models.payment_method import HOLDER_ITEMS, PAYMENT_ITEMS, WITH_HOLDER

# What makes two methods of a member one and the same.
NUMBERS = {PaymentKind.CREDIT_CARD: "card_number", PaymentKind.ACCOUNT_TRANSFER: "account_number"}


def collection_code(kind: PaymentKind) -> str:
    return f"payment_methods.{kind.value}"


def notice_for(kind: PaymentKind) -> Notice:
    """What somebody who adds this kind of method is told: the notice in force."""
    return Notice.objects.in_force().select_related("collection").get(collection_id=collection_code(kind))


def kinds_for(member: Member) -> list[PaymentKind]:
    """The kinds of method that the policy offers this member, by kind and residence as the membership holds them."""
    if member.kind == MemberKind.VISITOR:
        return []
    residence = member.residence
    collections = Collection.objects.in_bulk([collection_code(kind) for kind in PaymentKind])
    return [kind for kind in PaymentKind if collections[collection_code(kind)].is_asked_of(member.kind, residence)]


def holder_items(member: Member) -> tuple[str, ...]:
    """What the holder of a card or an account can be told by: one of these is enough. Only a business has a number."""
    return HOLDER_ITEMS if member.kind == MemberKind.BUSINESS else ("birth_date",)


def asked_items(member: Member, kind: PaymentKind) -> tuple[str, ...]:
    """The items that are typed for a method of this kind, in the order in which they are asked."""
    return (*(holder_items(member) if kind in WITH_HOLDER else ()), *PAYMENT_ITEMS[kind])


def why_not_add(member: Member, kind: PaymentKind, actor: Actor) -> PortalError | None:
    """Why this actor cannot add a method of this kind, whatever is typed, if so."""
    if actor.kind != "member" or actor.account_id is None or actor.account_id != member.account_id:
        return PortalError("not_yours", _("This is not your membership."))
    if member.data_key.is_destroyed:
        return PortalError("membership_ended", _("This membership has ended."))
    if kind not in kinds_for(member):
        return PortalError("not_asked_of_this_member", _("This is not asked of this kind of membership."))
    if kind == PaymentKind.BUSINESS_DOCUMENTS and _living(member).filter(kind=kind).exists():
        return _already_added(kind)
    return None


@sensitive_variables()
def normal_values(
    member: Member, kind: PaymentKind, values: Mapping[str, str]
) -> tuple[dict[str, str], list[PortalError]]:
    """What was typed, by item code, in normal form; and for each item that is wrong or missing, what is."""
    normal: dict[str, str] = {}
    refusals: list[PortalError] = []
    typed = {item: value for item, value in values.items() if value.strip()}
    holder = [item for item in asked_items(member, kind) if item not in PAYMENT_ITEMS[kind]]
    refusals += [
        PortalError("item_not_asked", _("This is not asked here. Please leave it empty."), field=item)
        for item in sorted({*typed} - {*asked_items(member, kind)})
    ]
    if holder and (refusal := _why_not_holder(holder, typed)):
        refusals.append(refusal)
    for item in (*(item for item in holder if item in typed), *PAYMENT_ITEMS[kind]):
        try:
            value = normal_value(item, typed.get(item, ""))
            normal[item] = normal_bank(value) if item == "bank_name" else value
        except PortalError as error:
            refusals.append(error)
    return normal, refusals


@sensitive_variables()
@transaction.atomic
def add(
    member: Member,
    kind: PaymentKind,
    values: Mapping[str, str],
    *,
    notice: Notice,
    language: str,
    actor: Actor,
    documents: Codes[str] = (),
) -> PaymentMethod:
    """Add a method of the member's, from what was typed by item code, sealed under a key of its own (P2).

    `notice` is what the person was shown. `documents` are the items whose documents the caller seals on the method's
    ground in the same transaction. Raises `PortalError`: `not_yours`, `membership_ended`, `not_asked_of_this_member`,
    `notice_replaced`, `document_missing`, `already_added`, or what is wrong with a value.
    """
    # Of two who add at once the second finds what the first has added.
    member = locked(member)
    if refusal := why_not_add(member, kind, actor):
        raise refusal
    if notice != notice_for(kind):
        raise PortalError("notice_replaced", _("What we tell you here has changed. Please read the new version."))
    normal, refusals = normal_values(member, kind, values)
    if refusals:
        raise refusals[0]
    if missing := {*_documents_of(notice)} - {*documents}:
        raise PortalError("document_missing", _("Please attach the document."), field=min(missing))
    if kind in NUMBERS and _has(member, NUMBERS[kind], normal[NUMBERS[kind]]):
        raise _already_added(kind)
    method_id = uuid.uuid4()
    key = make_data_key(DataKey.Ground.PAYMENT_METHOD, method_id, subject_id=member.pk, items=normal)
    method = PaymentMethod(
        id=method_id,
        member=member,
        kind=kind,
        data_key=key,
        notice=notice,
        language=language,
        added_at=now(),
        **normal,
    )
    try:
        with transaction.atomic():
            save_as(actor, method, reason="payment_method.added", force_insert=True)
    except IntegrityError:  # whatever it says is left out of the logs
        raise _already_added(kind) from None
    return method


def _why_not_holder(holder: list[str], typed: Mapping[str, str]) -> PortalError | None:
    given = [item for item in holder if item in typed]
    if len(given) > 1:
        return PortalError(
            "one_is_enough", _("One of the two is enough. Please leave the other one empty."), field=given[-1]
        )
    if not given and len(holder) > 1:
        return PortalError("choice_required", _("Please fill in one of the two."), field=holder[0])
    return None if given else PortalError("value_missing", _("Please fill this in."), field=holder[0])


def _documents_of(notice: Notice) -> list[str]:
    documents = notice.items.filter(item__item_class=Item.Class.DOCUMENT)
    return list(documents.values_list("item_id", flat=True))


def _living(member: Member) -> QuerySet[PaymentMethod]:
    return member.payment_methods.filter(ended_at__isnull=True)


@sensitive_variables("number")
def _has(member: Member, item: str, number: str) -> bool:
    index = blind_index("digits", number, within=member.pk)
    return _living(member).filter(**{f"{item}_index": index}).exists()


def _already_added(kind: PaymentKind) -> PortalError:
    sentences = {
        PaymentKind.CREDIT_CARD: _(
            "This card is on your list already. If its expiry date has changed, remove it first and add it anew."
        ),
        PaymentKind.ACCOUNT_TRANSFER: _("This account is on your list already. To change it, remove it first."),
        PaymentKind.BUSINESS_DOCUMENTS: _(
            "Your business documents are kept already. To change them, remove them first."
        ),
    }
    return PortalError("already_added", sentences[kind], field=NUMBERS.get(kind))
