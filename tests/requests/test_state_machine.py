"""Whatever is done to a request, in whatever order and by whomever: its record and its state never contradict."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from requests import deciding, workflow
from requests.models import CLOSED, DECIDED, MemberRequest, State
from requests.steps import Step, allowed_steps
from tests.factories import (
    a_member,
    a_request,
    acting,
    another_agent,
    decided_by,
    fresh,
    staff_acting,
    the_agent,
    the_officer,
)

# Where a request can go from each state, in one step.
LEADS_TO: dict[str, set[str]] = {
    State.RECEIVED: {State.IN_REVIEW, State.CANCELLED},
    State.IN_REVIEW: {State.WAITING, State.TO_CONFIRM, *DECIDED, State.CANCELLED},
    State.WAITING: {State.IN_REVIEW, State.CANCELLED},
    State.TO_CONFIRM: {State.IN_REVIEW, *DECIDED, State.CANCELLED},
    **{state: {State.DONE} for state in DECIDED},
    State.DONE: set(),
    State.CANCELLED: set(),
}
KINDS = ("information_change_individual", "duplicate_payment", "access", "deletion")
WHO = st.sampled_from(["agent", "other", "officer", "member", "stranger"])


class Desk(RuleBasedStateMachine):
    member: Member
    member_request: MemberRequest
    actors: dict[str, Actor]

    @initialize(kind=st.sampled_from(KINDS))
    def file(self, kind: str) -> None:
        self.member = a_member()
        self.member_request = a_request(kind, self.member)
        self.actors = {
            "agent": staff_acting(the_agent()),
            "other": staff_acting(another_agent()),
            "officer": staff_acting(the_officer()),
            "member": acting(self.member),
            "stranger": Actor("member"),
        }

    def attempt(self, step: Step, who: str, act: Callable[[MemberRequest, Actor], object]) -> None:
        """A step is taken exactly when it is among those allowed; refused, it changes nothing."""
        before = fresh(self.member_request)
        allowed = step in allowed_steps(before, self.actors[who])
        refused = ""
        try:
            with transaction.atomic():
                act(before, self.actors[who])
        except PortalError as error:
            refused = error.code
        after = fresh(self.member_request)
        if refused:
            assert (after.version, after.state) == (before.version, before.state)
            assert not allowed, refused
        else:
            assert allowed or after.state in CLOSED  # cancelling or finishing again is no error
            assert after.state == before.state or after.state in LEADS_TO[before.state]

    @rule(who=WHO)
    def take(self, who: str) -> None:
        self.attempt(Step.TAKE, who, lambda r, actor: workflow.take(r, seen=r.version, actor=actor))

    @rule(who=WHO, to=st.sampled_from(["agent", "other", "officer"]))
    def assign(self, who: str, to: str) -> None:
        colleague = self.actors[to].account_id
        self.attempt(
            Step.ASSIGN,
            who,
            lambda r, actor: workflow.assign(r, colleague, seen=r.version, actor=actor),  # type: ignore[arg-type]
        )

    @rule(who=WHO)
    def ask(self, who: str) -> None:
        self.attempt(Step.ASK, who, lambda r, actor: workflow.ask(r, "질문", seen=r.version, actor=actor))

    @rule(who=WHO)
    def answer(self, who: str) -> None:
        self.attempt(Step.ANSWER, who, lambda r, actor: workflow.answer(r, "대답", actor=actor))

    @rule(who=WHO)
    def write(self, who: str) -> None:
        self.attempt(Step.WRITE, who, lambda r, actor: workflow.write(r, "안내", actor=actor))

    @rule(who=WHO)
    def extend(self, who: str) -> None:
        self.attempt(Step.EXTEND, who, lambda r, actor: workflow.extend(r, "사유", seen=r.version, actor=actor))

    @rule(who=WHO, decision=st.sampled_from(["approved", "refused"]))
    def decide(self, who: str, decision: str) -> None:
        self.attempt(Step.DECIDE, who, lambda r, actor: decided_by(r, actor, decision))

    @rule(who=WHO)
    def confirm(self, who: str) -> None:
        self.attempt(Step.CONFIRM, who, lambda r, actor: deciding.confirm(r, seen=r.version, actor=actor))

    @rule(who=WHO)
    def send_back(self, who: str) -> None:
        self.attempt(Step.SEND_BACK, who, lambda r, actor: deciding.send_back(r, "다시", seen=r.version, actor=actor))

    @rule(who=WHO)
    def finish(self, who: str) -> None:
        self.attempt(Step.FINISH, who, lambda r, actor: deciding.finish(r, seen=r.version, actor=actor))

    @rule(who=WHO)
    def cancel(self, who: str) -> None:
        self.attempt(Step.CANCEL, who, lambda r, actor: workflow.cancel(r, actor=actor))

    @rule()
    def withdraw_the_consent(self) -> None:
        consent = fresh(self.member_request).consent
        if consent is not None and consent.stands:
            withdraw(consent, language="ko", actor=self.actors["member"])
            assert fresh(self.member_request).state in CLOSED

    @invariant()
    def the_events_tell_the_state(self) -> None:
        if not hasattr(self, "member_request"):
            return
        now = fresh(self.member_request)
        events = list(now.events.order_by("id"))
        assert [event.version for event in events] == [*range(1, now.version + 1)]
        assert events[-1].state == now.state
        assert now.needs_second_person is False or now.state not in DECIDED or now.confirmed_by != now.decided_by
        assert now.state != State.CANCELLED or now.asked.is_destroyed


@pytest.mark.django_db
def test_no_order_of_steps_brings_a_request_into_a_state_its_record_does_not_tell() -> None:
    run_state_machine_as_test(
        Desk,
        settings=settings(
            max_examples=12, stateful_step_count=15, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
