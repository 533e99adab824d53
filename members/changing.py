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
    member = Member.objects.select_for_update(of=("self",), no_key=True).select_related("data_key").get(pk=member.pk)
    changes = normal_changes(member, values)
    before = {item: held.open_unseen() for item in changes if (held := getattr(member, item)) is not None}
    for item, value in changes.items():
        setattr(member, item, value)
    save_as(actor, member, reason=reason)
    return before
