"""Every step and every refusal, through the buttons of the request's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client

from members.models import Account, Member
from members.staff import SUPPORT_AGENT
from privacy_portal.retention import holds
from privacy_portal.retention.models import LegalHold
from requests import workflow
from requests.models import Decision, MemberRequest, RequestEvent, State
from tests.factories import a_consent, a_member, a_request, a_staff_account, decided_by, fresh, staff_acting, the_agent
from tests.in_admin import opened, page_of, queries
from tests.requests.desk_pages import QUEUE, offered, step

SignIn = Callable[[Member | Account], Client]
Kind = RequestEvent.Kind
REASON = "인감증명서의 이름이 신청하신 이름과 다릅니다."


def in_hand(agent: Account, kind: str, member: Member, **more: Any) -> MemberRequest:
    """A request that this agent has taken."""
    member_request = a_request(kind, member, **more)
    workflow.take(member_request, seen=1, actor=staff_acting(agent))
    return fresh(member_request)


# ----------------------------------------------------------------------- what is offered
def test_buttons_are_those_of_the_steps_allowed_now(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    client, boss = signed_in(agent), signed_in(officer)
    member_request = a_request("information_change_individual", alice)
    assert offered(boss, member_request) == {"take", "assign", "extend", "write"}
    step(client, member_request, "take")
    usual = {"ask", "check_identity", "extend", "decide", "write"}
    assert offered(client, member_request) == {*usual, "hand_over"}
    assert offered(boss, member_request) == {*usual, "assign"}
    step(client, member_request, "ask", text="보완해 주세요.")
    assert offered(client, member_request) == {"hand_over", "check_identity", "extend", "write"}


def test_an_auditor_reads_the_page_and_has_no_button(alice: Member, auditor: Account, signed_in: SignIn) -> None:
    member_request = a_request("general_inquiry", alice, state="in_review")
    client = signed_in(auditor)
    assert offered(client, member_request) == set()
    assert "요금제를" not in opened(client, page_of(member_request))
    assert step(client, member_request, "write", text="x").status_code == 404


# ----------------------------------------------------------------------- each step
def test_an_officer_assigns_a_request(alice: Member, agent: Account, officer: Account, signed_in: SignIn) -> None:
    member_request = a_request("general_inquiry", alice)
    step(signed_in(officer), member_request, "assign", to=str(agent.pk))
    assert (fresh(member_request).assigned_to, fresh(member_request).state) == (agent.pk, State.IN_REVIEW)


def test_an_agent_hands_over_and_is_back_at_the_queue(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "general_inquiry", alice), signed_in(agent)
    response = step(client, member_request, "hand_over", to=str(officer.pk), remark="휴가라서 부탁드립니다.")
    assert response["Location"] == QUEUE
    assert fresh(member_request).assigned_to == officer.pk
    assert "휴가라서 부탁드립니다." in opened(signed_in(officer), page_of(member_request))


def test_an_agent_may_not_assign(alice: Member, agent: Account, officer: Account, signed_in: SignIn) -> None:
    member_request = in_hand(agent, "general_inquiry", alice)
    response = step(signed_in(agent), member_request, "assign", to=str(officer.pk))
    assert response.context["above"].code == "not_allowed"
    assert fresh(member_request).assigned_to == agent.pk


def test_the_member_is_asked_and_written_to(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(agent, "information_change_individual", alice), signed_in(agent)
    step(client, member_request, "write", text="확인하고 있습니다.")
    step(client, member_request, "ask", text="인감증명서를 다시 보내 주세요.")
    text = opened(client, page_of(member_request))
    assert fresh(member_request).state == State.WAITING
    assert text.index("확인하고 있습니다.") < text.index("인감증명서를 다시 보내 주세요.")


def test_the_check_of_identity_is_on_the_page_with_who_and_how(
    alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "information_change_individual", alice), signed_in(agent)
    step(client, member_request, "check_identity", how="phone", remark="등록된 번호로 통화")
    line = next(value for name, value, _url in client.get(page_of(member_request)).context["facts"] if "통화" in value)
    assert agent.staff_name in line


def test_the_period_is_extended_with_a_reason(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(agent, "access", alice), signed_in(agent)
    before = member_request.due_on
    step(client, member_request, "extend", reason="자료가 많아 시간이 더 필요합니다.")
    assert fresh(member_request).due_on > before
    assert "extend" not in offered(client, member_request)
    assert step(client, member_request, "extend", reason="한 번 더").context["above"].code == "extended_already"


def test_a_change_is_approved_with_the_check_of_identity_in_one_step(
    alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "information_change_individual", alice), signed_in(agent)
    text = opened(client, page_of(member_request))
    assert "김*늘" in text
    assert "홍*순" in text
    step(client, member_request, "decide", decision="approved", identity="document")
    assert fresh(member_request).state == State.APPROVED
    alice.refresh_from_db()
    assert alice.name is not None
    assert alice.name.open() == "홍길순"
    text = opened(client, page_of(member_request))
    assert "김*늘" in text
    assert "홍*순" in text


def test_a_part_is_approved_by_ticking_it(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(agent, "information_change_individual", alice), signed_in(agent)
    typed: dict[str, Any] = {
        "decision": "partly_approved",
        "identity": "document",
        "ground": "documents_insufficient",
        "reason": REASON,
    }
    everything = step(client, member_request, "decide", parts=["name", "address"], **typed)
    assert everything.context["deciding"][0].form.errors["parts"]
    step(client, member_request, "decide", parts=["address"], **typed)
    assert fresh(member_request).state == State.PARTLY_APPROVED
    alice.refresh_from_db()
    assert alice.name is not None
    assert alice.name.open() == "김하늘"
    assert alice.address is not None
    assert "세종대로" in alice.address.open()


def test_what_no_field_can_mend_is_said_above_the_page(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "deletion", alice), signed_in(agent)
    holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    response = step(client, member_request, "decide", decision="approved", remark="동료에게")
    assert len(response.context["troubles"]) == 1
    assert str(response.context["troubles"][0]) in response.content.decode()
    assert response.context["deciding"][0].form["remark"].value() == "동료에게"
    assert fresh(member_request).state == State.IN_REVIEW


def test_a_refund_needs_its_amount(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(agent, "duplicate_payment", alice), signed_in(agent)
    response = step(client, member_request, "decide", decision="approved", identity="document")
    assert response.context["deciding"][0].form.errors["amount"]
    step(client, member_request, "decide", decision="approved", identity="document", amount="33000")
    assert fresh(member_request).state == State.APPROVED
    assert "33000" in opened(client, page_of(member_request)).replace(",", "")


def test_an_inquiry_is_answered(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(agent, "general_inquiry", alice), signed_in(agent)
    response = step(client, member_request, "decide", decision="approved")
    assert response.context["deciding"][0].form.errors["reason"]
    step(client, member_request, "decide", decision="approved", reason="설정에서 바꾸실 수 있습니다.")
    step(client, member_request, "finish")
    assert fresh(member_request).state == State.DONE
    assert offered(client, member_request) == set()


@pytest.mark.parametrize(("missing", "field"), [("ground", "ground"), ("reason", "reason")])
def test_a_refusal_without_ground_or_reason_comes_back_with_what_was_typed(
    missing: str, field: str, alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "correction", alice), signed_in(agent)
    typed: dict[str, Any] = {
        "decision": "refused",
        "ground": "found_correct",
        "reason": REASON,
        "remark": "동료에게",
    } | {missing: ""}
    response = step(client, member_request, "decide", **typed)
    form = response.context["deciding"][0].form
    assert list(form.errors) == [field]
    assert form["remark"].value() == "동료에게"
    assert fresh(member_request).state == State.IN_REVIEW


def test_a_refusal_is_shown_as_the_member_will_read_it_and_changes_nothing_yet(
    agent: Account, signed_in: SignIn
) -> None:
    member_request = in_hand(agent, "correction", a_member(language="en"), language="en")
    client = signed_in(agent)
    typed: dict[str, Any] = {"decision": "refused", "ground": "found_correct", "reason": "It is right as it is."}
    response = step(client, member_request, "decide", preview="1", **typed)
    preview = response.context["preview"]
    assert "was refused" in preview
    assert "We looked into it" in preview
    assert "It is right as it is." in preview
    assert "90" in preview
    assert fresh(member_request).state == State.IN_REVIEW
    step(client, member_request, "decide", **typed)
    assert fresh(member_request).state == State.REFUSED


def test_a_deletion_takes_effect_once_a_second_person_confirms_it(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request = in_hand(agent, "deletion", alice)
    client, boss = signed_in(agent), signed_in(officer)
    step(client, member_request, "decide", decision="approved", remark="모두 확인함")
    assert fresh(member_request).state == State.TO_CONFIRM
    assert not {"confirm", "send_back"} & offered(client, member_request)
    assert {"confirm", "send_back"} <= offered(boss, member_request)
    step(boss, member_request, "send_back", remark="보관 의무를 다시 보세요.")
    assert fresh(member_request).state == State.IN_REVIEW
    step(client, member_request, "decide", decision="approved")
    step(boss, member_request, "confirm")
    assert (fresh(member_request).state, fresh(member_request).confirmed_by) == (State.APPROVED, officer.pk)


def test_whoever_proposed_does_not_confirm(alice: Member, officer: Account, signed_in: SignIn) -> None:
    member_request, client = in_hand(officer, "deletion", alice), signed_in(officer)
    step(client, member_request, "decide", decision="approved")
    assert step(client, member_request, "confirm").context["above"].code == "second_person"
    assert fresh(member_request).state == State.TO_CONFIRM


def test_an_objection_is_decided_by_somebody_else(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    refused = in_hand(agent, "general_inquiry", alice)
    decided_by(refused, staff_acting(agent), "refused")
    objection = a_request("objection", alice, objects_to=fresh(refused))
    assert step(signed_in(agent), objection, "take", seen=1)["Location"] == QUEUE
    assert fresh(objection).assigned_to is None
    other = a_staff_account("third@cloud.example", SUPPORT_AGENT)
    client = signed_in(other)
    step(client, objection, "take", seen=1)
    step(client, objection, "decide", decision="approved")
    step(signed_in(officer), objection, "confirm")
    assert fresh(refused).state == State.IN_REVIEW


# ----------------------------------------------------------------------- two at once, stale pages, second clicks
def test_the_second_of_two_is_told_what_happened_and_loses_nothing_typed(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request = in_hand(agent, "correction", alice)
    seen = member_request.version
    step(signed_in(officer), member_request, "write", text="제가 봅니다.")
    typed: dict[str, Any] = {"decision": "refused", "ground": "found_correct", "reason": REASON, "remark": "동료에게"}
    response = step(signed_in(agent), member_request, "decide", seen=seen, **typed)
    assert response.status_code == 409
    text = response.content.decode()
    assert officer.staff_name in text
    assert str(Kind.MESSAGE_WRITTEN.label) in str(response.context["above"].sentence)
    form = response.context["deciding"][0].form
    assert {name: form[name].value() for name in typed} == typed
    assert fresh(member_request).state == State.IN_REVIEW
    # With the request as it is now before them, the same can be sent again.
    assert f'name="seen" value="{fresh(member_request).version}"' in text
    step(signed_in(agent), member_request, "decide", **typed)
    assert fresh(member_request).state == State.REFUSED


def test_what_was_typed_is_kept_where_the_step_is_no_longer_possible(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request = in_hand(agent, "correction", alice)
    seen = member_request.version
    decided_by(member_request, staff_acting(officer), "refused")
    response = step(signed_in(agent), member_request, "decide", seen=seen, decision="approved", reason=REASON)
    text = response.content.decode()
    assert response.status_code == 409
    assert officer.staff_name in text
    assert REASON in text
    assert fresh(member_request).decision == Decision.REFUSED


def test_what_was_typed_is_kept_where_the_request_was_given_to_somebody_else(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request = in_hand(agent, "correction", alice)
    seen = member_request.version
    workflow.assign(member_request, the_agent().pk, seen=seen, actor=staff_acting(officer))
    response = step(signed_in(agent), member_request, "decide", seen=seen, decision="approved", reason=REASON)
    text = response.content.decode()
    assert response.status_code == 409
    assert officer.staff_name in text
    assert REASON in text
    assert "김*늘" not in text
    assert "홍*순" not in text


@pytest.mark.parametrize(
    ("name", "typed", "kind"),
    [
        ("write", {"text": "확인하고 있습니다."}, Kind.MESSAGE_WRITTEN),
        ("ask", {"text": "보완해 주세요."}, Kind.ASKED),
        ("extend", {"reason": "자료가 많습니다."}, Kind.EXTENDED),
        ("decide", {"decision": "refused", "ground": "forbidden_by_law", "reason": REASON}, Kind.REFUSED),
    ],
)
def test_a_second_click_does_nothing_and_says_nothing_wrong(
    name: str, typed: dict[str, str], kind: RequestEvent.Kind, alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "access", alice), signed_in(agent)
    for _click in range(2):
        response = step(client, member_request, name, seen=2, **typed)
        assert response["Location"] == page_of(member_request)
    assert member_request.events.filter(kind=kind).count() == 1


@pytest.mark.parametrize(("name", "status"), [("no_such_step", 404), ("answer", 404), ("cancel", 404)])
def test_only_the_desks_own_steps_have_an_address(
    name: str, status: int, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    member_request, client = a_request("general_inquiry", alice), signed_in(officer)
    assert step(client, member_request, name).status_code == status
    assert client.get(f"{QUEUE}{member_request.pk}/step/take/").status_code == 405
    assert client.post(f"{QUEUE}{uuid4()}/step/take/", {"seen": 1}).status_code == 404


@pytest.mark.parametrize("seen", ["", "x", "-1", "9" * 30])
def test_an_odd_version_takes_no_step(seen: str, alice: Member, officer: Account, signed_in: SignIn) -> None:
    member_request, client = a_request("general_inquiry", alice), signed_in(officer)
    response = client.post(f"{QUEUE}{member_request.pk}/step/write/", {"seen": seen, "text": "안녕하세요"})
    assert response.status_code in (200, 409)
    assert fresh(member_request).version == 1


# ----------------------------------------------------------------------- what it costs
def test_the_page_takes_as_many_queries_for_a_long_thread_as_for_a_short_one(
    alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request, client = in_hand(agent, "general_inquiry", alice), signed_in(agent)
    workflow.write(member_request, "하나", actor=staff_acting(agent))
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    few = queries(client, page_of(member_request))
    for number in range(10):
        workflow.write(member_request, f"메시지 {number}", actor=staff_acting(agent))
    assert queries(client, page_of(member_request)) == few
    assert few < 60
