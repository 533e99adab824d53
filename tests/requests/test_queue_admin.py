"""The support queue: the list of requests, its tabs, its order, its search and what it costs."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry
from privacy_portal.clock import now, pretending
from requests import workflow
from requests.admin import queues
from requests.models import MemberRequest, RequestEvent
from tests.factories import a_member, a_request, fresh, staff_acting, the_agent
from tests.in_admin import found, list_of, opened, page_of, queries
from tests.requests.desk_pages import QUEUE, listed, step

SignIn = Callable[[Member | Account], Client]
REQUESTS = "requests_memberrequest"


def a_day_after(member_request: MemberRequest, days: int) -> object:
    """So many days after the due day."""
    return pretending(now() + timedelta(days=(member_request.due_on - timezone.localdate()).days + days))


def test_each_queue_lists_its_own(alice: Member, officer: Account, signed_in: SignIn) -> None:
    proposed, refused = (
        a_request("deletion", alice, state="to_confirm"),
        a_request("correction", alice, state="refused"),
    )
    free, waiting = (
        a_request("sales_inquiry", alice),
        a_request("information_change_individual", alice, state="waiting"),
    )
    mine = a_request("general_inquiry", alice)
    workflow.take(mine, seen=1, actor=staff_acting(officer))
    client = signed_in(officer)
    assert listed(client, "mine") == [mine]
    assert listed(client, "unassigned") == [free]
    assert listed(client, "waiting") == [waiting]
    assert listed(client, "to_confirm") == [proposed]
    assert set(listed(client, "all")) == {free, waiting, proposed, refused, mine}
    assert listed(client, "no such queue") == listed(client, "all")


def test_whoever_opens_the_desk_begins_with_their_own_queue(
    alice: Member, officer: Account, auditor: Account, signed_in: SignIn
) -> None:
    a_request("sales_inquiry", alice)
    mine = a_request("general_inquiry", alice)
    workflow.take(mine, seen=1, actor=staff_acting(officer))
    assert list(signed_in(officer).get(QUEUE).context["cl"].result_list) == [mine]
    assert len(signed_in(auditor).get(QUEUE).context["cl"].result_list) == 2


def test_what_is_due_first_comes_first(alice: Member, officer: Account, signed_in: SignIn) -> None:
    late, soon = a_request("correction", alice), a_request("sales_inquiry", alice)
    assert soon.due_on < late.due_on
    assert listed(signed_in(officer), "unassigned") == [soon, late]
    assert listed(signed_in(officer), "all") == [soon, late]  # the newest first


@pytest.mark.parametrize(
    ("days", "queue", "shown"),
    [(-2, "soon", "2"), (0, "soon", "0"), (1, "overdue", "-1")],
    ids=["two days before", "the due day", "the day after"],
)
def test_days_left_are_those_of_the_request(
    days: int, queue: str, shown: str, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    member_request = a_request("correction", alice)
    client = signed_in(officer)
    assert listed(client, "soon") == listed(client, "overdue") == []
    with a_day_after(member_request, days):  # type: ignore[attr-defined]
        client = signed_in(officer)
        assert [row.pk for row in listed(client, queue)] == [member_request.pk]
        text = client.get(QUEUE, {"queue": queue}).content.decode()
        tone = "bad" if days > 0 else "warn"
        assert f'record-label-{tone}">{shown}<' in text
        assert f'record-label-{tone}">{shown}<' in client.get(page_of(member_request)).content.decode()


def test_members_are_masked_and_on_record(alice: Member, officer: Account, signed_in: SignIn) -> None:
    a_request("sales_inquiry", alice)
    assert "김*늘" in opened(signed_in(officer), f"{QUEUE}?queue=unassigned")
    assert AccessEntry.objects.latest("id").people == [alice.pk]


@pytest.mark.parametrize("by", ["reference", "number", "alice@example.com", "010-1234-5678", "김하늘"])
def test_a_request_is_found_by_its_reference_or_a_whole_value_of_the_member(
    by: str, alice: Member, charlie: Member, officer: Account, signed_in: SignIn
) -> None:
    member_request = a_request("sales_inquiry", alice)
    a_request("sales_inquiry", charlie)
    text = {"reference": f" {member_request.reference.lower()} ", "number": str(member_request.pk)}.get(by, by)
    assert found(signed_in(officer), REQUESTS, text) == [member_request]
    assert found(signed_in(officer), REQUESTS, text.strip()[:-1]) == []


@pytest.mark.parametrize("queue", ["mine", "unassigned", "soon", "all"])
def test_the_queue_takes_as_many_queries_for_twenty_requests_as_for_one(
    queue: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client, address = signed_in(officer), f"{QUEUE}?queue={queue}"
    a_request("sales_inquiry", alice)
    workflow.take(a_request("general_inquiry", alice), seen=1, actor=staff_acting(officer))
    one = queries(client, address)
    for number in range(20):
        member_request = a_request("general_inquiry", a_member())
        if number % 2:
            workflow.take(member_request, seen=1, actor=staff_acting(officer))
    assert queries(client, address) == one


@pytest.mark.parametrize("queue", ["mine", "unassigned", "soon", "overdue", "all"])
def test_an_index_gives_each_queue_in_its_order(queue: str, officer: Account) -> None:
    """However many requests there are, the first page is read from an index and nothing is sorted."""
    chosen = next(one for one in queues.QUEUES if one.code == queue)
    rows = chosen.rows(MemberRequest.objects.all(), officer).order_by(*chosen.order)[:50]
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_sort = off; SET LOCAL enable_bitmapscan = off")
    plan = rows.explain()
    assert "Index Scan using requests_" in plan
    assert "Sort" not in plan
    assert "Seq Scan" not in plan


def test_a_request_is_taken_by_one_click_from_the_list(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = a_request("sales_inquiry", alice), signed_in(agent)
    text = client.get(QUEUE, {"queue": "unassigned"}).content.decode()
    assert f'formaction="{QUEUE}{member_request.pk}/step/take/" name="seen" value="1"' in text
    response = step(client, member_request, "take", seen=1)
    assert response["Location"] == page_of(member_request)
    assert fresh(member_request).assigned_to == agent.pk


def test_whoever_takes_it_second_is_told_who_was_first(alice: Member, agent: Account, signed_in: SignIn) -> None:
    first, member_request = the_agent(), a_request("sales_inquiry", alice)
    workflow.take(member_request, seen=1, actor=staff_acting(first))
    response = signed_in(agent).post(f"{QUEUE}{member_request.pk}/step/take/", {"seen": 1}, follow=True)
    assert response.redirect_chain[-1][0] == QUEUE
    assert first.staff_name in response.content.decode()
    assert fresh(member_request).assigned_to == first.pk


def test_a_double_click_takes_once_and_opens_the_page(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request, client = a_request("sales_inquiry", alice), signed_in(agent)
    for _click in range(2):
        assert step(client, member_request, "take", seen=1)["Location"] == page_of(member_request)
    assert member_request.events.filter(kind=RequestEvent.Kind.TAKEN).count() == 1


def test_tabs_count_what_their_queues_list(alice: Member, officer: Account, agent: Account, signed_in: SignIn) -> None:
    a_request("deletion", alice, state="to_confirm")
    for kind in ("sales_inquiry", "general_inquiry"):
        a_request(kind, alice)
    counts = {tab.queue.code: tab.count for tab in signed_in(officer).get(QUEUE).context["cl"].tabs}
    expected = {
        "mine": "0",
        "unassigned": "2",
        "waiting": "0",
        "to_confirm": "1",
        "soon": "0",
        "overdue": "0",
        "all": "",
    }
    assert counts == expected
    tabs = {tab.queue.code: tab.count for tab in signed_in(agent).get(QUEUE).context["cl"].tabs}
    assert "to_confirm" not in tabs  # which only officers do
    assert tabs["unassigned"] == "2"


def test_the_figures_of_the_home_page_are_those_of_the_lists_they_link_to(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    first = a_request("correction", alice)
    a_request("information_change_individual", alice, state="waiting")
    a_request("general_inquiry", alice, state="in_review")
    for offset in (-1, 0, 3):
        with a_day_after(first, offset):  # type: ignore[attr-defined]
            client = signed_in(officer)
            table = client.get("/admin/").context["panels"][0].table
            for row in table.rows:
                for cell in row[1:]:
                    assert len(client.get(cell.link).context["cl"].result_list) == cell.text, cell.link


def test_officers_see_all_of_it_at_a_glance_and_agents_their_own(
    alice: Member, officer: Account, agent: Account, signed_in: SignIn
) -> None:
    a_request("correction", alice, state="in_review")
    a_request("sales_inquiry", alice)

    def total(who: Account) -> list[object]:
        return [row[-1].text for row in signed_in(who).get("/admin/").context["panels"][0].table.rows]

    assert total(officer) == [1, 1, 0, 0]
    assert total(agent) == [1, 0, 0, 0]


def test_the_members_page_lists_the_members_requests(
    alice: Member, charlie: Member, officer: Account, signed_in: SignIn
) -> None:
    member_request, other = a_request("sales_inquiry", alice), a_request("sales_inquiry", charlie)
    text = opened(signed_in(officer), page_of(alice))
    assert page_of(member_request) in text
    assert other.reference not in text
    assert listed(signed_in(officer), "all", member=str(alice.pk)) == [member_request]
    assert list_of(REQUESTS) == QUEUE
