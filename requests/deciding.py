"""Deciding a request, having a second person confirm it, and finishing it.

in review -> (to be confirmed ->) approved | partly approved | refused -> done
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from . import effects, kinds, record
from .identity import needs_identity, note_identity
from .models import DECIDED, Decision, MemberRequest, RequestEvent, State
from .steps import Step, Worker
from .workflow import LONGEST

Kind = RequestEvent.Kind
EVENT_OF = {
    Decision.APPROVED: Kind.APPROVED,
    Decision.PARTLY_APPROVED: Kind.PARTLY_APPROVED,
    Decision.REFUSED: Kind.REFUSED,
}


@transaction.atomic
def decide(
    member_request: MemberRequest,
    decision: Decision | str,
    *,
    seen: int,
    actor: Actor,
    reason: str = "",
    ground: str = "",
    granted: Mapping[str, Any] | None = None,
    identity: str = "",
    remark: str = "",
) -> RequestEvent:
    """Decide a request. Where its kind asks for four eyes, a second person then confirms; else it takes effect now.

    `reason` is read by the member: needed to refuse, wholly or in part, together with a lawful `ground` (Q4, W4),
    and where the decision is an answer. `granted` says what exactly is granted, see `effects`. `identity` records
    the check of identity in the same step (`identity.Check`); `remark` is for colleagues.
    Raises `PortalError`: `ground_needed`, `reason_needed`, `identity_unchecked`, `changed_meanwhile`, what
    `steps.why_not` and the kind's effect say.
    """
    decision = Decision(decision)
    member_request = record.locked_for(Step.DECIDE, member_request, seen=seen, actor=actor)
    if identity:
        note_identity(member_request, identity, actor=actor)
    if refusal := why_not_decide(member_request, decision, reason=reason, ground=ground, granted=granted):
        raise refusal
    member_request.decision = decision
    member_request.reason = reason.strip() or None
    member_request.refusal_ground = ground if decision != Decision.APPROVED else ""
    member_request.granted = effects.normal_granted(member_request, decision, granted)
    member_request.decided_by, member_request.decided_at = actor.account_id, now()
    details = {"decision": decision.value, "ground": member_request.refusal_ground}
    if member_request.needs_second_person:
        member_request.state = State.TO_CONFIRM
        return record.write(member_request, Kind.PROPOSED, actor=actor, details=details, remark=remark.strip())
    return _settle(member_request, actor, remark)


@transaction.atomic
def confirm(member_request: MemberRequest, *, seen: int, actor: Actor, remark: str = "") -> RequestEvent:
    """Confirm the decision of somebody else; it takes effect now. Raises `PortalError` `second_person`."""
    member_request = record.locked_for(Step.CONFIRM, member_request, seen=seen, actor=actor)
    if refusal := effects.why_not(member_request, Decision(member_request.decision)):
        raise refusal
    member_request.confirmed_by, member_request.confirmed_at = actor.account_id, now()
    return _settle(member_request, actor, remark)


@transaction.atomic
def send_back(member_request: MemberRequest, remark: str, *, seen: int, actor: Actor) -> RequestEvent:
    """Do not confirm: the request is in review again, with a remark for whoever decided."""
    if not remark.strip():
        raise PortalError("nothing_written", _("Please write something."), field="remark")
    member_request = record.locked_for(Step.SEND_BACK, member_request, seen=seen, actor=actor)
    member_request.undo_decision()
    member_request.state = State.IN_REVIEW
    return record.write(member_request, Kind.SENT_BACK, actor=actor, remark=remark.strip())


@transaction.atomic
def finish(member_request: MemberRequest, *, seen: int | None, actor: Actor) -> RequestEvent:
    """Close a decided request: nothing is left to do. What was only needed until now is destroyed. Safe to repeat."""
    member_request = record.locked(member_request)
    if member_request.state == State.DONE and Worker.of(actor).may_see(member_request):
        return member_request.events.filter(kind=Kind.FINISHED).latest("id")
    member_request = record.locked_for(Step.FINISH, member_request, seen=seen, actor=actor)
    return _close(member_request, actor)


def why_not_decide(
    member_request: MemberRequest,
    decision: Decision,
    *,
    reason: str = "",
    ground: str = "",
    granted: Mapping[str, Any] | None = None,
) -> PortalError | None:
    """Why this cannot be the decision, if so; what a form asks before it calls the verb."""
    kind = member_request.the_kind
    if decision != Decision.APPROVED:
        if ground not in {one.code for one in kinds.grounds_for(member_request.kind)}:
            return PortalError("ground_needed", _("Choose the ground on which this is refused."), field="ground")
        if not reason.strip():
            return PortalError(
                "reason_needed", _("Write the reason in words that the member understands."), field="reason"
            )
    elif kind.effect == "answer" and not reason.strip():
        return PortalError("reason_needed", _("Write the answer that the member is to read."), field="reason")
    if len(reason) > LONGEST:
        return PortalError(
            "too_long", _("Please shorten this to %(most)s characters.") % {"most": LONGEST}, field="reason"
        )
    if decision != Decision.REFUSED and needs_identity(member_request) and not member_request.identity_checked_at:
        return PortalError(
            "identity_unchecked",
            _("First record how you checked the identity, or the authority of whoever acts for the member."),
            field="identity",
        )
    return effects.why_not(member_request, decision, granted)


@task()
def finish_settled() -> None:
    """Finish what was decided so many days ago that its kind has nothing left to do; run by the schedule."""
    actor = Actor.system("finish_settled")
    for kind in kinds.kinds().values():
        if kind.finished_after_days is None:
            continue
        decided = MemberRequest.objects.filter(
            kind=kind.code, state__in=DECIDED, decided_at__lte=now() - timedelta(days=kind.finished_after_days)
        )
        for request_id in decided.values_list("pk", flat=True):
            with transaction.atomic():
                member_request = record.locked(request_id)
                if member_request.state in DECIDED:
                    _close(member_request, actor)


def _settle(member_request: MemberRequest, actor: Actor, remark: str) -> RequestEvent:
    """Let the decision take effect: what it does happens first, so that the member is told of what is so."""
    decision = Decision(member_request.decision)
    member_request.state = State(decision.value)
    done = effects.apply(member_request, actor) if decision != Decision.REFUSED else {}
    details = {"decision": decision.value, "ground": member_request.refusal_ground, **done}
    return record.write(member_request, EVENT_OF[decision], actor=actor, details=details, remark=remark.strip())


def _close(member_request: MemberRequest, actor: Actor) -> RequestEvent:
    effects.finish(member_request, actor)
    member_request.state, member_request.closed_at = State.DONE, now()
    return record.write(member_request, Kind.FINISHED, actor=actor)
