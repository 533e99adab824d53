"""What a collection asks of one member, item by item."""

from __future__ import annotations

from collections.abc import Collection as Codes
from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, Item, MemberKind, Notice, NoticeItem
from privacy_portal.policy.values import is_typed, normal_value


@dataclass(frozen=True)
class AskedItem:
    """An item as this member is asked for it."""

    code: str
    name: str
    item_class: str
    is_required: bool
    choice: int | None  # items with the same number: one of them is enough
    is_held: bool  # the membership holds it already, and the consent is to use that
    is_typed: bool  # the member is asked to type it

    @property
    def is_never_taken(self) -> bool:
        """Credentials of other services: named in the notice, never stored by the portal (P3)."""
        return self.item_class == Item.Class.CREDENTIAL


def notice_in_force(collection: Collection) -> Notice:
    return Notice.objects.in_force().select_related("collection").get(collection=collection)


def why_not_asked(member: Member, collection: Collection) -> PortalError | None:
    """Why this member cannot give or refuse a consent to this collection, if so."""
    if not collection.is_separate_consent:
        return PortalError(
            "not_a_consent",
            _("This is not asked as a consent: “%(basis)s”.") % {"basis": collection.get_legal_basis_display()},
        )
    if not collection.is_asked_of(member.kind, member.residence):
        return PortalError("not_asked_of_this_member", _("This is not asked of this kind of membership."))
    return None


def asked_items(member: Member, notice: Notice) -> list[AskedItem]:
    """The items that `notice` asks of `member`, in its order; those meant for others are left out."""
    collection = notice.collection
    held = {} if collection.about_another_person else member.held_items()
    optional_too = collection.asks_optional_of(member.kind, member.residence)
    asked = []
    for item in notice.items.select_related("item"):
        if item.requirement == NoticeItem.Requirement.REQUIRED_FOR_BUSINESS and member.kind != MemberKind.BUSINESS:
            continue
        if item.requirement == NoticeItem.Requirement.OPTIONAL and not optional_too:
            continue
        asked.append(
            AskedItem(
                code=item.item_id,
                name=str(item),
                item_class=item.item.item_class,
                is_required=item.requirement != NoticeItem.Requirement.OPTIONAL,
                choice=item.choice,
                is_held=item.item_id in held,
                is_typed=item.item_id not in held and is_typed(item.item_id),
            )
        )
    return asked


def needs_documents(asked: list[AskedItem]) -> bool:
    """Whether the consent comes with documents, and is therefore given by filing a request."""
    return any(item.item_class == Item.Class.DOCUMENT and item.is_required for item in asked)


def why_not_enough(asked: list[AskedItem], agreed: Codes[str]) -> PortalError | None:
    """Why agreeing to these items is not a consent, if so: unknown items, or a required one missing."""
    if unknown := set(agreed) - {item.code for item in asked}:
        return PortalError("item_not_asked", _("This consent is not about that item."), field=min(unknown))
    for item in asked:
        if item.is_required and item.choice is None and item.code not in agreed:
            return PortalError(
                "item_required",
                _("“%(item)s” is needed for this. Agree to it, or refuse the consent as a whole.")
                % {"item": item.name},
                field=item.code,
            )
    for choice in {item.choice for item in asked if item.choice is not None}:
        alternatives = [item for item in asked if item.choice == choice]
        if not any(item.code in agreed for item in alternatives):
            return PortalError(
                "choice_required",
                _("One of these is needed: %(items)s. Agree to one, or refuse the consent as a whole.")
                % {"items": ", ".join(item.name for item in alternatives)},
                field=alternatives[0].code,
            )
    if not agreed:
        return PortalError(
            "nothing_agreed",
            _("Agree to at least one item, or refuse the consent as a whole."),
            field=asked[0].code if asked else None,
        )
    return None


def normal_values(
    member: Member, asked: list[AskedItem], agreed: Codes[str], values: Mapping[str, str], *, held: Codes[str] = ()
) -> dict[str, str]:
    """The values to seal, in normal form: those typed for items agreed to. Items in `held` may stay as they are.

    Raises `PortalError` for the first value that is missing or wrong.
    """
    country = member.residence or "KR"
    return {
        item.code: normal_value(item.code, values.get(item.code, ""), country=country)
        for item in asked
        if item.is_typed and item.code in agreed and not (item.code in held and not values.get(item.code, "").strip())
    }
