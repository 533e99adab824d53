"""Runs: shown first, approved by officers, destroyed item by item, each with its record."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from members.models import Account, Member
from privacy_portal.clock import now
from privacy_portal.retention import holds, jobs, retaining, runs
from privacy_portal.retention.models import DestructionItem, DestructionRun, LegalHold
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import SYSTEM, a_consent, a_member, staff_acting
from tests.retention.lives import CODE, TYPED, an_approved_run, an_ended_consent, another_officer, later, refused

pytestmark = pytest.mark.django_db


def destroy_due(*arguments: str) -> str:
    said = StringIO()
    call_command("destroy_due", *arguments, stdout=said, stderr=StringIO())
    return said.getvalue()


def test_a_dry_run_counts_by_ground_and_touches_nothing(alice: Member) -> None:
    an_ended_consent(alice)
    with later(years=4):
        said = destroy_due("--dry-run")
        assert "1  consent_evidence: proving that the consent was lawful" in said
        assert not DestructionRun.objects.exists()
        assert "Nothing is due" not in said


def test_nothing_is_destroyed_before_an_officer_has_approved(alice: Member) -> None:
    consent = an_ended_consent(alice)
    with later(years=4):
        assert "Proposed: run" in destroy_due()
        assert "Proposed" not in destroy_due(), "what waits in a run is not proposed again"
        run = DestructionRun.objects.get()
        assert run.counts == {"consent_evidence": 1}
        with pytest.raises(CommandError, match=r"not approved|승인"):
            destroy_due("--run", str(run.pk))
        assert not DataKey.objects.get(pk=consent.evidence_key_id).is_destroyed


def test_an_approved_run_destroys_and_writes_one_record_each(alice: Member, officer: Account) -> None:
    consents = [an_ended_consent(alice), an_ended_consent(a_member())]
    with later(years=4):
        run = an_approved_run(officer)
        assert "2 consent_evidence destroyed" in destroy_due()
        run.refresh_from_db()
        assert (run.state, run.approved_by) == ("done", officer.pk)
        for consent in consents:
            record = DestructionRecord.objects.get(data_key=consent.evidence_key_id)
            assert (record.rule, record.because) == ("consent_evidence", "retention.consent_evidence")
            assert record.approved_by == [officer.pk]
            assert record.method == "key_destroyed"
            assert record.items == ["ip_address"]
            assert consent.events.latest("id").opened_evidence() == {}
        before = DestructionRecord.objects.count()
        jobs.propose_due.call()
        jobs.destroy_approved.call()
        assert DestructionRecord.objects.count() == before
        assert [row.history_change_reason for row in run.history.order_by("history_id")] == [
            "run proposed",
            "run approved",
            "run begun",
            "run done",
        ]


def test_destroying_many_takes_as_many_queries_as_destroying_one(officer: Account) -> None:
    taken = []
    for people in (1, 3):
        for _number in range(people):
            an_ended_consent(a_member())
        with later(years=4):
            run = an_approved_run(officer)
            with CaptureQueriesContext(connection) as queries:
                runs.destroy(run)
            assert run.items.filter(outcome="destroyed").count() == people
            taken.append(len(queries))
    assert taken[0] == taken[1]


def test_where_a_rule_asks_for_it_two_different_officers_approve(alice: Member, officer: Account) -> None:
    record = retaining.keep(
        "payment_records", {"name": alice.name}, subject_id=alice.pk, happened_at=now(), moved_from="t", actor=SYSTEM
    )
    second = another_officer()
    with later(years=6):
        run = an_approved_run(officer)
        assert run.state == "proposed"
        with refused("same_officer"):
            runs.approve(run, actor=staff_acting(officer))
        with refused("not_approved"):
            runs.destroy(run)
        run = runs.approve(run, actor=staff_acting(second))
        assert run.state == "approved"
        runs.destroy(run)
        assert DestructionRecord.objects.get(data_key=record.data_key_id).approved_by == [officer.pk, second.pk]


def test_no_command_approves(alice: Member) -> None:
    an_ended_consent(alice)
    with later(years=4):
        run = runs.propose()
        assert run is not None
        with refused("no_officer"):
            runs.approve(run, actor=SYSTEM)


def test_the_database_refuses_an_approved_run_without_its_officers(alice: Member, officer: Account) -> None:
    an_ended_consent(alice)
    with later(years=4):
        run = runs.propose()
        assert run is not None
        for facts in (
            {"state": "running"},
            {"state": "done", "approved_by": officer.pk, "needs_second_officer": True},
            {"approved_by": officer.pk, "second_approved_by": officer.pk},
        ):
            with pytest.raises(IntegrityError), transaction.atomic():
                DestructionRun.objects.filter(pk=run.pk).update(**facts)


def test_a_hold_placed_after_the_approval_stops_the_destruction(alice: Member, officer: Account) -> None:
    consent, other = an_ended_consent(alice), an_ended_consent(a_member())
    with later(years=4):
        run = an_approved_run(officer)
        holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
        runs.destroy(run)
        outcomes = dict(DestructionItem.objects.values_list("data_key_id", "outcome"))
        assert outcomes == {consent.evidence_key_id: "held", other.evidence_key_id: "destroyed"}
        assert not DataKey.objects.get(pk=consent.evidence_key_id).is_destroyed


def test_a_consent_given_again_after_the_approval_keeps_its_evidence(alice: Member, officer: Account) -> None:
    consent = an_ended_consent(alice)
    with later(years=4):
        run = an_approved_run(officer)
        a_consent(alice, CODE, **TYPED)
        runs.destroy(run)
        assert DestructionItem.objects.get().outcome == "not_due"
        assert not DataKey.objects.get(pk=consent.evidence_key_id).is_destroyed


def test_a_cancelled_run_destroys_nothing_and_is_proposed_anew(alice: Member, officer: Account) -> None:
    an_ended_consent(alice)
    with later(years=4):
        run = runs.cancel(an_approved_run(officer), actor=staff_acting(officer))
        with refused("not_approved"):
            runs.destroy(run)
        with refused("begun"):
            runs.cancel(run, actor=staff_acting(officer))
        again = runs.propose()
        assert again is not None
        assert again.counts == {"consent_evidence": 1}


def test_however_much_is_due_it_is_proposed_in_batches(alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "BATCH", 2)
    for member in (alice, a_member(), a_member()):
        an_ended_consent(member)
    told: list[int] = []
    with later(years=4):
        run = runs.propose(progress=told.append)
        assert run is not None
        assert told == [2, 1]
        assert DestructionRun.objects.get().counts == {"consent_evidence": 3}
        assert run.items.count() == 3
        assert runs.propose() is None


def test_an_unknown_run_is_named() -> None:
    with pytest.raises(CommandError, match="no run 99"):
        destroy_due("--run", "99")
