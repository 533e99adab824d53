"""What the form of a kind asks of one member, and the normal form of what was typed into it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.utils.translation import gettext as _

from consents.models import Consent, State
from members import changing
from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, Item, MemberKind

from . import business_licence
from .kinds import Field, Kind

LONGEST = {"text": 300, "long_text": 5000}


def fields_for(kind: Kind, member_kind: str, member: Member | None = None) -> list[Field]:
    """The fields of the form, without the items that this member's membership does not hold."""
    if member is None:
        return [field for field in kind.fields if field.type != "item"]
    changeable = changing.changeable_items(member)
    return [field for field in kind.fields if field.type != "item" or field.code in changeable]


def consents_to_choose(member: Member) -> list[Consent]:
    """The consents that a deletion or suspension can be about: those that are given, or to be asked again."""
    given = Consent.objects.filter(member=member, state__in=(State.GIVEN, State.SUPERSEDED))
    return list(given.select_related("collection", "notice").order_by("collection__position"))


def choices_of(field: Field, member: Member | None) -> dict[str, str]:
    """What can be chosen in the list of a field, by code, in words."""
    if field.type == "choices" or member is None:
        return {code: str(name) for code, name in (field.choices or {}).items()}
    codes = [consent.collection_id for consent in consents_to_choose(member)]
    if field.type == "held":
        codes += member.optional_items()
        codes += [business_licence.ITEM] if business_licence.held(member) else []
    return names_of_held(codes)


def names_of_held(codes: Sequence[str]) -> dict[str, str]:
    """Consents and optional items of the membership in words, by their codes, in the order given."""
    collections, items = Collection.objects.in_bulk(codes), Item.objects.in_bulk(codes)
    names = {code: str(collections.get(code) or items.get(code) or code) for code in codes}
    return {
        code: _("%(item)s, held with your membership") % {"item": name} if code in items else name
        for code, name in names.items()
    }


def why_not_asked(kind: Kind, member_kind: str) -> PortalError | None:
    """Why somebody of this kind of membership cannot ask for this, if so."""
    if member_kind not in kind.who:
        return PortalError("not_for_this_member", _("This kind of request is not for this kind of membership."))
    return None


def normal_asked(kind: Kind, member: Member | None, typed: Mapping[str, Any]) -> dict[str, Any]:
    """What was typed, in normal form and without what was left empty.

    Raises `PortalError` for the first field that is missing or wrong: `value_missing`, `too_long`,
    `choice_unknown`, `nothing_to_change`, or what is wrong with an item.
    """
    member_kind = member.kind if member else MemberKind.VISITOR
    fields = fields_for(kind, member_kind, member)
    asked: dict[str, Any] = {}
    for field in fields:
        if field.type == "item":
            continue
        value = _list(field, member, typed.get(field.code)) if field.is_list else _text(field, typed.get(field.code))
        if value:
            asked[field.code] = value
        elif field.required:
            raise PortalError("value_missing", _("Please fill this in."), field=field.code)
    items = {field.code: str(typed.get(field.code) or "") for field in fields if field.type == "item"}
    if member and (kind.at_least_one or any(value.strip() for value in items.values())):
        asked |= changing.normal_changes(member, items)
    return asked


def _text(field: Field, value: Any) -> str:
    text = str(value or "").replace("\x00", "").strip()
    if len(text) > LONGEST[field.type]:
        raise PortalError(
            "too_long",
            _("Please shorten this to %(most)s characters.") % {"most": LONGEST[field.type]},
            field=field.code,
        )
    return text


def _list(field: Field, member: Member | None, value: Any) -> list[str]:
    chosen = sorted({str(one) for one in value or ()})
    if set(chosen) - set(choices_of(field, member)):
        raise PortalError("choice_unknown", _("Choose from the list."), field=field.code)
    return chosen
