"""Changing what a membership holds, at the member's request; the history keeps what it was, sealed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value
from privacy_portal.rights import demand
from privacy_portal.vault.destruction import destroy_key, on_hold
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .locking import locked
from .models import OPTIONAL_ITEMS, REQUIRED_ITEMS, Member


def changeable_items(member: Member) -> tuple[str, ...]:
    """The items of this kind of membership that can be changed; the address one signs in with is changed elsewhere."""
    return (*REQUIRED_ITEMS[member.kind], *OPTIONAL_ITEMS.get(member.kind, ()))


def normal_changes(member: Member, values: Mapping[str, str]) -> dict[str, str]:
    """The new values in normal form. Raises `PortalError`: `item_not_asked`, `nothing_to_change`, or what is wrong
    with a value."""
    typed = {item: value for item, value in values.items() if value.strip()}
    for item in typed:
        if item not in changeable_items(member):
            raise PortalError("item_not_asked", _("Your membership does not hold this."), field=item)
    if not typed:
        raise PortalError("nothing_to_change", _("Fill in at least one thing that is to change."))
    if "country_of_residence" in typed:
        country = normal_value("country_of_residence", typed["country_of_residence"])
    else:
        country = member.residence or "KR"
    return {item: normal_value(item, value, country=country) for item, value in typed.items()}


@transaction.atomic
def change(member: Member, values: Mapping[str, str], *, reason: str, actor: Actor) -> dict[str, str]:
    """Change values of a membership; returns what they were, by item. `reason` is no personal value."""
    if actor.kind == "staff":
        demand(actor, "members.change_information")
    member = locked(member)
    changes = normal_changes(member, values)
    before = {item: held.open_unseen() for item in changes if (held := getattr(member, item)) is not None}
    put_values(member, changes)
    save_as(actor, member, reason=reason)
    return before


def put_values(member: Member, values: Mapping[str, str]) -> None:
    """Set normal values on a member that is saved afterwards; an optional one gets a key of its own if it has none."""
    for item, value in values.items():
        if item in OPTIONAL_ITEMS.get(member.kind, ()) and not _has_living_key(member, item):
            key = make_data_key(DataKey.Ground.MEMBERSHIP, member.pk, subject_id=member.pk, items=[item])
            setattr(member, f"{item}_key", key)
        setattr(member, item, value)


def why_not_take_back(member: Member, item: str) -> PortalError | None:
    """Why the value of an item cannot be destroyed alone, if so."""
    if item not in member.optional_items():
        return PortalError(
            "not_optional", _("Your membership holds no value of this that can be deleted alone."), field=item
        )
    if on_hold([member.key_of(item)]):
        return PortalError(
            "on_hold",
            _("A legal hold lasts on this. Nothing of it can be destroyed until the privacy officer lifts the hold."),
            field=item,
        )
    return None


@transaction.atomic
def take_back(member: Member, item: str, *, reason: str, actor: Actor) -> None:
    """Destroy the value of an optional item, in the row and in its history (S3, Q6). `reason` is no personal value.

    Raises `PortalError`: `not_yours`, `not_optional` (also where it is destroyed already), `on_hold`.
    """
    if actor.kind == "staff":
        demand(actor, "members.change_information")
    elif actor.account_id != member.account_id:
        raise PortalError("not_yours", _("This is not your membership."))
    member = locked(member)
    if refusal := why_not_take_back(member, item):
        raise refusal
    key = member.key_of(item)
    setattr(member, item, None)
    setattr(member, f"{item}_key", None)
    save_as(actor, member, reason=reason)
    destroy_key(key.pk, because="membership.item_taken_back", actor=actor)


def _has_living_key(member: Member, item: str) -> bool:
    key = getattr(member, f"{item}_key")
    return key is not None and not key.is_destroyed
