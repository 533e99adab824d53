"""What closing a membership does with its requests: open ones are called off, and what they held is destroyed.

Those that rest on a consent have ended with it by then. Of a complaint that was decided the record stays where it is
until it is moved to what law has us keep (`privacy_portal.retention.complaints`).
"""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.closing import Ends, Part
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey

from . import drafting, kinds, record
from .ending import cancel
from .models import CLOSED, UNDECIDED, Draft, MemberRequest, RequestEvent, State

BECAUSE = "membership_closed"


def _told(member: Member) -> list[Ends]:
    open_ones = MemberRequest.objects.filter(member=member, state__in=UNDECIDED).order_by("-received_at")
    finished = MemberRequest.objects.filter(member=member).exclude(state__in=UNDECIDED).order_by("-received_at")
    return [
        Ends(
            _("Requests that wait for an answer"),
            [_named(one) for one in open_ones],
            _("We call them off, and destroy what you gave for them."),
        ),
        Ends(
            _("Requests that were answered"),
            [_named(one) for one in finished if not _is_complaint(one)],
            _("We destroy what you wrote and what we answered."),
        ),
    ]


def _end(member: Member, actor: Actor) -> None:
    for request_id in _of(member).exclude(state__in=CLOSED).values_list("pk", flat=True):
        member_request = record.locked(request_id)
        if member_request.state in UNDECIDED:
            cancel(member_request, because=BECAUSE, actor=actor)
        elif member_request.state not in CLOSED:
            member_request.state, member_request.closed_at = State.DONE, now()
            record.write(member_request, RequestEvent.Kind.FINISHED, actor=actor, details={"because": BECAUSE})
    for draft in Draft.objects.filter(member=member, ended_at=None):
        drafting.close(member, kinds.kind(draft.kind), because="membership.closed", actor=actor)
    for member_request in _of(member):
        if not _is_complaint(member_request):
            destroy_ground(DataKey.Ground.REQUEST, member_request.pk, because="membership.closed", actor=actor)


def _is_complaint(member_request: MemberRequest) -> bool:
    """Whether law has the record of it kept: one that was called off is none."""
    return member_request.the_kind.complaint and member_request.state != State.CANCELLED


def _of(member: Member) -> QuerySet[MemberRequest]:
    return MemberRequest.objects.filter(member=member).order_by("pk")


def _named(member_request: MemberRequest) -> str:
    return f"{member_request.the_kind} ({member_request.reference})"


PART = Part(_told, _end)
