"""The steps of a request between its filing and its decision. Each is a verb: who, from which state, under the lock.

received -> in review -> (waiting for the member -> in review) -> decided (`requests.deciding`).
`seen` is the version of the request that whoever acts had before them (`record.locked_for`).
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from consents import record as consent_record
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from . import deadlines, ending, record
from .documents import Attachment, attach
from .identity import note_identity
from .models import MemberRequest, Message, RequestEvent, State
from .steps import Step, Worker, colleagues, why_not

Kind = RequestEvent.Kind
LONGEST = 5000


@transaction.atomic
def take(member_request: MemberRequest, *, seen: int, actor: Actor) -> RequestEvent:
    """Take an unassigned request: it is the actor's, and in review. Raises `PortalError` `taken_already` and others."""
    member_request = record.locked_for(Step.TAKE, member_request, seen=seen, actor=actor)
    member_request.assigned_to = actor.account_id
    _begin(member_request)
    return record.write(member_request, Kind.TAKEN, actor=actor)


@transaction.atomic
def assign(member_request: MemberRequest, to: UUID, *, seen: int, actor: Actor) -> RequestEvent:
    """Give a request to a colleague; for officers. Raises `PortalError` `not_a_colleague`."""
    member_request = record.locked_for(Step.ASSIGN, member_request, seen=seen, actor=actor)
    return _give_to(member_request, to, Kind.ASSIGNED, actor, "")


@transaction.atomic
def hand_over(member_request: MemberRequest, to: UUID, *, seen: int, actor: Actor, remark: str = "") -> RequestEvent:
    """Hand one's own request over to a colleague, with a remark for them (sealed)."""
    member_request = record.locked_for(Step.HAND_OVER, member_request, seen=seen, actor=actor)
    return _give_to(member_request, to, Kind.HANDED_OVER, actor, remark)


@transaction.atomic
def ask(member_request: MemberRequest, text: str, *, seen: int, actor: Actor) -> RequestEvent:
    """Ask the member for something; the request waits. The period rests meanwhile where its kind allows (Q1)."""
    text = _written(text)
    member_request = record.locked_for(Step.ASK, member_request, seen=seen, actor=actor)
    member_request.state = State.WAITING
    if member_request.the_kind.pausing:
        member_request.paused_at = now()
    record.write_message(member_request, text, actor=actor)
    return record.write(
        member_request, Kind.ASKED, actor=actor, details={"rests": member_request.paused_at is not None}
    )


@transaction.atomic
def answer(
    member_request: MemberRequest, text: str, *, documents: Sequence[Attachment] = (), actor: Actor
) -> RequestEvent:
    """The member's answer to what was asked, with what was asked for; the request is in review again."""
    if not text.strip() and not documents:
        raise PortalError("nothing_written", _("Write an answer, or add what was asked for."), field="text")
    member_request = record.locked_for(Step.ANSWER, member_request, seen=None, actor=actor)
    if text.strip():
        record.write_message(member_request, _written(text), actor=actor)
    attach(member_request, documents, actor=actor)
    member_request.paused_days += deadlines.rested(member_request, now())
    member_request.paused_at = None
    member_request.state = State.IN_REVIEW
    return record.write(member_request, Kind.ANSWERED, actor=actor, details={"documents": len(documents)})


@transaction.atomic
def add_documents(member_request: MemberRequest, documents: Sequence[Attachment], *, actor: Actor) -> RequestEvent:
    """What the member adds without having been asked."""
    member_request = record.locked_for(Step.ADD_DOCUMENT, member_request, seen=None, actor=actor)
    attach(member_request, documents, actor=actor)
    return record.write(member_request, Kind.DOCUMENT_ADDED, actor=actor, details={"documents": len(documents)})


@transaction.atomic
def write(member_request: MemberRequest, text: str, *, actor: Actor) -> Message:
    """A message to the other side; nothing else changes."""
    text = _written(text)
    member_request = record.locked_for(Step.WRITE, member_request, seen=None, actor=actor)
    message = record.write_message(member_request, text, actor=actor)
    record.write(member_request, Kind.MESSAGE_WRITTEN, actor=actor)
    return message


@transaction.atomic
def check_identity(
    member_request: MemberRequest, how: str, *, seen: int, actor: Actor, remark: str = ""
) -> RequestEvent:
    """Record that identity, or the authority of whoever acts for the member, was checked, and how (Q11)."""
    member_request = record.locked_for(Step.CHECK_IDENTITY, member_request, seen=seen, actor=actor)
    note_identity(member_request, how, actor=actor, remark=remark)
    return record.write(member_request, Kind.IDENTITY_CHECKED, actor=actor, details={"how": how})


@transaction.atomic
def extend(member_request: MemberRequest, reason: str, *, seen: int, actor: Actor) -> RequestEvent:
    """Make the period longer, once, with a reason that the member is told (Q1, Q5)."""
    reason = _written(reason, field="reason")
    member_request = record.locked_for(Step.EXTEND, member_request, seen=seen, actor=actor)
    days = member_request.the_kind.extension_days or 0
    member_request.extended_days = days
    record.write_message(member_request, reason, actor=actor)
    due_on = deadlines.due_day(member_request).isoformat()
    return record.write(member_request, Kind.EXTENDED, actor=actor, details={"days": days, "due_on": due_on})


@transaction.atomic
def cancel(member_request: MemberRequest, *, actor: Actor) -> RequestEvent:
    """The member calls it off before a decision; what was given for it is destroyed. Safe to repeat."""
    if member_request.consent_id is not None:  # withdrawing locks the consent first, too
        consent_record.locked(member_request.consent_id)
    member_request = record.locked(member_request)
    if member_request.state == State.CANCELLED and member_request.member.account_id == actor.account_id:
        return member_request.events.filter(kind=Kind.CANCELLED).latest("id")
    if refusal := why_not(Step.CANCEL, member_request, Worker.of(actor)):
        raise refusal
    return ending.cancel(member_request, because="member", actor=actor)


def _give_to(
    member_request: MemberRequest, to: UUID, kind: RequestEvent.Kind, actor: Actor, remark: str
) -> RequestEvent:
    if to not in {colleague.pk for colleague in colleagues()}:
        raise PortalError("not_a_colleague", _("Choose a colleague who works on requests."), field="to")
    member_request.assigned_to = to
    # The first to have it begins the review, which the member is told.
    details = {"to": str(to), "begins": member_request.state == State.RECEIVED}
    _begin(member_request)
    return record.write(member_request, kind, actor=actor, details=details, remark=remark.strip())


def _begin(member_request: MemberRequest) -> None:
    if member_request.state == State.RECEIVED:
        member_request.state = State.IN_REVIEW


def _written(text: str, *, field: str = "text") -> str:
    text = text.strip()
    if not text:
        raise PortalError("nothing_written", _("Please write something."), field=field)
    if len(text) > LONGEST:
        raise PortalError("too_long", _("Please shorten this to %(most)s characters.") % {"most": LONGEST}, field=field)
    return text
