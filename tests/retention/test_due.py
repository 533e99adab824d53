"""What falls due, and when: not a day early, and nothing that is still needed or held."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.utils import timezone

from consents.checking import differences
from consents.models import Consent
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.retention import due, holds, retaining, runs
from privacy_portal.retention.models import LegalHold
from privacy_portal.retention.schedule import months_after, rule_in_force, set_period
from tests.factories import SYSTEM, a_consent, acting, staff_acting
from tests.retention.lives import CODE, TYPED, a_visitor, an_ended_consent, later

pytestmark = pytest.mark.django_db


def due_now(code: str) -> list[object]:
    return list(due.due(rule_in_force(code), now()).values_list("pk", flat=True))


def test_evidence_is_kept_for_its_period_after_the_consent_ended(alice: Member) -> None:
    consent = an_ended_consent(alice)
    end = months_after(consent.since, 36)
    with pretending(end - timedelta(minutes=1)):
        assert due_now("consent_evidence") == []
    with pretending(end):
        assert due_now("consent_evidence") == [consent.evidence_key_id]


def test_evidence_of_a_consent_that_stands_is_never_due(alice: Member) -> None:
    a_consent(alice, CODE, **TYPED)
    with later(years=30):
        assert due_now("consent_evidence") == []


def test_a_longer_period_set_by_the_officer_counts_for_what_is_kept_already(alice: Member, officer: Account) -> None:
    an_ended_consent(alice)
    with later(years=4):
        assert due_now("consent_evidence")
        set_period(rule_in_force("consent_evidence"), 60, needs_second_officer=False, actor=staff_acting(officer))
        assert due_now("consent_evidence") == []


def test_a_visitor_is_due_once_the_last_consent_ended() -> None:
    visitor = a_visitor()
    consent = a_consent(visitor, "general.newsletter", company_name="하늘상사", email="v@example.com", name="방문자")
    with later(days=1):
        assert due_now("visitors") == []
    withdraw(consent, language="ko", actor=acting(visitor))
    with later(days=1):
        assert due_now("visitors") == [visitor.data_key_id]


def test_a_member_with_an_account_is_not_a_visitor(alice: Member) -> None:
    an_ended_consent(alice)
    with later(days=1):
        assert due_now("visitors") == []


def test_a_retained_record_is_due_the_day_after_its_last(alice: Member) -> None:
    record = retaining.keep(
        "payment_records", {"name": alice.name}, subject_id=alice.pk, happened_at=now(), moved_from="t", actor=SYSTEM
    )
    last = record.keep_until - timezone.localdate(now())
    with later(days=last.days):
        assert due_now("payment_records") == []
    with later(days=last.days + 1):
        assert due_now("payment_records") == [record.data_key_id]
        assert due_now("contract_records") == []


def test_what_is_on_hold_is_never_due_and_is_told_apart(alice: Member, officer: Account) -> None:
    an_ended_consent(alice)
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    with later(years=10):
        assert due_now("consent_evidence") == []
        assert due.held_back(now()) == {"consent_evidence": 1, "payment_records": 1}
        assert due.overdue_destructions(now()) == {}
        holds.lift(hold, actor=staff_acting(officer))
        assert due_now("consent_evidence")
        assert due.held_back(now()) == {}


def test_what_a_hold_kept_when_its_consent_was_withdrawn_is_due_when_it_is_lifted(
    alice: Member, officer: Account
) -> None:
    consent = a_consent(alice, CODE, **TYPED)
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    withdraw(consent, language="ko", actor=acting(alice))
    assert [value.data_key.is_destroyed for value in consent.values.all()] == [False, False]
    assert list(differences(lambda count: None)) == []  # kept by the hold, and so no error
    holds.lift(hold, actor=staff_acting(officer))
    with later(days=1):
        assert len(due_now("consent_values")) == 2


def test_a_hold_on_a_request_keeps_what_is_held_on_that_ground(alice: Member, officer: Account) -> None:
    consent = an_ended_consent(alice)
    holds.place(LegalHold.About.REQUEST, consent.pk, reason="complaint", actor=staff_acting(officer))
    with later(years=10):
        assert due_now("consent_evidence") == []


def test_nothing_is_overdue_until_the_sixth_day(alice: Member) -> None:
    consent = an_ended_consent(alice)
    end = months_after(consent.since, 36)
    with pretending(end + timedelta(days=4)):
        assert due.overdue_destructions(now()) == {}
    with pretending(end + timedelta(days=9)):
        assert due.overdue_destructions(now()) == {"consent_evidence": 1}
        assert runs.propose() is not None  # proposed is not destroyed
        assert due.overdue_destructions(now()) == {"consent_evidence": 1}


def test_a_consent_given_again_after_its_evidence_was_destroyed_has_new_evidence(
    alice: Member, officer: Account
) -> None:
    consent = an_ended_consent(alice)
    with later(years=4):
        run = runs.propose()
        assert run is not None
        runs.destroy(runs.approve(run, actor=staff_acting(officer)))
        again = a_consent(alice, CODE, **TYPED)
        assert again.pk == consent.pk
        assert again.evidence_key_id != consent.evidence_key_id
        assert Consent.objects.get().events.latest("id").opened_evidence()["address"] == "203.0.113.7"
