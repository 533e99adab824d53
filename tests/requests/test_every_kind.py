"""Every kind of request through every state, by the real verbs."""

from __future__ import annotations

import pytest

from members.models import Member
from requests import kinds
from requests.models import MemberRequest
from tests.factories import a_business, a_member, a_request

pytestmark = pytest.mark.django_db

STATES = (
    "received",
    "in_review",
    "waiting",
    "approved",
    "partly_approved",
    "refused",
    "done",
    "cancelled",
)
WITHOUT_PARTS = {"suspension", "deletion", "information_change_business"}  # these ask for one thing only


def asks(kind_code: str) -> Member:
    return a_business() if kind_code == "information_change_business" else a_member()


@pytest.mark.parametrize("kind_code", kinds.kinds())
@pytest.mark.parametrize("state", STATES)
def test_a_request_comes_to_every_state(kind_code: str, state: str) -> None:
    if state == "partly_approved" and kind_code in WITHOUT_PARTS | {"correction"}:
        pytest.skip("asks for one thing only")
    member_request = a_request(kind_code, asks(kind_code), state=state)
    assert member_request.state == state
    events = list(member_request.events.order_by("id"))
    assert [event.version for event in events] == [*range(1, member_request.version + 1)]
    assert events[-1].state == state


@pytest.mark.parametrize("kind_code", [kind.code for kind in kinds.kinds_for("visitor") if kind.collection])
def test_a_visitor_files_without_an_account(kind_code: str) -> None:
    member_request = a_request(kind_code, None)
    assert member_request.member.kind == Member.Kind.VISITOR
    assert MemberRequest.objects.of(member_request.member).get() == member_request
