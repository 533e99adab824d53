"""Which steps a request allows whom: asked by pages for their buttons, and again by the verbs themselves."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.auth.backends import ModelBackend
from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy

from members.models import Account
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError

from . import deadlines
from .models import DECIDED, UNDECIDED, MemberRequest, State

WORK, WORK_ANY, CONFIRM = "requests.work_request", "requests.work_any_request", "requests.confirm_decision"


class Step(models.TextChoices):
    """Every step there is; the label is the button's."""

    TAKE = "take", gettext_lazy("Take")
    ASSIGN = "assign", gettext_lazy("Assign")
    HAND_OVER = "hand_over", gettext_lazy("Hand over")
    ASK = "ask", gettext_lazy("Ask the member")
    CHECK_IDENTITY = "check_identity", gettext_lazy("Record the check of identity")
    EXTEND = "extend", gettext_lazy("Extend the period")
    DECIDE = "decide", pgettext_lazy("request", "Decide")
    CONFIRM = "confirm", gettext_lazy("Confirm the decision")
    SEND_BACK = "send_back", gettext_lazy("Send back")
    FINISH = "finish", gettext_lazy("Finish")
    WRITE = "write", gettext_lazy("Write to the member")
    # The member's own.
    ANSWER = "answer", gettext_lazy("Answer")
    ADD_DOCUMENT = "add_document", gettext_lazy("Add a document")
    CANCEL = "cancel", gettext_lazy("Cancel the request")


BY_MEMBER = (Step.ANSWER, Step.ADD_DOCUMENT, Step.CANCEL, Step.WRITE)
# From which states each step leads on.
FROM: dict[Step, tuple[State, ...]] = {
    Step.TAKE: (State.RECEIVED, State.IN_REVIEW, State.WAITING),
    Step.ASSIGN: (*UNDECIDED, *DECIDED),
    Step.HAND_OVER: (*UNDECIDED, *DECIDED),
    Step.ASK: (State.IN_REVIEW,),
    Step.CHECK_IDENTITY: (State.IN_REVIEW, State.WAITING),
    Step.EXTEND: (State.RECEIVED, State.IN_REVIEW, State.WAITING),
    Step.DECIDE: (State.IN_REVIEW,),
    Step.CONFIRM: (State.TO_CONFIRM,),
    Step.SEND_BACK: (State.TO_CONFIRM,),
    Step.FINISH: DECIDED,
    Step.WRITE: (*UNDECIDED, *DECIDED),
    Step.ANSWER: (State.WAITING,),
    Step.ADD_DOCUMENT: (State.RECEIVED, State.IN_REVIEW, State.WAITING),
    Step.CANCEL: UNDECIDED,
}


@dataclass(frozen=True)
class Worker:
    """What somebody may do at the desk at all, asked once for a page with many buttons."""

    actor: Actor
    works: bool
    works_any: bool
    confirms: bool

    @classmethod
    def of(cls, actor: Actor) -> Worker:
        if actor.kind == "system":
            return cls(actor, True, True, False)
        account = None
        if actor.kind == "staff" and actor.account_id:
            account = get_user_model()._default_manager.filter(pk=actor.account_id, is_staff=True).first()
        if account is None:
            return cls(actor, False, False, False)
        return cls(actor, account.has_perm(WORK), account.has_perm(WORK_ANY), account.has_perm(CONFIRM))

    @property
    def account_id(self) -> UUID | None:
        return self.actor.account_id

    def may_see(self, member_request: MemberRequest) -> bool:
        return self.works_any or (self.works and member_request.assigned_to == self.account_id)


def allowed_steps(member_request: MemberRequest, actor: Actor) -> list[Step]:
    """The steps that this request allows this actor now, in the order of the buttons."""
    worker = Worker.of(actor)
    return [step for step in FROM if why_not(step, member_request, worker) is None]


