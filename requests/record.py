"""The one place where a request changes: under its lock, at the version its reader saw, each step with an event."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Account
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError

from . import deadlines, telling
from .models import MemberRequest, Message, RequestEvent
from .steps import Step, Worker, why_not

Kind = RequestEvent.Kind


def locked(member_request: MemberRequest | UUID) -> MemberRequest:
    """The request as it is now, locked until the transaction ends."""
    request_id = member_request.pk if isinstance(member_request, MemberRequest) else member_request
    rows = MemberRequest.objects.select_for_update(of=("self",))
    related = ("member__account__data_key", "data_key", "values_key", "consent__collection")
    return rows.select_related(*related).get(pk=request_id)


def locked_for(step: Step, member_request: MemberRequest, *, seen: int | None, actor: Actor) -> MemberRequest:
    """The request under its lock, once it is sure that the actor may take the step.

    `seen` is the version that the actor had before them. Raises `PortalError` `changed_meanwhile` where it is
    another by now: the sentence tells what happened, and by whom; `details` hold `what`, `by`, `by_name`, `at`.
    Otherwise what `steps.why_not` says.
    """
    found = locked(member_request)
    refusal = why_not(step, found, Worker.of(actor))
    if refusal and refusal.code == "not_allowed":  # and learns nothing of what happened
        raise refusal
    if seen is not None and seen != found.version:
        raise _changed_meanwhile(found)
    if refusal:
        raise refusal
    return found


def write(
    member_request: MemberRequest,
    kind: RequestEvent.Kind,
    *,
    actor: Actor,
    details: Mapping[str, Any] | None = None,
    remark: str = "",
    is_new: bool = False,
) -> RequestEvent:
    """Save a changed request with its due day, append the event, and tell the member of it."""
    if not is_new:
        member_request.version += 1
    member_request.due_on = deadlines.due_day(member_request)
    save_as(actor, member_request, reason=f"request.{kind}", force_insert=is_new)
    event = RequestEvent(
        member_request=member_request,
        kind=kind,
        state=member_request.state,
        version=member_request.version,
        details=dict(details or {}),
        actor_kind=actor.kind,
        actor_id=actor.account_id,
        actor_name=actor.name,
        data_key=member_request.data_key,
        remark=remark or None,
    )
    event.save(force_insert=True)
    telling.tell(event)
    return event


def write_message(member_request: MemberRequest, text: str, *, actor: Actor) -> Message:
    """Add a message to the thread; the step it belongs to is the caller's to write."""
    message = Message(
        member_request=member_request,
        by_member=actor.kind == "member",
        actor_id=actor.account_id,
        data_key=member_request.data_key,
        text=text,
    )
    message.save(force_insert=True)
    return message


def name_of(event: RequestEvent) -> str:
    """Who did it, as a colleague may be told: a name of staff, the member, or the portal itself."""
    if event.actor_kind == "member":
        return _("the member")
    if event.actor_kind == "staff" and event.actor_id:
        name = Account.objects.filter(pk=event.actor_id).values_list("staff_name", flat=True).first()
        return name or str(event.actor_id)
    return _("the portal")


def _changed_meanwhile(member_request: MemberRequest) -> PortalError:
    event = member_request.events.latest("id")
    at = timezone.localtime(event.at)
    by_name, what = name_of(event), event.get_kind_display()
    return PortalError(
        "changed_meanwhile",
        _(
            "Meanwhile, this happened to the request: %(what)s, by %(who)s, %(when)s. Nothing was recorded now; "
            "what you typed is still here. Look at the request as it is, and decide again."
        )
        % {"what": what, "who": by_name, "when": date_format(at, "DATETIME_FORMAT")},
        what=event.kind,
        by=event.actor_id,
        by_name=by_name,
        at=event.at,
        version=member_request.version,
        state=member_request.state,
    )
