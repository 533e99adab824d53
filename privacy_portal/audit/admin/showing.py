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

    def __init__(self, request: HttpRequest, person_id: UUID) -> None:
        self.person_id, self.next = person_id, request.path
        self.may_reveal = request.user.has_perm(RIGHT)
        account_id: Any = request.user.pk
        self.revealed = revealing.in_force(account_id, person_id) if self.may_reveal else revealing.Revealed()

    def value(self, item: str, sealed: SealedValue | None) -> str:
        return in_full(item, sealed) if self.revealed.covers(item) else masked(item, sealed)

    def url(self, item: str, sealed: SealedValue | None) -> str:
        """Where to ask for a value in full; empty where it is shown or gone, or one may not."""
        is_gone = sealed is None or sealed.is_destroyed
        return "" if is_gone or not self.may_reveal or self.revealed.covers(item) else self._address(item=item)

    @property
    def reveals(self) -> tuple[object, ...]:
        return self.revealed.reveals

    def _address(self, **more: str) -> str:
        query = urlencode({"person": self.person_id, **more, "next": self.next})
        return f"{reverse('admin:audit_reveal_new')}?{query}"


def reveal_button(request: HttpRequest, person_id: UUID) -> list[Button]:
    if not request.user.has_perm(RIGHT):
        return []
    query = urlencode({"person": person_id, "next": request.path})
    return [Button(_("Show in full…"), f"{reverse('admin:audit_reveal_new')}?{query}", "visibility")]


def person_named(number: str) -> UUID:
    """The person whose number an address carries; raises `Http404` where it is nobody's."""
    try:
        person = UUID(number)
    except ValueError:
        raise Http404 from None
    if not people.is_known(person):
        raise Http404
    return person
