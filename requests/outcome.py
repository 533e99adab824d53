"""What came of a request, as whoever asked sees it: what was granted, what law has us keep, what can be done now."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.utils import timezone

from privacy_portal.clock import now
from privacy_portal.policy.models import Item

from . import effects, kinds
from .asking import names_of_held
from .models import Decision, MemberRequest, Package, RequestEvent


@dataclass(frozen=True)
class Outcome:
    """`granted` and `left_out` name parts of what was asked, where only some was approved."""

    granted: list[str]
    left_out: list[str]
    amount: int | None  # to be refunded, in won
    kept: list[str]  # codes of the retention rules by which something stays (Q7)


def outcome_of(member_request: MemberRequest) -> Outcome | None:
    """What was granted by a decision that has been made; None while there is none, or nothing was."""
    if member_request.is_undecided or not member_request.decision:
        return None
    sealed = member_request.granted
    granted: dict[str, Any] = {} if sealed is None or sealed.is_destroyed else sealed.open()
    effect = effects.EFFECTS[member_request.the_kind.effect]
    chosen, left_out = list(granted.get(effect.part, [])), []
    if member_request.decision == Decision.PARTLY_APPROVED:
        left_out = [code for code in effect.whole(member_request) if code not in chosen]
    approved = member_request.events.filter(kind__in=[RequestEvent.Kind.APPROVED, RequestEvent.Kind.PARTLY_APPROVED])
    event = approved.order_by("-id").first()
    names = _names(effect.part, member_request) if left_out else {}
    return Outcome(
        granted=[names.get(code, code) for code in chosen] if left_out else [],
        left_out=[names.get(code, code) for code in left_out],
        amount=granted.get("amount"),
        kept=list(event.details.get("kept", [])) if event else [],
    )


def _names(part: str, member_request: MemberRequest) -> dict[str, str]:
    if part == "items":
        return {code: str(item) for code, item in Item.objects.in_bulk().items()}
    if part in ("consents", "held"):
        return names_of_held(effects.EFFECTS[member_request.the_kind.effect].whole(member_request))
    choices = [field.choices for field in member_request.the_kind.fields if field.choices]
    return {code: str(name) for chosen in choices for code, name in chosen.items()}


def last_day_to_object(member_request: MemberRequest) -> date | None:
    """Until when the decision can be objected to (Q14)."""
    if member_request.decided_at is None:
        return None
    days = kinds.number("objection_days", timezone.localdate(now()))
    return timezone.localdate(member_request.decided_at) + timedelta(days=days)


def can_be_downloaded(package: Package) -> bool:
    """Whether what was prepared for access is still there."""
    return package.expires_at > now() and not package.data_key.is_destroyed


def last_day_of(package: Package) -> date:
    """The last day on which what was prepared can be downloaded."""
    return timezone.localdate(package.expires_at) - timedelta(days=1)
