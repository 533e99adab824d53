"""What members, visitors and the desk are told by e-mail, and the link that a visitor follows."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.core import mail

from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.outbox.models import Mail
from requests import digest, links, workflow
from tests.factories import a_member, a_request, acting, fresh, staff_acting, the_agent

pytestmark = pytest.mark.django_db
NEVER = ("홍길동", "김하늘", "홍길순", "세종대로", "서류를 한 번", "살펴본 결과", "3만", "visitor@")


def subjects() -> list[str]:
    return [one.subject.split(": ", 1)[1] for one in mail.outbox]


def test_each_step_is_told_in_the_member_s_language() -> None:
    member = a_member(language="en")
    member_request = a_request("information_change_individual", member, state="waiting", language="en")
    workflow.answer(member_request, "여기 있습니다.", actor=acting(member))
    assert subjects() == [
        "we received your request",
        "we are looking at your request",
        "we need something from you",
        "we received your answer",
    ]
    workflow.cancel(member_request, actor=acting(member))
    assert subjects()[-1] == "your request is cancelled"


@pytest.mark.parametrize("kind", ["information_change_individual", "duplicate_payment", "access", "objection"])
def test_no_mail_names_anything_but_the_reference(kind: str, alice: Member) -> None:
    a_request(kind, alice, state="refused")
    for one in mail.outbox:
        assert not [value for value in NEVER if value in f"{one.subject}{one.body}"]


def test_a_visitor_is_told_at_the_address_they_gave_with_a_link_that_opens_the_request() -> None:
    member_request = a_request("infringement_report", None, state="in_review")
    assert {tuple(one.to) for one in mail.outbox} == {("visitor@example.com",)}
    token = mail.outbox[-1].body.split("/requests/follow/")[1].split("/")[0]
    before = (member_request.version, member_request.events.count())
    assert links.read(token) == member_request
    after = fresh(member_request)
    assert (after.version, after.events.count()) == before


def test_a_link_expires_and_a_broken_or_borrowed_one_opens_nothing(alice: Member) -> None:
    token = links.sign(a_request("general_inquiry", None))
    with pretending(now() + timedelta(days=31)), pytest.raises(PortalError) as expired:
        links.read(token)
    with pytest.raises(PortalError) as broken:
        links.read(token[:-2])
    with pytest.raises(PortalError) as member_s:
        links.read(links.sign(a_request("access", alice)))
    assert (expired.value.code, broken.value.code, member_s.value.code) == (
        "link_expired",
        "link_invalid",
        "link_invalid",
    )


def test_a_member_s_mail_waits_sealed_and_in_the_transaction_of_the_step(alice: Member) -> None:
    before = Mail.objects.count()
    member_request = a_request("access", alice)
    with pytest.raises(PortalError):
        workflow.take(member_request, seen=7, actor=staff_acting(the_agent()))
    assert Mail.objects.count() == before + 1


def test_the_digest_tells_agents_what_is_new_and_what_of_theirs_is_due(alice: Member, officer: Account) -> None:
    moment = now()
    with pretending(moment - timedelta(days=20)):
        overdue = a_request("access", alice, state="in_review")
    with pretending(moment - timedelta(days=9)):
        soon = a_request("access", alice, state="in_review")
    new = a_request("access", alice)
    mail.outbox.clear()
    with pretending(moment):
        digest.send.call()
        told = {one.to[0]: one for one in mail.outbox}
        assert set(told) == {"desk.agent@cloud.example", "officer@cloud.example"}
        for reference in (overdue.reference, new.reference):
            assert all(reference in one.body for one in told.values())
        assert soon.is_undecided
        assert [row.pk for row in digest.of(the_agent())["overdue"]] == [overdue.pk]
        assert [row.pk for row in digest.of(the_agent())["new"]] == [new.pk]
    assert not [value for value in NEVER for one in told.values() if value in f"{one.subject}{one.body}"]


def test_nobody_is_written_to_about_nothing(officer: Account) -> None:
    digest.send.call()
    assert mail.outbox == []
