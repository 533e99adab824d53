"""Whom a support agent may see (A1): requests assigned to them and the members of these, nothing else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.test import Client
from django.urls import reverse

from consents.models import Consent, ConsentEvent
from members.models import Account, Member
from requests import workflow
from requests.models import MemberRequest
from tests.factories import a_consent, a_file, a_request, fresh, staff_acting
from tests.in_admin import found, list_of, opened, page_of
from tests.requests.desk_pages import listed

SignIn = Callable[[Member | Account], Client]


@pytest.fixture
def taken(agent: Account, alice: Member) -> MemberRequest:
    """Alice's request, with a document, which the agent has taken."""
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    member_request = a_request("correction", alice, documents=[a_file("evidence")])
    workflow.take(member_request, seen=1, actor=staff_acting(agent))
    return fresh(member_request)


@pytest.fixture
def foreign(charlie: Member) -> MemberRequest:
    """Charlie's request, with a document, which a colleague has taken."""
    a_consent(charlie, "general.newsletter", company_name="Rose")
    return a_request("correction", charlie, state="in_review", documents=[a_file("evidence")])


def about(member_request: MemberRequest) -> list[Any]:
    """Every row about the member of a request that the admin has a page for."""
    member, consent = member_request.member, Consent.objects.get(member=member_request.member)
    event, document = member_request.events.first(), member_request.documents.get()
    return [member, consent, ConsentEvent.objects.filter(consent=consent).first(), member_request, event, document]


def test_an_agent_opens_what_belongs_to_a_request_assigned_to_them(
    taken: MemberRequest, agent: Account, signed_in: SignIn
) -> None:
    client = signed_in(agent)
    for row in about(taken):
        for page in (page_of(row), page_of(row, "history")):
            opened(client, page)


def test_what_belongs_to_somebody_elses_request_is_not_there_for_an_agent(
    foreign: MemberRequest, agent: Account, signed_in: SignIn
) -> None:
    client = signed_in(agent)
    for row in about(foreign):
        model = f"{row._meta.app_label}_{row._meta.model_name}"
        history = getattr(row, "history", None)
        version = history.first().pk if history is not None else 1
        pages = [
            page_of(row),
            page_of(row, "history"),
            reverse(f"admin:{model}_version", args=[row.pk, version]),
        ]
        for page in pages:
            # A page that Django itself makes leads home and says that there is no such row.
            response = client.get(page)
            assert response.status_code == 404 or response["Location"] == reverse("admin:index"), page
        assert row not in client.get(list_of(model)).context["cl"].result_list
    document = foreign.documents.get()
    for page in (
        reverse("admin:requests_memberrequest_document", args=[foreign.pk, document.pk]),
        reverse("admin:requests_memberrequest_preview", args=[foreign.pk, document.pk, 1]),
        f"{reverse('admin:consents_consent_record')}?member={foreign.member_id}",
        f"{reverse('admin:audit_reveal_new')}?{urlencode({'person': foreign.member_id})}",
    ):
        assert client.get(page).status_code == 404, page
    for step in ("decide", "write", "ask", "assign", "hand_over", "finish", "confirm", "extend"):
        url = reverse("admin:requests_memberrequest_step", args=[foreign.pk, step])
        assert client.post(url, {"seen": 2, "text": "x"}).status_code == 404, step


def test_a_document_is_not_reached_through_a_request_it_does_not_belong_to(
    taken: MemberRequest, foreign: MemberRequest, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    url = reverse("admin:requests_memberrequest_document", args=[taken.pk, foreign.documents.get().pk])
    for who in (agent, officer):
        assert signed_in(who).get(url).status_code == 404


def test_an_agent_finds_nobody_else_by_a_search(
    taken: MemberRequest, foreign: MemberRequest, agent: Account, signed_in: SignIn
) -> None:
    client = signed_in(agent)
    for model in ("members_member", "consents_consent", "consents_consentevent", "requests_memberrequest"):
        assert found(client, model, "charlie@example.com") == []
        assert found(client, model, "alice@example.com") != []
    assert found(client, "requests_memberrequest", foreign.reference) == []


def test_the_queue_lists_an_agents_own_and_the_unassigned(
    taken: MemberRequest, foreign: MemberRequest, alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    free = a_request("sales_inquiry", alice)
    assert set(listed(signed_in(agent), "all")) == {taken, free}
    assert set(listed(signed_in(officer), "all")) == {taken, free, foreign}


def test_an_unassigned_request_is_listed_without_its_page_until_it_is_taken(
    alice: Member, agent: Account, signed_in: SignIn
) -> None:
    free, client = a_request("sales_inquiry", alice), signed_in(agent)
    assert page_of(free) not in opened(client, list_of("requests_memberrequest") + "?queue=unassigned")
    assert client.get(page_of(free)).status_code == 404
    assert client.get(page_of(alice)).status_code in (302, 404)
    client.post(reverse("admin:requests_memberrequest_step", args=[free.pk, "take"]), {"seen": 1})
    opened(client, page_of(free))
    opened(client, page_of(alice))


def test_a_request_handed_over_is_out_of_reach_with_its_member(
    taken: MemberRequest, alice: Member, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    workflow.hand_over(taken, officer.pk, seen=taken.version, actor=staff_acting(agent))
    client = signed_in(agent)
    assert client.get(page_of(taken)).status_code == 404
    assert client.get(page_of(alice)).status_code in (302, 404)
    assert client.get(page_of(alice, "history")).status_code == 404


def test_figures_of_all_consents_are_not_shown_to_an_agent(
    taken: MemberRequest, foreign: MemberRequest, agent: Account, officer: Account, signed_in: SignIn
) -> None:
    titles = [[panel.title for panel in signed_in(who).get("/admin/").context["panels"]] for who in (agent, officer)]
    of_agent, of_officer = titles
    assert len(of_agent) == 1  # that of requests
    assert set(of_agent) < set(of_officer)