def why_not(step: Step, member_request: MemberRequest, worker: Worker) -> PortalError | None:
    """Why this step is not this worker's to take now, if so. Verbs ask it under the lock."""
    if worker.actor.kind == "member":
        refusal = None if step in BY_MEMBER else _not_allowed()
        return refusal or _why_not_member(member_request, worker.actor) or _why_not_from(step, member_request)
    if step in (Step.ANSWER, Step.ADD_DOCUMENT, Step.CANCEL):
        return _not_allowed()
    return (
        _why_not_worker(step, member_request, worker)
        or _why_not_from(step, member_request)
        or _why_not_particular(step, member_request, worker)
    )


def why_not_member(member_request: MemberRequest, actor: Actor) -> PortalError | None:
    """Why this request is not this actor's own, if so: the member's, or a visitor's who holds the link."""
    return _why_not_member(member_request, actor)


def colleagues() -> list[Account]:
    """Whom a request can be assigned to: active staff with the right to work on requests."""
    return list(ModelBackend().with_perm(WORK, is_active=True).filter(is_staff=True).order_by("staff_name"))


def _not_allowed() -> PortalError:
    return PortalError("not_allowed", _("Your account has no right to do this. Ask a privacy officer."))


def _why_not_member(member_request: MemberRequest, actor: Actor) -> PortalError | None:
    # A visitor's page checks the signed link and acts without an account.
    if actor.kind != "member" or actor.account_id != member_request.member.account_id:
        return PortalError("not_yours", _("This is not your request."))
    return None


def _why_not_worker(step: Step, member_request: MemberRequest, worker: Worker) -> PortalError | None:
    if not worker.works or (step == Step.ASSIGN and not worker.works_any):
        return _not_allowed()
    if step in (Step.CONFIRM, Step.SEND_BACK):
        return None if worker.confirms else _not_allowed()
    if step == Step.TAKE:
        if member_request.assigned_to is None:
            return None
        return PortalError(
            "taken_already", _("Somebody has taken this request already."), by=member_request.assigned_to
        )
    if not worker.may_see(member_request):
        return PortalError("not_yours", _("This request is assigned to somebody else."))
    return None


def _why_not_from(step: Step, member_request: MemberRequest) -> PortalError | None:
    if member_request.state in FROM[step]:
        return None
    return PortalError(
        "wrong_state",
        _("This cannot be done now: the request is in the state “%(state)s”.")
        % {"state": member_request.get_state_display()},
        state=member_request.state,
    )


def _why_not_particular(step: Step, member_request: MemberRequest, worker: Worker) -> PortalError | None:
    if step == Step.EXTEND:
        return why_not_extend(member_request)
    if step in (Step.DECIDE, Step.TAKE) and worker.account_id in member_request.not_decided_by:
        return PortalError(
            "decided_before", _("You made the decision that this is about. Somebody else has to decide it.")
        )
    if step in (Step.CONFIRM, Step.SEND_BACK):
        if worker.account_id == member_request.decided_by:
            return PortalError("second_person", _("You made this decision. Somebody else has to confirm it."))
        if worker.account_id in member_request.not_decided_by:
            return PortalError(
                "decided_before", _("You made the decision that this is about. Somebody else has to decide it.")
            )
    return None


def why_not_extend(member_request: MemberRequest) -> PortalError | None:
    """Why the period cannot be made longer, if so: not by this kind, not twice, not once it is over (Q1)."""
    if member_request.the_kind.extension_days is None:
        return PortalError("no_extension", _("The period of this kind of request cannot be extended."))
    if member_request.extended_days:
        return PortalError("extended_already", _("The period was extended once already."))
    if member_request.is_overdue():
        return PortalError("overdue", _("The period is over. It can only be extended before its last day has passed."))
    return None


def next_due_day(member_request: MemberRequest) -> str:
    """The due day that an extension would give, as ISO date: told before it is extended."""
    kind = member_request.the_kind
    extended = MemberRequest(
        counts_from=member_request.counts_from,
        period_days=member_request.period_days,
        paused_days=member_request.paused_days,
        extended_days=kind.extension_days or 0,
    )
    return deadlines.due_day(extended).isoformat()
