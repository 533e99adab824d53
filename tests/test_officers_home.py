"""The officer's home page: its figures are true, and each leads to the list behind it."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from html import unescape

import pytest
from django.db.models import Sum
from django.test import Client
from django.urls import reverse

from consents.tallies import count_days
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.audit import sight
from privacy_portal.audit.models import AccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.clock import now, pretending
from privacy_portal.retention import jobs, tallies
from privacy_portal.retention.models import DestructionTally, DueTally
from privacy_portal.vault.models import DestructionRecord
from tests.factories import a_consent, a_member, acting
from tests.in_admin import list_of, opened, queries
from tests.retention.lives import CODE, TYPED, an_approved_run, an_ended_consent, later

SignIn = Callable[[Member | Account], Client]
pytestmark = pytest.mark.django_db
HOME = reverse("admin:index")
FIGURE = re.compile(r'<td data-label="([^"]*)"><a class="record-link" href="([^"]*)">(\d+)</a></td>')


def figures(client: Client) -> list[tuple[str, str, int]]:
    """What each figure of the page is called, where it leads and what it says."""
    return [(name, unescape(link), int(number)) for name, link, number in FIGURE.findall(opened(client, HOME))]


def of_list(found: list[tuple[str, str, int]], page: str) -> list[tuple[str, str, int]]:
    return [one for one in found if one[1].startswith(f"{page}?at_from=")]


def an_entry_of(what: AccessEntry.What, officer: Account, member: Member) -> None:
    AccessEntry.objects.create(
        actor_kind="staff",
        account_id=officer.pk,
        data_key=key_for(now()),
        what=what,
        page="admin:index",
        people=[member.pk],
    )


@pytest.fixture
def eventful(alice: Member, charlie: Member, officer: Account) -> None:
    """Consents, destructions and looks of this week and of some weeks ago."""
    withdraw(a_consent(alice, CODE, **TYPED), language="ko", actor=acting(alice))
    a_consent(charlie, "general.newsletter", company_name="하늘상사")
    an_entry_of(sight.What.REVEAL, officer, alice)
    an_entry_of(sight.What.REVEAL, officer, charlie)
    an_entry_of(sight.What.EXPORT, officer, charlie)
    count_days.call()
    jobs.count.call()


def test_each_figure_is_the_length_of_the_list_it_leads_to(eventful: None, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    found = figures(client)
    for page in map(list_of, ("consents_consentevent", "vault_destructionrecord", "audit_accessentry")):
        counted = of_list(found, page)
        assert [number for _name, _link, number in counted if number], page
        for name, link, number in counted:
            assert client.get(link).context["cl"].result_count == number, (name, link)


def test_the_weeks_of_the_chart_are_those_of_seoul(officer: Account, signed_in: SignIn, time_machine: object) -> None:
    monday = "2027-11-21 15:00:01+00:00"  # a second past midnight in Seoul
    time_machine.move_to(monday, tick=False)  # type: ignore[attr-defined]
    an_ended_consent(a_member())
    jobs.count.call()
    counts = tallies.destroyed_in_weeks(now().date() + timedelta(days=1), 1)
    assert counts == {False: [DestructionRecord.objects.count()], True: [0]}


def test_what_a_run_destroyed_is_counted_apart(alice: Member, officer: Account) -> None:
    an_ended_consent(alice)
    before = DestructionRecord.objects.count()
    jobs.count.call()
    with later(years=4):
        run = an_approved_run(officer)
        jobs.count.call()
        assert DueTally.objects.get(code="consent_evidence").due == 1
        jobs.destroy_approved.call()
        assert DueTally.objects.get(code="consent_evidence").due == 0
        jobs.count.call()
        jobs.count.call()  # counting again changes nothing
    assert run.items.count() == 1
    totals = dict(DestructionTally.objects.values_list("by_run").annotate(Sum("count")).order_by())
    assert totals == {False: before, True: 1}


def test_that_nobody_counts_is_said(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.cookies["django_language"] = "en"
    assert "has not been counted for hours" in opened(client, HOME)
    jobs.count.call()
    assert "has not been counted for hours" not in opened(client, HOME)
    with pretending(now() + timedelta(hours=7)):
        assert "has not been counted for hours" in opened(client, HOME)


def test_the_page_takes_as_many_queries_for_much_as_for_little(
    eventful: None, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    few = queries(client, HOME)
    for _number in range(5):
        member = a_member()
        an_ended_consent(member)
        an_entry_of(sight.What.REVEAL, officer, member)
    count_days.call()
    jobs.count.call()
    assert queries(client, HOME) == few


def test_an_agent_is_shown_figures_of_requests_only(eventful: None, agent: Account, signed_in: SignIn) -> None:
    assert {link.partition("?")[0] for _name, link, _number in figures(signed_in(agent))} == {
        list_of("requests_memberrequest")
    }
