"""The steps of a request: who may take which, from where; and who is told what happened meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction

from members.models import Account, Member
from members.staff import PRIVACY_OFFICER, SUPPORT_AGENT
from privacy_portal.errors import PortalError
from requests import deciding, kinds, workflow
from requests.admin import reach
from requests.models import MemberRequest, RequestEvent
from requests.steps import Step, allowed_steps
from tests.factories import (
    a_member,
    a_request,
    a_staff_account,
    acting,
    another_agent,
    decided_by,
    fresh,
    staff_acting,
    the_agent,
    the_officer,
)


def code_of(act: Callable[[], object]) -> str:
    with pytest.raises(PortalError) as error, transaction.atomic():
        act()
    return error.value.code


@pytest.mark.django_db
def test_agents_see_what_is_assigned_to_them_and_take_what_nobody_has(
    alice: Member, officer: Account, auditor: Account
) -> None:
    mine, free = a_request("access", alice, state="in_review"), a_request("general_inquiry", alice)
    agent, other = staff_acting(the_agent()), staff_acting(another_agent())
    assert set(reach.visible_to(the_agent())) == {mine}
    assert set(MemberRequest.objects.filter(reach.listed_for(the_agent()))) == {mine, free}
    assert set(reach.visible_to(another_agent())) == set()
    assert set(MemberRequest.objects.filter(reach.listed_for(another_agent()))) == {free}
    assert set(reach.visible_to(officer)) == set(reach.visible_to(auditor)) == {mine, free}
    assert code_of(lambda: workflow.ask(mine, "질문", seen=mine.version, actor=other)) == "not_yours"
    assert code_of(lambda: decided_by(free, agent, "refused")) == "not_yours"
    to = another_agent().pk
    assert code_of(lambda: workflow.assign(mine, to, seen=mine.version, actor=agent)) == "not_allowed"
    workflow.hand_over(mine, to, seen=mine.version, actor=agent, remark="휴가라 부탁드립니다.")
    assert set(reach.visible_to(the_agent())) == set()
    assert set(reach.visible_to(another_agent())) == {mine}


@pytest.mark.django_db
def test_requests_go_to_colleagues_only(alice: Member, officer: Account, auditor: Account) -> None:
    member_request = a_request("access", alice)
    actor = staff_acting(officer)
    for nobody in (auditor.pk, alice.pk):
        with pytest.raises(PortalError) as refused:
            workflow.assign(member_request, nobody, seen=1, actor=actor)
        assert refused.value.code == "not_a_colleague"
    workflow.assign(member_request, the_agent().pk, seen=1, actor=actor)
    assert fresh(member_request).state == "in_review"


@pytest.mark.django_db
def test_the_buttons_are_the_steps_that_the_verbs_allow(alice: Member, charlie: Member) -> None:
    agent = staff_acting(the_agent())
    assert allowed_steps(a_request("access", alice), agent) == [Step.TAKE]
    reviewed = a_request("access", alice, state="in_review")
    assert allowed_steps(reviewed, agent) == [
        Step.HAND_OVER,
        Step.ASK,
        Step.CHECK_IDENTITY,
        Step.EXTEND,
        Step.DECIDE,
        Step.WRITE,
    ]
    assert allowed_steps(reviewed, acting(alice)) == [Step.WRITE, Step.ADD_DOCUMENT, Step.CANCEL]
    assert allowed_steps(reviewed, acting(charlie)) == []
    done = a_request("access", alice, state="done")
    assert allowed_steps(done, agent) == allowed_steps(done, acting(alice)) == []


@pytest.mark.django_db
def test_what_the_agent_saw_must_be_what_is(alice: Member) -> None:
    member_request = a_request("access", alice, state="in_review")
    workflow.write(member_request, "서류를 더 보낼까요?", actor=acting(alice))
    with pytest.raises(PortalError) as stale:
        decided_by(member_request, staff_acting(the_agent()), "approved", seen=member_request.version)
    assert stale.value.code == "changed_meanwhile"
    assert stale.value.details["what"] == RequestEvent.Kind.MESSAGE_WRITTEN
    assert stale.value.details["by"] == alice.account_id


@pytest.mark.django_db
def test_a_refusal_has_a_lawful_ground_and_a_reason_and_tells_how_to_object(alice: Member) -> None:
    member_request = a_request("access", alice, state="in_review")
    agent = staff_acting(the_agent())
    assert code_of(lambda: decided_by(member_request, agent, "refused", ground="")) == "ground_needed"
    assert code_of(lambda: decided_by(member_request, agent, "refused", ground="public_body")) == "ground_needed"
    assert code_of(lambda: decided_by(member_request, agent, "refused", ground="found_correct")) == "ground_needed"
    assert code_of(lambda: decided_by(member_request, agent, "refused", reason=" ")) == "reason_needed"
    decided_by(member_request, agent, "refused")
    assert "이의" in mail.outbox[-1].body or "object" in mail.outbox[-1].body
    assert fresh(member_request).reason.open_unseen() == "살펴본 결과를 알려 드립니다."


def test_every_kind_can_be_refused_on_some_ground_and_on_none_that_only_public_bodies_have() -> None:
    for kind in kinds.kinds():
        assert kinds.grounds_for(kind), kind
    for ground in kinds.grounds().values():
        assert "35(4)3" not in ground.source.en
        assert "37(2)3" not in ground.source.en
        assert set(ground.kinds) <= set(kinds.kinds())


@pytest.mark.django_db
def test_documents_and_agents_are_looked_at_before_anything_is_granted(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice, state="in_review")
    agent = staff_acting(the_agent())
    assert code_of(lambda: decided_by(member_request, agent, "approved", identity="")) == "identity_unchecked"
    workflow.check_identity(member_request, "document", seen=2, actor=agent, remark="도장이 같음")
    decided_by(member_request, agent, "approved", identity="")
    checked = fresh(member_request)
    assert (checked.identity_checked_by, checked.state) == (agent.account_id, "approved")


@pytest.mark.django_db
def test_four_eyes_whoever_decided_a_deletion_does_not_confirm_it(alice: Member) -> None:
    member_request = a_request("deletion", alice, state="in_review")
    officer = the_officer()
    workflow.assign(member_request, officer.pk, seen=2, actor=staff_acting(officer))
    decided_by(member_request, staff_acting(officer), "approved")
    proposed = fresh(member_request)
    assert proposed.state == "to_confirm"
    seen = proposed.version
    agent = staff_acting(the_agent())
    assert code_of(lambda: deciding.confirm(proposed, seen=seen, actor=staff_acting(officer))) == "second_person"
    assert code_of(lambda: deciding.confirm(proposed, seen=seen, actor=agent)) == "not_allowed"
    second = staff_acting(a_staff_account("second@cloud.example", PRIVACY_OFFICER))
    deciding.send_back(proposed, "무엇이 남는지 더 적어 주세요.", seen=seen, actor=second)
    assert (fresh(proposed).state, fresh(proposed).decision) == ("in_review", "")
    decided_by(member_request, staff_acting(officer), "approved")
    deciding.confirm(proposed, seen=fresh(proposed).version, actor=second)
    assert fresh(proposed).state == "approved"
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberRequest.objects.filter(pk=proposed.pk).update(confirmed_by=officer.pk)


@pytest.mark.django_db
def test_an_objection_is_decided_by_somebody_else_and_reopens_what_was_refused(alice: Member) -> None:
    refused = a_request("access", alice, state="refused")
    objection = a_request("objection", alice, objects_to=refused)
    refuser = staff_acting(the_agent())
    assert code_of(lambda: workflow.take(objection, seen=1, actor=refuser)) == "decided_before"
    workflow.take(objection, seen=1, actor=staff_acting(another_agent()))
    decided_by(objection, staff_acting(another_agent()), "approved")
    deciding.confirm(objection, seen=fresh(objection).version, actor=staff_acting(the_officer()))
    reopened = fresh(refused)
    assert (reopened.state, reopened.decision, reopened.assigned_to) == ("in_review", "", another_agent().pk)
    assert reopened.not_decided_by == [the_agent().pk]
    workflow.hand_over(reopened, the_agent().pk, seen=reopened.version, actor=staff_acting(another_agent()))
    assert code_of(lambda: decided_by(refused, refuser, "refused")) == "decided_before"
    with pytest.raises(IntegrityError), transaction.atomic():
        MemberRequest.objects.filter(pk=refused.pk).update(decided_by=the_agent().pk, decision="approved")


@pytest.mark.django_db
def test_only_a_refusal_is_objected_to_and_once(alice: Member) -> None:
    approved = a_request("general_inquiry", alice, state="approved")
    assert code_of(lambda: a_request("objection", alice, objects_to=approved)) == "cannot_object"
    refused = a_request("general_inquiry", alice, state="refused")
    a_request("objection", alice, objects_to=refused)
    assert code_of(lambda: a_request("objection", alice, objects_to=refused)) == "objected_already"


@pytest.mark.django_db
def test_nothing_of_a_request_s_record_is_changed(alice: Member) -> None:
    member_request = a_request("access", alice, state="waiting")
    for rows in (member_request.events, member_request.messages):
        with pytest.raises(Exception, match="append_only|Cannot"), transaction.atomic():
            rows.update(actor_id=None)


def at_once(*acts: Callable[[], object]) -> list[PortalError]:
    start, errors = threading.Barrier(len(acts)), []

    def run(act: Callable[[], object]) -> None:
        start.wait()
        try:
            act()
        except PortalError as error:
            errors.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return errors


@pytest.mark.django_db(transaction=True)
def test_of_two_who_decide_at_once_the_second_is_told_by_whom() -> None:
    member_request = a_request("access", a_member(), state="in_review")
    officers = [staff_acting(a_staff_account(f"o{n}@cloud.example", PRIVACY_OFFICER)) for n in range(2)]
    seen = member_request.version

    def decide(number: int) -> Callable[[], object]:
        decision = ("approved", "refused")[number]
        return lambda: decided_by(member_request, officers[number], decision, seen=seen)

    (error,) = at_once(decide(0), decide(1))
    decided = fresh(member_request)
    assert error.code == "changed_meanwhile"
    assert (error.details["by"], error.details["what"]) == (decided.decided_by, decided.decision)
    assert error.details["by_name"] in str(error.sentence)
    assert decided.events.filter(kind__in=["approved", "refused"]).count() == 1


@pytest.mark.django_db(transaction=True)
def test_of_ten_who_take_a_request_at_once_one_has_it() -> None:
    member_request = a_request("access", a_member())
    agents = [staff_acting(a_staff_account(f"a{n}@cloud.example", SUPPORT_AGENT)) for n in range(10)]
    errors = at_once(*[lambda agent=agent: workflow.take(member_request, seen=1, actor=agent) for agent in agents])
    assert [error.code for error in errors] == ["changed_meanwhile"] * 9
    assert member_request.events.filter(kind="taken").count() == 1


@pytest.mark.django_db(transaction=True)
def test_cancelling_and_deciding_at_once_is_one_or_the_other() -> None:
    member = a_member()
    member_request = a_request("information_change_individual", member, state="in_review")
    agent = staff_acting(the_agent())
    errors = at_once(
        lambda: workflow.cancel(member_request, actor=acting(member)),
        lambda: decided_by(member_request, agent, "approved", seen=2),
    )
    assert len(errors) == 1
    assert fresh(member_request).state in ("cancelled", "approved")
