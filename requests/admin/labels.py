"""States and days left as coloured labels, the same wherever the desk shows them."""

from __future__ import annotations

from datetime import date

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from privacy_portal.admin_base import label
from privacy_portal.clock import now
from requests import kinds
from requests.models import MemberRequest, RequestEvent, State

OF_STATES = {
    State.APPROVED: "good",
    State.PARTLY_APPROVED: "good",
    State.REFUSED: "bad",
    State.WAITING: "warn",
    State.TO_CONFIRM: "warn",
}
Kind = RequestEvent.Kind
OF_EVENTS = {
    Kind.APPROVED: "good",
    Kind.PARTLY_APPROVED: "good",
    Kind.REFUSED: "bad",
    Kind.CANCELLED: "bad",
    Kind.ASKED: "warn",
    Kind.PROPOSED: "warn",
    Kind.SENT_BACK: "warn",
}


def state_label(state: str) -> SafeString:
    return label(State(state).label, OF_STATES.get(State(state), ""))


def event_label(event: RequestEvent) -> SafeString:
    return label(event.get_kind_display(), OF_EVENTS.get(Kind(event.kind), ""))


def days_left_label(member_request: MemberRequest) -> str | SafeString:
    """Days left with the due day: red when overdue, amber when due soon. The number is `days_left`, as everywhere."""
    left = member_request.days_left()
    if left is None:
        return "–"
    day = format_html('<span class="desk-day">{}</span>', member_request.due_on.isoformat())
    if member_request.state == State.WAITING:
        return format_html("{} {}", label(left), day)
    if member_request.is_overdue():
        words = format_html('{}<span class="record-hidden"> {}</span>', left, _("overdue"))
        return format_html("{} {}", label(words, "bad"), day)
    return format_html("{} {}", label(left, "warn" if left <= soon_days() else "good"), day)


def soon_days(on: date | None = None) -> int:
    return kinds.number("soon_days", on or timezone.localdate(now()))
