"""The schedule is data: each version of a rule with its source and dates; the officer sets what the law leaves open."""

from __future__ import annotations

from datetime import timedelta

import pytest

from members.models import Account
from privacy_portal.retention import schedule
from privacy_portal.retention.models import RetentionRule
from tests.factories import staff_acting
from tests.retention.lives import later, refused

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("code", "months"),
    [
        ("contract_records", 60),
        ("payment_records", 60),
        ("complaint_records", 36),
        ("advertising_records", 6),
        ("access_log", 24),
        ("consent_evidence", 36),
    ],
)
def test_each_kind_of_record_has_its_period_ground_source_and_dates(code: str, months: int) -> None:
    rule = schedule.rule_in_force(code)
    assert rule.months == months
    assert rule.ground_ko
    assert rule.ground_en
    assert "Article" in rule.source_en
    assert rule.effective_from <= schedule.today()


def test_loading_twice_adds_nothing() -> None:
    before = RetentionRule.history.count()
    assert schedule.load() == []
    assert RetentionRule.history.count() == before


def test_the_officer_sets_the_period_of_evidence_and_the_old_version_stays(officer: Account) -> None:
    old = schedule.rule_in_force("consent_evidence")
    new = schedule.set_period(old, 60, needs_second_officer=True, actor=staff_acting(officer))
    assert (new.months, new.needs_second_officer, new.effective_from) == (60, True, schedule.today())
    assert schedule.rule_in_force("consent_evidence") == new
    assert schedule.rule_in_force("consent_evidence", schedule.today() - timedelta(days=1)).months == 36
    assert new.history.get().history_user_id == officer.pk
    with refused("not_in_force"):
        schedule.set_period(old, 12, needs_second_officer=False, actor=staff_acting(officer))


def test_a_period_set_twice_on_one_day_is_one_version(officer: Account) -> None:
    for months in (48, 24):
        rule = schedule.rule_in_force("consent_evidence")
        schedule.set_period(rule, months, needs_second_officer=False, actor=staff_acting(officer))
    assert schedule.rule_in_force("consent_evidence").months == 24
    assert RetentionRule.objects.filter(code="consent_evidence").count() == 2


@pytest.mark.parametrize("months", [0, 601])
def test_a_period_must_be_sensible(months: int, officer: Account) -> None:
    rule = schedule.rule_in_force("consent_evidence")
    with refused("months"):
        schedule.set_period(rule, months, needs_second_officer=False, actor=staff_acting(officer))


def test_nobody_sets_what_the_law_sets(officer: Account) -> None:
    with refused("set_by_law"):
        schedule.set_period(
            schedule.rule_in_force("payment_records"), 1, needs_second_officer=False, actor=staff_acting(officer)
        )


def test_a_day_before_the_first_version_has_no_rule() -> None:
    with later(years=-40), refused("no_rule"):
        schedule.rule_in_force("payment_records")
