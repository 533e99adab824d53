"""Rights of staff in the admin: asking, approving, the record, and the quarterly review."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from members.addresses import account_with
from members.models import Account, Member, RightsChange, RightsRequest, RightsReview
from members.rights import asking
from members.staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT, groups_of
from privacy_portal.clock import now, pretending
from tests.factories import a_staff_account, staff_acting
from tests.in_admin import list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]
NEW = "new.colleague@cloud.example"
HOME = reverse("admin:index")


@pytest.fixture
def other(db: None) -> Account:
    return a_staff_account("other.officer@cloud.example", PRIVACY_OFFICER)


def step(name: str, number: object) -> str:
    return reverse(f"admin:members_rightsrequest_{name}", args=[number])


def test_an_account_is_asked_for_by_one_officer_and_approved_by_another(
    officer: Account, other: Account, signed_in: SignIn
) -> None:
    first, second = signed_in(officer), signed_in(other)
    ask = reverse("admin:members_rightsrequest_ask")
    assert ask in opened(first, list_of("members_rightsrequest"))
    typed = {"email": NEW, "name": "새동료", "groups": [SUPPORT_AGENT], "reason": "joins the desk"}
    page = first.post(ask, typed | {"email": "no address"}).content.decode()
    assert "record-error" in page
    assert "joins the desk" in page  # nothing typed is lost
    assert first.post(ask, typed)["Location"] == list_of("members_rightsrequest")
    request = RightsRequest.objects.get()

    # Who asked may take it back, and sees no button to approve it; another officer does, beginning at home.
    own = opened(first, page_of(request))
    assert step("back", request.pk) in own
    assert step("approve", request.pk) not in own
    assert page_of(request) not in opened(first, HOME)
    assert page_of(request) in opened(second, HOME)
    shown = opened(second, page_of(request))
    assert NEW not in shown
    assert "ne******@cloud.example" in shown
    assert first.post(step("approve", request.pk)).status_code == 302
    assert account_with(NEW) is None
    second.post(step("approve", request.pk))
    account = account_with(NEW)
    assert account is not None

    # On the record, on the account's page and in its history.
    change = RightsChange.objects.get(account=account)
    for page in (page_of(change), page_of(change, "history"), page_of(account), list_of("members_rightschange")):
        text = opened(second, page)
        assert "joins the desk" in text or page == list_of("members_rightschange")
    text = opened(second, page_of(change))
    assert officer.staff_name in text
    assert other.staff_name in text
    assert page_of(change) in opened(second, f"{list_of('members_rightschange')}?account={account.pk}")


def test_groups_and_removal_are_asked_for_on_the_account_s_page(
    officer: Account, other: Account, agent: Account, signed_in: SignIn
) -> None:
    first, second = signed_in(officer), signed_in(other)
    page = opened(first, page_of(agent))
    assert step("groups", agent.pk) in page
    assert step("removal", agent.pk) in page
    assert "checked" in opened(first, step("groups", agent.pk))  # the groups of now
    first.post(step("groups", agent.pk), {"groups": [AUDITOR], "reason": "moves"})
    second.post(step("approve", RightsRequest.objects.get().pk))
    assert groups_of(agent) == [AUDITOR]
    first.post(step("removal", agent.pk), {"reason": "leaves"})
    second.post(step("approve", RightsRequest.objects.latest("requested_at").pk))
    agent.refresh_from_db()
    assert not agent.is_active
    assert step("removal", agent.pk) not in opened(first, page_of(agent))
    assert [one.kind for one in RightsChange.objects.filter(account=agent)] == ["removed", "changed", "granted"]


def test_a_refusal_takes_a_reason(officer: Account, other: Account, agent: Account, signed_in: SignIn) -> None:
    request = asking.ask_for_removal(agent, reason="leaves", actor=staff_acting(officer))
    client = signed_in(other)
    assert client.post(step("refuse", request.pk), {"note": ""}).status_code == 200
    client.post(step("refuse", request.pk), {"note": "stays until May"})
    request.refresh_from_db()
    assert (request.state, request.note) == ("refused", "stays until May")
    page = opened(client, page_of(request))
    assert "stays until May" in page
    assert step("approve", request.pk) not in page


def test_an_auditor_reads_the_record_and_does_nothing(
    officer: Account, auditor: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    request = asking.ask_for_removal(agent, reason="leaves", actor=staff_acting(officer))
    client = signed_in(auditor)
    assert step("approve", request.pk) not in opened(client, page_of(request))
    assert step("removal", agent.pk) not in opened(client, page_of(agent))
    for address in (step("approve", request.pk), step("refuse", request.pk), step("back", request.pk)):
        assert client.post(address, {"note": "x"}).status_code == 403
    for name in ("groups", "removal"):
        assert client.post(step(name, agent.pk), {"groups": [AUDITOR], "reason": "x"}).status_code == 403
    assert client.get(reverse("admin:members_rightsrequest_ask")).status_code == 403
    assert client.post(reverse("admin:members_rightsreview_now"), {"note": "x"}).status_code == 403
    # A member's account has no rights to ask for.
    assert signed_in(officer).get(step("groups", alice.account_id)).status_code == 404


def test_the_review_shows_everybody_s_rights_and_is_signed_off(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    client, page = signed_in(officer), reverse("admin:members_rightsreview_now")
    text = opened(client, page)
    assert page_of(agent) in text
    assert str(alice.account_id) not in text
    assert client.post(page, {"note": "", "seen": ""}).status_code == 200
    seen = RightsChange.objects.latest("id").pk
    client.post(page, {"note": "as it should be", "seen": seen})
    review = RightsReview.objects.get()
    assert (review.accounts, review.last_change_id) == (2, seen)
    assert "as it should be" in opened(client, page_of(review))
    assert page in opened(client, list_of("members_rightsreview"))


def test_a_review_that_is_due_is_said_at_home(officer: Account, signed_in: SignIn) -> None:
    client, page = signed_in(officer), reverse("admin:members_rightsreview_now")
    assert page not in opened(client, HOME)
    with pretending(now() + timedelta(days=91)):
        assert page in opened(client, HOME)


@pytest.mark.parametrize("model", ["members_rightsrequest", "members_rightschange", "members_rightsreview"])
def test_lists_take_the_same_queries_however_long_they_are(model: str, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)

    def more(numbers: range) -> None:
        for number in numbers:
            account = a_staff_account(f"agent{number}@cloud.example", SUPPORT_AGENT)
            asking.ask_for_removal(account, reason="leaves", actor=staff_acting(officer))
            RightsReview.objects.create(reviewed_by=officer.pk, note="fine", accounts=number)

    more(range(2))
    few = queries(client, list_of(model))
    more(range(2, 8))
    assert queries(client, list_of(model)) == few


def test_the_review_takes_the_same_queries_however_many_there_are(officer: Account, signed_in: SignIn) -> None:
    client, page = signed_in(officer), reverse("admin:members_rightsreview_now")
    few = queries(client, page)
    for number in range(5):
        a_staff_account(f"agent{number}@cloud.example", SUPPORT_AGENT)
    assert queries(client, page) == few
