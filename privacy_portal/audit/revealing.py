"""Values in full for a short time, for a stated reason, on the record."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.contrib.auth import get_user_model
from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand, has_right

from . import rules, sight
from .history import save_as
from .models import Reveal

LONGEST_REMARK = 500


@dataclass(frozen=True)
class Revealed:
    """What one account may read in full of one person at a moment."""

    reveals: tuple[Reveal, ...] = ()

    def covers(self, item: str) -> bool:
        return any(not reveal.items or item in reveal.items for reveal in self.reveals)

    @property
    def until(self) -> datetime | None:
        return max((reveal.expires_at for reveal in self.reveals), default=None)


def in_force(account_id: UUID, person_id: UUID, at: datetime | None = None) -> Revealed:
    reveals = Reveal.objects.filter(account_id=account_id, person_id=person_id, expires_at__gt=at or now())
    return Revealed(tuple(reveals))


def why_not(why: str, *, remark: str, reference: str, needs_reference: bool) -> PortalError | None:
    if not reference and (needs_reference or why == Reveal.Why.REQUEST):
        return PortalError(
            "reference_needed", _("Please write the reference of the request."), field="request_reference"
        )
    if not remark and why == Reveal.Why.OTHER:
        return PortalError("reason_needed", _("Please write what the reason is."), field="remark")
    return None


@transaction.atomic
def reveal(
    person_id: UUID,
    *,
    items: Collection[str],
    why: str,
    remark: str,
    reference: str,
    actor: Actor,
) -> Reveal:
    """Let the actor read these items of a person, or all, for the minutes of the rule; the log says so first."""
    demand(actor, "audit.reveal_values")
    needs_reference = not has_right(actor, "audit.reveal_without_reference")
    remark, reference = remark.strip()[:LONGEST_REMARK], reference.strip()
    if refusal := why_not(why, remark=remark, reference=reference, needs_reference=needs_reference):
        raise refusal
    assert actor.account_id is not None  # noqa: S101
    at = now()
    account = get_user_model()._default_manager.select_related("data_key").get(pk=actor.account_id)
    made = Reveal(
        account_id=account.pk,
        person_id=person_id,
        items=sorted(items),
        why=why,
        request_reference=reference,
        data_key=account.data_key,  # type: ignore[attr-defined]
        remark=remark or None,
        at=at,
        expires_at=at + timedelta(minutes=rules.number("reveal_minutes", timezone.localdate(at))),
    )
    save_as(actor, made, reason="reveal", force_insert=True)
    with sight.seen_by(actor, "reveal"):
        sight.saw(person_id, *items)
        reason = " · ".join(part for part in (why, remark) if part)
        sight.did(sight.What.REVEAL, reason=reason, reference=reference)
        sight.put_on_record()
    return made


@transaction.atomic
def end(reveal_id: UUID, *, actor: Actor) -> Reveal:
    """End a reveal before its time. Safe to repeat."""
    found = Reveal.objects.select_for_update().get(pk=reveal_id)
    if found.account_id != actor.account_id:
        demand(actor, "audit.view_reveal")
    if found.expires_at > now():
        found.expires_at = now()
        save_as(actor, found, reason="reveal ended")
    return found
