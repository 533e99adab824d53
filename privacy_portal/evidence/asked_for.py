"""What a bundle tells of the requests a person made: what became of each, and every step on the way."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy, pgettext_lazy

from privacy_portal.admin_history import by_whom, staff_names
from privacy_portal.audit import sections
from privacy_portal.audit.sections import Line, Section, Subject
from requests import kinds
from requests.models import MemberRequest, RequestEvent

from .words import DASH, at


def _about(subject: Subject, prefix: str = "") -> Q:
    about = {f"{prefix}member": subject.person_id}
    if subject.consent_id is not None:
        about[f"{prefix}consent"] = subject.consent_id
    return Q(**about)


def _requests(subject: Subject) -> QuerySet[Any]:
    return MemberRequest.objects.filter(_about(subject)).order_by("received_at", "pk")


def _request_lines(requests: Sequence[MemberRequest], opened: bool) -> Iterator[Line]:
    grounds = {one.code: str(one.name) for one in kinds.grounds().values()}
    for one in requests:
        facts = {
            "request": one.pk,
            "reference": one.reference,
            "kind": one.kind,
            "state": one.state,
            "received_at": one.received_at,
            "due_on": one.due_on,
            "decision": one.decision,
            "refusal_ground": one.refusal_ground,
            "decided_at": one.decided_at,
            "closed_at": one.closed_at,
        }
        yield Line(
            [
                one.reference,
                str(one.the_kind.name),
                str(one.get_state_display()),
                at(one.received_at),
                one.due_on.isoformat(),
                one.get_decision_display() or DASH,
                grounds.get(one.refusal_ground, one.refusal_ground) or DASH,
                at(one.decided_at) if one.decided_at else DASH,
            ],
            facts,
        )


def _steps(subject: Subject) -> QuerySet[Any]:
    events = RequestEvent.objects.filter(_about(subject, "member_request__"))
    return events.select_related("member_request").order_by("pk")


def _step_lines(events: Sequence[RequestEvent], opened: bool) -> Iterator[Line]:
    staff = staff_names(event.actor_id for event in events)
    for event in events:
        yield Line(
            [
                at(event.at),
                event.member_request.reference,
                str(event.get_kind_display()),
                str(event.get_state_display()),
                by_whom(event.actor_kind, event.actor_id, event.actor_name, staff),
            ]
        )


def register() -> None:
    """Add these sections; called once, when the portal is ready."""
    reference, state = gettext_lazy("reference"), gettext_lazy("state")
    for section in (
        Section(
            "requests",
            gettext_lazy("Requests"),
            (
                reference,
                pgettext_lazy("request", "kind"),
                state,
                gettext_lazy("received"),
                gettext_lazy("due on"),
                gettext_lazy("decision"),
                gettext_lazy("ground to refuse"),
                gettext_lazy("decided"),
            ),
            _requests,
            _request_lines,
        ),
        Section(
            "request_events",
            gettext_lazy("What was done about requests"),
            (
                gettext_lazy("when"),
                reference,
                gettext_lazy("what"),
                gettext_lazy("state afterwards"),
                gettext_lazy("by whom"),
            ),
            _steps,
            _step_lines,
        ),
    ):
        sections.register(section)
