"""Masked values on a person's page, the way to see them in full, and in full what is revealed just now."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django.http import Http404, HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from privacy_portal.admin_base import Button
from privacy_portal.audit import people, revealing
from privacy_portal.audit.masking import in_full, masked
from privacy_portal.vault.fields import SealedValue

RIGHT = "audit.reveal_values"


class Showing:
    """How one page shows one person's values to one colleague."""

    def __init__(self, request: HttpRequest, person_id: UUID, *, reference: str = "", back: str = "") -> None:
        """`reference`: of the request the values are looked at for. `back`: this page, where it is no address to
        come back to."""
        self.person_id, self.next, self.reference = person_id, back or request.path, reference
        self.may_reveal = request.user.has_perm(RIGHT)
        account_id: Any = request.user.pk
        self.revealed = revealing.in_force(account_id, person_id) if self.may_reveal else revealing.Revealed()

    def value(self, item: str, sealed: SealedValue | None) -> str:
        return in_full(item, sealed) if self.revealed.covers(item) else masked(item, sealed)

    def url(self, item: str, sealed: SealedValue | None) -> str:
        """Where to ask for a value in full; empty where it is shown or gone, or one may not."""
        is_gone = sealed is None or sealed.is_destroyed
        return "" if is_gone or self.revealed.covers(item) else self.address(item)

    def address(self, item: str) -> str:
        """Where to ask for every value of an item in full; empty for who may not."""
        return _asking(self.person_id, self.next, self.reference, item=item) if self.may_reveal else ""

    @property
    def reveals(self) -> tuple[object, ...]:
        return self.revealed.reveals


def reveal_button(request: HttpRequest, person_id: UUID, *, reference: str = "", back: str = "") -> list[Button]:
    if not request.user.has_perm(RIGHT):
        return []
    return [Button(_("Show in full…"), _asking(person_id, back or request.path, reference), "visibility")]


def _asking(person_id: UUID, back: str, reference: str, **more: str) -> str:
    query = {"person": person_id, **more, "next": back} | ({"reference": reference} if reference else {})
    return f"{reverse('admin:audit_reveal_new')}?{urlencode(query)}"


def person_named(request: HttpRequest, number: str) -> UUID:
    """The person whose number an address carries; raises `Http404` where it is nobody's, or not to be seen."""
    try:
        person = UUID(number)
    except ValueError:
        raise Http404 from None
    if not people.is_known(person) or not people.may_see(request.user, person):
        raise Http404
    return person
