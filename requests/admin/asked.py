"""What was asked, line by line: personal values masked, with the way to see them in full; texts as they were written.

A text that a member writes to the desk is read by whoever works on it: it is shown as it is, and goes on the access
log as shown in full. Whoever only reads the record sees dots.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest
from django.utils.translation import gettext as _

from consents.admin.consent import ValueLine, values_of
from privacy_portal.admin_history import item_names
from privacy_portal.audit.admin.showing import Showing
from privacy_portal.audit.masking import mask, written
from privacy_portal.audit.sight import shown_in_full
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.errors import DoesNotOpen
from privacy_portal.vault.fields import DOTS, SealedValue
from requests.asking import names_of_held
from requests.kinds import Field
from requests.models import MemberRequest
from requests.steps import WORK


@dataclass(frozen=True)
class Line:
    """One thing asked: what it is called, what is asked, and for a change what is there now, or was before."""

    name: str
    asked: str
    before: str = ""
    reveal_url: str = ""
    is_text: bool = False


class Reader:
    """Reads what is sealed in a request, for one colleague."""

    def __init__(self, request: HttpRequest, member_request: MemberRequest, showing: Showing) -> None:
        self.one, self.showing = member_request, showing
        self.may_read = request.user.has_perm(WORK)
        self.names = item_names()

    def text(self, sealed: SealedValue | None) -> str:
        """A text of the thread or a remark."""
        if sealed is None:
            return ""
        if not self.may_read:
            return DOTS
        found = contents(sealed)
        shown_in_full()
        return found if isinstance(found, str) else str(found)

    def asked(self) -> tuple[list[Line], str]:
        """The lines of what was asked; or none, and in words why it cannot be read."""
        found = contents(self.one.asked)
        if not isinstance(found, Mapping):
            return [], str(found)
        fields = [field for field in self.one.the_kind.fields if field.code in found]
        before = self._before({field.code for field in fields if field.type == "item"})
        return [self._line(field, found[field.code], before) for field in fields], ""

    def representative(self) -> list[Line]:
        """Who acts for the member."""
        if self.one.representative is None:
            return []
        found = contents(self.one.representative)
        if not isinstance(found, Mapping):
            return [Line(_("Who acts for the member"), str(found))]
        how, contact = _contact(str(found.get("contact", "")))
        names = {"legal_representative": _("legal representative"), "authorised": _("authorised person")}
        capacity = str(found.get("capacity", ""))
        return [
            Line(_("Capacity"), names.get(capacity, capacity)),
            self._item(_("Name"), "name", str(found.get("name", ""))),
            self._item(_("Contact"), how, contact),
            Line(_("Relation to the member"), str(found.get("relation", "")) if self.may_read else DOTS),
        ]

    def values(self) -> list[ValueLine]:
        """The values given with the consent that filing gave."""
        if self.one.consent is None:
            return []
        return [ValueLine(value, self.names, self.showing) for value in values_of(self.one.consent)]

    @property
    def shows_changes(self) -> bool:
        return self.one.the_kind.effect in ("change_values", "correct")

    def _line(self, field: Field, value: Any, before: dict[str, str]) -> Line:
        if field.type == "item":
            name = self.names.get(field.code, field.code)
            return self._item(name, field.code, str(value), before.get(field.code, "–"))
        name = str(field.name)
        if field.type == "choices":
            return Line(name, ", ".join(str((field.choices or {}).get(code, code)) for code in value))
        if field.type in ("consents", "held"):
            return Line(name, ", ".join(names_of_held(value).values()))
        if self.may_read:
            shown_in_full()
        return Line(name, str(value) if self.may_read else DOTS, is_text=True)

    def _item(self, name: str, item: str, value: str, before: str = "") -> Line:
        if self.showing.revealed.covers(item):
            shown_in_full()
            return Line(name, written(item, value), before)
        return Line(name, mask(item, value), before, self.showing.address(item))

    def _before(self, items: set[str]) -> dict[str, str]:
        """The member's values as they are, or, once the change is made, as they were."""
        if self.one.replaced is not None:
            found = contents(self.one.replaced)
            if isinstance(found, Mapping):
                return {item: self._item("", item, str(value)).asked for item, value in found.items() if value}
        held = self.one.member.held_items()
        return {item: self.showing.value(item, held[item]) for item in items & set(held)}


def _contact(typed: str) -> tuple[str, str]:
    """Which item a contact is, and it in its normal form, so that it can be masked as such."""
    if "@" in typed:
        return "email", typed
    try:
        return "mobile_phone", normal_value("mobile_phone", typed, country="KR")
    except PortalError:
        return "mobile_phone", typed


def contents(sealed: SealedValue) -> Any:
    """What is sealed; in words where it is destroyed or will not open. Whoever looks is on record."""
    if sealed.is_destroyed:
        return _("destroyed")
    try:
        return sealed.open()
    except DoesNotOpen:
        return _("cannot be opened: altered or moved")
