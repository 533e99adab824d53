"""Two colleagues who press their buttons at the same moment: one step is taken, and the other is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from members.models import Account, Member
from requests import workflow
from requests.models import MemberRequest, RequestEvent
from tests.factories import a_request, fresh, staff_acting
from tests.requests.desk_pages import step_url

SignIn = Callable[[Member | Account], Client]
pytestmark = pytest.mark.django_db(transaction=True)
DECISIONS = (RequestEvent.Kind.APPROVED, RequestEvent.Kind.REFUSED)


def at_once(clients: list[Client], member_request: MemberRequest, step: str, typed: list[dict[str, Any]]) -> list[Any]:
    """The answers to the same step, sent by all at the same moment."""
    barrier = Barrier(len(clients))

    def press(client: Client, values: dict[str, Any]) -> Any:
        barrier.wait()
        try:
            return client.post(step_url(member_request, step), {"seen": member_request.version, **values})
        finally:
            connection.close()

    with ThreadPoolExecutor(len(clients)) as pool:
        return list(pool.map(press, clients, typed))


def test_of_two_decisions_one_is_made_and_the_other_comes_back(
    alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    member_request = a_request("general_inquiry", alice)
    workflow.take(member_request, seen=1, actor=staff_acting(agent))
    typed = [
        {"decision": "approved", "reason": "설정에서 바꾸실 수 있습니다."},
        {"decision": "refused", "ground": "outside_our_task", "reason": "다른 곳에 문의해 주세요."},
    ]
    clients = [signed_in(agent), signed_in(officer)]
    answers = at_once(clients, fresh(member_request), "decide", typed)
    assert sorted(answer.status_code for answer in answers) == [302, 409]
    assert member_request.events.filter(kind__in=DECISIONS).count() == 1
    lost = next(number for number, answer in enumerate(answers) if answer.status_code == 409)
    text = answers[lost].content.decode()
    assert typed[lost]["reason"] in text
    assert (officer, agent)[lost].staff_name in text


def test_of_two_who_take_it_one_has_it(alice: Member, agent: Account, officer: Account, signed_in: SignIn) -> None:
    member_request = a_request("general_inquiry", alice)
    answers = at_once([signed_in(agent), signed_in(officer)], member_request, "take", [{}, {}])
    assert [answer.status_code for answer in answers] == [302, 302]
    assert member_request.events.filter(kind=RequestEvent.Kind.TAKEN).count() == 1
    assert fresh(member_request).assigned_to in (agent.pk, officer.pk)


def test_a_hasty_hand_writes_one_message(alice: Member, officer: Account, signed_in: SignIn) -> None:
    member_request, client = a_request("general_inquiry", alice), signed_in(officer)
    answers = at_once([client] * 4, member_request, "write", [{"text": "확인하고 있습니다."}] * 4)
    assert {answer.status_code for answer in answers} == {302}
    assert member_request.messages.count() == 1
