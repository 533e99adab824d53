"""The officers' pages of retention."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.clock import now
from privacy_portal.retention import holds, jobs, retaining, runs
from privacy_portal.retention.models import DestructionRun, LegalHold, RetentionRule
from privacy_portal.retention.schedule import rule_in_force
from privacy_portal.vault.models import DestructionRecord
from tests.factories import SYSTEM, a_member
from tests.in_admin import list_of, opened, page_of, queries
from tests.retention.lives import an_approved_run, an_ended_consent, another_officer, later

SignIn = Callable[[Member | Account], Client]
pytestmark = pytest.mark.django_db


def a_proposed_run(member: Member) -> DestructionRun:
    an_ended_consent(member)
    with later(years=4):
        run = runs.propose()
    assert run is not None
    return run


def english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def test_an_officer_sees_what_is_due_and_approves_it(alice: Member, officer: Account, signed_in: SignIn) -> None:
    run, client = a_proposed_run(alice), english(signed_in(officer))
    assert "proof of a consent 1" in opened(client, list_of("retention_destructionrun"))
    assert "Approve the destruction" in opened(client, page_of(run))
    response = client.post(page_of(run, "approve"), follow=True)
    assert "Approved." in response.content.decode()
    run.refresh_from_db()
    assert (run.state, run.approved_by) == ("approved", officer.pk)
    assert "Approve the destruction" not in opened(client, page_of(run))
    with later(years=4):
        runs.destroy(run)
        opened(client, page_of(run))
        record = DestructionRecord.objects.get(rule="consent_evidence")
        assert officer.staff_name in opened(client, page_of(record))


def test_the_second_approval_must_be_somebody_elses(alice: Member, officer: Account, signed_in: SignIn) -> None:
    retaining.keep(
        "payment_records", {"name": alice.name}, subject_id=alice.pk, happened_at=now(), moved_from="t", actor=SYSTEM
    )
    with later(years=6):
        run = an_approved_run(officer)
    client = english(signed_in(officer))
    assert "Approve the destruction" not in opened(client, page_of(run))
    assert "It needs another officer" in client.post(page_of(run, "approve"), follow=True).content.decode()
    run.refresh_from_db()
    assert run.state == "proposed"
    signed_in(another_officer()).post(page_of(run, "approve"))
    run.refresh_from_db()
    assert run.state == "approved"


def test_an_officer_cancels_a_run(alice: Member, officer: Account, signed_in: SignIn) -> None:
    run = a_proposed_run(alice)
    signed_in(officer).post(page_of(run, "cancel"))
    run.refresh_from_db()
    assert run.state == "cancelled"
    assert run.history.latest("history_id").history_user_id == officer.pk


@pytest.mark.parametrize("who", ["agent", "auditor"])
def test_nobody_else_approves_cancels_holds_or_sets(
    who: str, alice: Member, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    run, client = a_proposed_run(alice), signed_in(request.getfixturevalue(who))
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=SYSTEM)
    rule = rule_in_force("consent_evidence")
    pages = [page_of(run, "approve"), page_of(run, "cancel"), page_of(hold, "lift"), page_of(rule, "period")]
    pages.append(reverse("admin:retention_legalhold_place", args=[alice.pk]))
    assert [client.post(page).status_code for page in pages] == [403] * 5
    run.refresh_from_db()
    hold.refresh_from_db()
    assert (run.state, hold.lifted_at) == ("proposed", None)


def test_a_hold_is_placed_from_the_member_shown_there_and_lifted(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    client = english(signed_in(officer))
    place = reverse("admin:retention_legalhold_place", args=[alice.pk])
    assert place in opened(client, page_of(alice))
    opened(client, place)
    client.post(place, {"reason": "lawsuit", "reference": "2026가합123"})
    hold = LegalHold.objects.get()
    assert (hold.about_id, hold.placed_by) == (alice.pk, officer.pk)
    assert "2026가합123" in opened(client, page_of(alice))
    client.post(page_of(hold, "lift"))
    hold.refresh_from_db()
    assert hold.lifted_by == officer.pk
    assert "2026가합123" not in opened(client, page_of(alice))
    assert [row.history_change_reason for row in hold.history.order_by("history_id")] == ["hold placed", "hold lifted"]


def test_what_is_held_is_told_on_the_runs_page(alice: Member, officer: Account, signed_in: SignIn) -> None:
    run = a_proposed_run(alice)
    holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=SYSTEM)
    with later(years=4):
        jobs.count.call()
        assert "On legal hold and therefore kept" in opened(english(signed_in(officer)), page_of(run))


def test_the_officer_sets_the_period_of_evidence(officer: Account, signed_in: SignIn) -> None:
    client, rule = english(signed_in(officer)), rule_in_force("consent_evidence")
    assert page_of(rule, "period") in opened(client, page_of(rule))
    assert client.post(page_of(rule, "period"), {"months": "0"}).status_code == 200
    client.post(page_of(rule, "period"), {"months": "48"})
    assert rule_in_force("consent_evidence").months == 48
    law = rule_in_force("payment_records")
    assert page_of(law, "period") not in opened(client, page_of(law))
    assert client.post(page_of(law, "period"), {"months": "1"}).status_code == 404
    assert RetentionRule.objects.get(pk=law.pk).months == 60


def test_what_is_due_for_more_than_five_days_is_on_the_first_page(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    an_ended_consent(alice)
    client = english(signed_in(officer))
    with later(years=3):
        jobs.count.call()
        assert "more than five days and" not in opened(client, reverse("admin:index"))
    with later(years=3, days=20):
        jobs.count.call()
        for page in (reverse("admin:index"), list_of("retention_destructionrun")):
            assert "more than five days and not destroyed: proof of a consent, 1" in opened(client, page)


def test_retained_records_are_for_officers_only_and_masked(
    alice: Member, officer: Account, auditor: Account, signed_in: SignIn
) -> None:
    record = retaining.keep(
        "payment_records", {"name": alice.name}, subject_id=alice.pk, happened_at=now(), moved_from="t", actor=SYSTEM
    )
    assert "김*늘" in opened(signed_in(officer), page_of(record))
    assert signed_in(auditor).get(page_of(record)).status_code == 403


def test_lists_take_as_many_queries_for_many_rows_as_for_one(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)

    def rows(member: Member) -> None:
        a_proposed_run(member)
        holds.place(LegalHold.About.PERSON, member.pk, reason="lawsuit", actor=SYSTEM)
        retaining.keep(
            "payment_records",
            {"name": member.name},
            subject_id=member.pk,
            happened_at=now(),
            moved_from="t",
            actor=SYSTEM,
        )

    lists = [
        list_of(f"retention_{name}") for name in ("destructionrun", "legalhold", "retainedrecord", "retentionrule")
    ]
    rows(alice)
    before = [queries(client, address) for address in lists]
    for _number in range(3):
        rows(a_member())
    assert [queries(client, address) for address in lists] == before
