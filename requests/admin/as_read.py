"""What the member will read of a decision, in the member's language, before it is made."""

from __future__ import annotations

from typing import Any

from django.template.loader import render_to_string
from django.utils import timezone, translation

from privacy_portal.clock import now
from requests import kinds
from requests.models import Decision, MemberRequest

from .decision_form import part_names


def as_read(member_request: MemberRequest, values: dict[str, Any]) -> str:
    """`values` are those of a valid form of a decision."""
    decision = Decision(values["decision"])
    with translation.override(member_request.language):
        names = part_names(member_request)
        chosen = values.get("parts") or []
        in_part = decision == Decision.PARTLY_APPROVED
        context = {
            "member_request": member_request,
            "decision": decision,
            "granted": [names[code] for code in names if code in chosen] if in_part else [],
            "left_out": [names[code] for code in names if code not in chosen] if in_part and chosen else [],
            "amount": None if decision == Decision.REFUSED else values.get("amount"),
            "ground": None if decision == Decision.APPROVED else kinds.grounds().get(values["ground"]),
            "reason": values["reason"],
            "objection_days": kinds.number("objection_days", timezone.localdate(now())),
        }
        return render_to_string("admin/requests/memberrequest/as_read.html", context)
