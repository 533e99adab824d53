"""The page of one request: everything a decision needs, and the steps that are allowed now."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from members.naming import masked_name
from privacy_portal.admin_base import Button, moment
from privacy_portal.admin_history import staff_names
from privacy_portal.audit import sight
from privacy_portal.audit.admin.showing import Showing, reveal_button
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import kinds, steps
from requests.identity import Check, needs_identity
from requests.models import Decision, MemberRequest, RequestEvent
from requests.steps import Step

from . import of_member, papers, queues, reach
from .asked import Reader, contents
from .decision_form import part_names
from .forms import StepForm
from .labels import days_left_label, state_label
from .step_forms import FORMS
from .timeline import events_of, thread_of

RELATED = (
    "member__data_key",
    "member__account__data_key",
    "data_key",
    "values_key",
    "consent__collection",
    "notice__collection",
    "objects_to",
)
Kind = RequestEvent.Kind
DECISIONS = {Kind.APPROVED, Kind.PARTLY_APPROVED, Kind.REFUSED}
# What each step leaves on the record.
EVENTS_OF: dict[Step, set[RequestEvent.Kind]] = {
    Step.TAKE: {Kind.TAKEN},
    Step.ASSIGN: {Kind.ASSIGNED},
    Step.HAND_OVER: {Kind.HANDED_OVER},
    Step.ASK: {Kind.ASKED},
    Step.WRITE: {Kind.MESSAGE_WRITTEN},
    Step.CHECK_IDENTITY: {Kind.IDENTITY_CHECKED},
    Step.EXTEND: {Kind.EXTENDED},
    Step.DECIDE: {Kind.PROPOSED, *DECISIONS},
    Step.CONFIRM: DECISIONS,
    Step.SEND_BACK: {Kind.SENT_BACK},
    Step.FINISH: {Kind.FINISHED},
}
# Steps that one click takes; those whose form is open, and what stands with it; those that stand with the thread.
# The others stand at the side. What is not open is folded behind its name.
AT_ONCE = (Step.TAKE, Step.FINISH)
OPEN = (Step.DECIDE, Step.CONFIRM)
DECIDING = (*OPEN, Step.SEND_BACK)
WRITING = (Step.WRITE, Step.ASK)
# Access keys that reach a step's form or button; none that browsers use for their own menus and address bar.
KEYS = {Step.TAKE: "t", Step.DECIDE: "k", Step.CONFIRM: "k", Step.ASK: "q", Step.WRITE: "w", Step.FINISH: "n"}

# What rooms above add to a request's page: each registers its own.
more_buttons: list[Callable[[HttpRequest, MemberRequest], list[Button]]] = []
sections: list[Callable[[HttpRequest, MemberRequest], str]] = []


@dataclass(frozen=True)
class StepPart:
    """One step on the page: its form, folded or open, and where it is sent."""

    step: Step
    form: StepForm
    url: str
    is_open: bool
    key: str
    intro: str = ""

    @property
    def template(self) -> str:
        return f"admin/requests/memberrequest/{'decide' if self.step == Step.DECIDE else 'step'}.html"

    @property
    def is_at_once(self) -> bool:
        return self.step in AT_ONCE


def response(
    request: HttpRequest,
    member_request: MemberRequest,
    *,
    bound: StepForm | None = None,
    above: PortalError | None = None,
    preview: str = "",
    status: int = 200,
) -> HttpResponse:
    """The page; `bound` is a form that was sent and comes back, `above` what is said over everything."""
    one = MemberRequest.objects.select_related(*RELATED).get(pk=member_request.pk)
    sight.saw(one.member_id)
    parts = step_parts(request, one, bound)
    is_offered = bound is None or any(part.form is bound for part in parts)
    if bound is not None:
        bound.lead_to_what_is_wrong()
    address = reverse("admin:requests_memberrequest_change", args=[one.pk])
    showing = Showing(request, one.member_id, reference=one.reference, back=address)
    reader = Reader(request, one, showing)
    asked, why_not_asked = reader.asked()
    context = {
        "title": f"{one.reference} · {one.the_kind}",
        "one": one,
        "above": above,
        "troubles": bound.non_field_errors() if bound is not None else [],
        "left_over": None if is_offered else bound,
        "preview": preview,
        "state": state_label(one.state),
        "days_left": days_left_label(one),
        "facts": facts(request, one),
        "deciding": [part for part in parts if part.step in DECIDING],
        "open_steps": OPEN,
        "writing": [part for part in parts if part.step in WRITING],
        "steps": [part for part in parts if part.step not in (*DECIDING, *WRITING)],
        "showing": showing,
        "asked": asked,
        "why_not_asked": why_not_asked,
        "shows_changes": reader.shows_changes,
        "representative": reader.representative(),
        "values": reader.values(),
        "documents": papers.of_request(request, one),
        "decision": decision_of(one, reader),
        "thread": thread_of(one, reader),
        "events": events_of(one, reader),
        "may_see_events": request.user.has_perm("requests.view_requestevent"),
        "others": of_member.others(request, one),
        "buttons": buttons(request, one, address),
        "sections": [section(request, one) for section in sections],
    }
    return _page(request, "page", context, status)


def taken_away(
    request: HttpRequest, member_request: MemberRequest, form: StepForm, error: PortalError, *, status: int
) -> HttpResponse:
    """For whoever no longer sees the request: what happened, and what they typed."""
    context = {
        "title": member_request.reference,
        "above": error,
        "left_over": form,
        "queue": reverse("admin:requests_memberrequest_changelist"),
    }
    return _page(request, "taken_away", context, status)


def step_parts(request: HttpRequest, one: MemberRequest, bound: StepForm | None) -> list[StepPart]:
    parts = []
    allowed = steps.allowed_steps(one, actor_of(request))
    for step, form_class in FORMS.items():
        if step not in allowed or (step == Step.HAND_OVER and Step.ASSIGN in allowed):
            continue  # who may assign needs no second way to give a request away
        is_bound = bound is not None and bound.step == step
        form = bound if bound is not None and is_bound else form_class(member_request=one)
        url = reverse("admin:requests_memberrequest_step", args=[one.pk, step.value])
        parts.append(StepPart(step, form, url, is_bound or step in OPEN, KEYS.get(step, ""), intro_of(step, one)))
    return parts


def intro_of(step: Step, one: MemberRequest) -> str:
    """What whoever takes a step should know first."""
    if step == Step.EXTEND:
        return _("The period would end on %(day)s. It can be extended once; the member reads the reason.") % {
            "day": steps.next_due_day(one)
        }
    if step == Step.ASK:
        if one.the_kind.pausing:
            return _("The request waits for the answer, and the period rests until then.")
        return _("The request waits for the answer. The period runs on: the law sets it.")
    if step == Step.DECIDE and one.needs_second_person:
        return _("A second person confirms the decision before it takes effect.")
    return ""


def facts(request: HttpRequest, one: MemberRequest) -> list[tuple[str, Any, str]]:
    """Name, value and link of what is known of a request beside what was asked."""
    staff = staff_names([one.assigned_to, one.decided_by, one.confirmed_by, one.identity_checked_by])
    period = one.the_kind.period(one.counts_from)
    member_url = ""
    if request.user.has_perm("members.view_member"):
        member_url = reverse("admin:members_member_change", args=[one.member_id])
    lines = [
        (_("Member"), f"{masked_name(one.member)} · {one.member.get_kind_display()}", member_url),
        (_("Assigned to"), staff.get(one.assigned_to, "–") if one.assigned_to else "–", ""),
        (_("Due on"), _due(one), ""),
        (_("Period"), f"{_period(one)} · {period.source}", ""),
        (_("Language"), one.get_language_display(), ""),
    ]
    if one.notice is not None:
        url = reverse("admin:policy_notice_change", args=[one.notice_id])
        lines.append((_("Notice agreed to"), str(one.notice), url))
    if one.objects_to is not None and one.objects_to_id is not None:
        objected = reach.visible_to(request.user).filter(pk=one.objects_to_id).exists()
        url = reverse("admin:requests_memberrequest_change", args=[one.objects_to_id]) if objected else ""
        lines.append((_("Objects to"), one.objects_to.reference, url))
    lines.append((_("Identity or authority"), _identity(request, one, staff), ""))
    return lines


def decision_of(one: MemberRequest, reader: Reader) -> dict[str, Any] | None:
    """What was decided, or put to a second person."""
    if not one.decision:
        return None
    staff = staff_names([one.decided_by, one.confirmed_by])
    granted = contents(one.granted) if one.granted is not None else {}
    names, amount, codes = part_names(one), None, []
    if isinstance(granted, dict):
        amount = granted.get("amount")
        codes = [code for value in granted.values() if isinstance(value, list) for code in value]
    in_part = one.decision == Decision.PARTLY_APPROVED
    return {
        "label": one.get_decision_display(),
        "is_proposed": one.is_undecided,
        "by": staff.get(one.decided_by, "–") if one.decided_by else "–",
        "at": one.decided_at,
        "confirmed_by": staff.get(one.confirmed_by, "–") if one.confirmed_by else "",
        "confirmed_at": one.confirmed_at,
        "ground": kinds.grounds().get(one.refusal_ground),
        "reason": reader.text(one.reason),
        "granted": [names.get(code, code) for code in codes] if in_part else [],
        "left_out": [name for code, name in names.items() if code not in codes] if in_part and codes else [],
        "amount": amount,
        "package": getattr(one, "package", None),
    }


def buttons(request: HttpRequest, one: MemberRequest, address: str) -> list[Button]:
    found = [Button(_("Back to the queue"), queues.address_of(queues.open_to(request.user)[0]), "arrow_back")]
    found += reveal_button(request, one.member_id, reference=one.reference, back=address)
    found += [button for more in more_buttons for button in more(request, one)]
    history = reverse("admin:requests_memberrequest_history", args=[one.pk])
    return [*found, Button(_("History"), history, "history")]


def _due(one: MemberRequest) -> str:
    added = []
    if one.extended_days:
        added.append(_("extended by %(days)s days") % {"days": one.extended_days})
    if one.paused_at is not None:
        added.append(_("the period rests"))
    elif one.paused_days:
        added.append(_("rested %(days)s days") % {"days": one.paused_days})
    return " · ".join([one.due_on.isoformat(), *added])


def _period(one: MemberRequest) -> str:
    return _("%(days)s days from %(day)s") % {"days": one.period_days, "day": one.counts_from.isoformat()}


def _identity(request: HttpRequest, one: MemberRequest, staff: dict[Any, str]) -> str:
    if one.identity_checked_at is None:
        return _("not checked yet") if needs_identity(one) else _("no check needed")
    found: Any = contents(one.identity_check) if one.identity_check is not None else {}
    how = found.get("how", "") if isinstance(found, dict) else str(found)
    parts = [str(Check(how).label) if how in Check.values else how]
    parts += [staff.get(one.identity_checked_by, _("the portal")), moment(one.identity_checked_at)]
    if isinstance(found, dict) and found.get("remark") and request.user.has_perm(steps.WORK):
        parts.append(found["remark"])
    return " · ".join(part for part in parts if part)


def _page(request: HttpRequest, template: str, context: dict[str, Any], status: int) -> HttpResponse:
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    context = {**admin.site.each_context(request), "opts": MemberRequest._meta, **context}
    return TemplateResponse(request, f"admin/requests/memberrequest/{template}.html", context, status=status)
