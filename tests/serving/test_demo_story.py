"""The demo's two years: made by the real verbs, whole, and the same again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pgtrigger
import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.test import override_settings
from django.utils import timezone

from consents.demo import cast, making
from consents.models import Consent, ConsentEvent, State
from members.addresses import account_with
from members.models import Account, Member
from privacy_portal.audit import reviewing
from privacy_portal.audit.ledger.months import month_after, month_before, month_of
from privacy_portal.audit.models import AccessEntry, AccessReview
from privacy_portal.policy.models import CollectionMethod, Notice
from privacy_portal.policy.values import normal_email

SEED, SIZE = 2025, 200
UNTIL = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)


@contextmanager
def the_demo(size: int = SIZE) -> Iterator[None]:
    """The demo in a transaction that is undone. The tests' policy is of today, so it is said to be older here."""
    with transaction.atomic():
        with pgtrigger.ignore("policy.Notice:published_stays"):
            Notice.objects.filter(version=1).update(published_at=UNTIL - making.BEGINNING - timedelta(days=1))
        making.make(seed=SEED, size=size, until=UNTIL, progress=lambda told, known: None)
        yield
        transaction.set_rollback(True)


@pytest.fixture(scope="module")
def demo(django_db_setup: None, django_db_blocker: Any) -> Iterator[None]:
    with django_db_blocker.unblock(), the_demo():
        yield


def everybody() -> dict[str, Any]:
    """Who there is and what they agreed to, as far as it can be the same twice."""
    people = {}
    for member in Member.objects.select_related("account__data_key", "data_key").prefetch_related("consents__notice"):
        consents = sorted(
            (consent.collection_id, consent.state, consent.notice.version, tuple(consent.items), consent.since)
            for consent in member.consents.all()
        )
        values = {item: value.open() for item, value in member.held_items().items()}
        people[values.get("email") or f"visitor of {member.joined_at}"] = (member.kind, values, consents)
    return people


def days_ago(moment: datetime) -> float:
    return (UNTIL - moment) / timedelta(days=1)


def test_there_are_two_hundred_members_of_every_kind(demo: None) -> None:
    assert Member.objects.count() == SIZE
    for kind in Member.Kind:
        assert Member.objects.filter(kind=kind).count() >= 15
    assert all(normal_email(email) == email for email in everybody() if "@" in email)


def test_consents_are_in_every_state_and_came_in_many_ways(demo: None) -> None:
    for state in State:
        assert Consent.objects.filter(state=state).count() >= 5, state
    by_requests = {ConsentEvent.Kind.SUSPENDED, ConsentEvent.Kind.SUSPENSION_LIFTED}
    for kind in set(ConsentEvent.Kind) - by_requests:
        assert ConsentEvent.objects.filter(kind=kind).exists(), kind
    methods = set(ConsentEvent.objects.values_list("method", flat=True))
    assert (
        {"website", "phone", "document", "fax"} <= methods <= set(CollectionMethod.objects.values_list("pk", flat=True))
    )


def test_what_happened_is_spread_over_two_years_and_recorded_in_order(demo: None) -> None:
    recorded = list(ConsentEvent.objects.order_by("id").values_list("recorded_at", flat=True))
    assert recorded == sorted(recorded)
    assert days_ago(recorded[0]) > 700
    assert 0 < days_ago(recorded[-1]) < 7
    months = {f"{moment:%Y-%m}" for moment in recorded}
    assert len(months) >= 24


def test_every_consent_is_what_its_events_say(demo: None) -> None:
    said = StringIO()
    call_command("check_consents", stdout=said, stderr=StringIO())
    assert "Every consent" in said.getvalue()


def test_notices_have_several_versions_with_a_history_and_one_draft_waits(demo: None) -> None:
    newer = Notice.objects.filter(version__gt=1)
    assert newer.published().count() >= 4
    assert newer.published().filter(asks_again=False).exists()
    assert Notice.objects.filter(collection="general.newsletter").published().count() == 3
    assert all(notice.history.count() >= 2 for notice in newer)
    draft = Notice.objects.get(published_at__isnull=True)
    assert draft.history.count() >= 3


def test_the_named_member_has_something_of_everything(demo: None) -> None:
    account = account_with(cast.sign_ins()[0]["email"])
    assert account is not None
    consents = {consent.collection_id: consent for consent in account.member.consents.all()}
    assert {consent.state for consent in consents.values()} == set(State)
    lapsing = consents["general.sales_inquiry"].lapses_at
    assert lapsing is not None
    assert -14 < days_ago(lapsing) < 0
    withdrawn = consents["general.one_time_payment.card"]
    assert [value.value.is_destroyed for value in withdrawn.values.all()] == [True, True]
    assert consents["general.newsletter"].state == State.SUPERSEDED
    assert "department_name" not in consents["services.pinpoint_cloud.subscription"].items


def test_everybody_named_can_sign_in_with_the_password_told(demo: None) -> None:
    for person in cast.sign_ins():
        account = account_with(person["email"])
        assert account is not None
        assert account.is_active
        assert account.check_password(person["password"])
        assert account.is_staff == (
            person in cast.staff() or person["role"] in {"privacy officer", "support agent", "auditor"}
        )


def test_naver_members_have_no_password(demo: None) -> None:
    for account in Account.objects.filter(member__kind=Member.Kind.NAVER):
        assert not account.has_usable_password()


def test_a_second_time_changes_nothing_and_writes_the_sign_ins(demo: None, tmp_path: Path) -> None:
    before, said = everybody(), StringIO()
    call_command("make_demo", write=tmp_path / "demo.json", stdout=said)
    assert "already" in said.getvalue()
    assert everybody() == before
    assert (tmp_path / "demo.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.django_db
def test_the_same_seed_gives_the_same_story() -> None:
    with the_demo(size=40):
        first = everybody()
    with the_demo(size=40):
        second = everybody()
    assert first == second
    assert len(first) == 40


@pytest.mark.django_db
def test_it_refuses_outside_the_demo() -> None:
    with override_settings(DEMO=False), pytest.raises(CommandError, match="PORTAL_ENV"):
        call_command("make_demo")
    assert not Member.objects.exists()


@pytest.mark.django_db
def test_it_refuses_where_the_policy_is_newer_than_the_story() -> None:
    with pytest.raises(CommandError, match="empty database"):
        call_command("make_demo")
    assert not Account.objects.exists()


def test_staff_have_looked_revealed_and_exported_and_a_month_waits_for_its_review(demo: None) -> None:
    entries = AccessEntry.objects.values_list("what", flat=True)
    assert set(entries) == {"list", "view", "reveal", "export"}
    month = month_before(month_of(UNTIL.date()))
    assert reviewing.months_open(UNTIL.date()) == [month]
    [signed] = AccessReview.objects.all()
    assert (signed.month, signed.entries > 0) == (month_before(month), True)
    of_months = [reviewing.findings(one) for one in (month, month_after(month))]
    assert any(found.exports for found in of_months)
    assert any(found.to_watched for found in of_months)
    assert any(volume.at_night for found in of_months for volume in found.volumes)
    assert any(found.without_reference for found in of_months)
