"""How consents end: refused, withdrawn, lapsed."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.db import ProgrammingError, connection, transaction

from consents import derivation, giving
from consents.expiry import expire, expire_due
from consents.models import Consent, ConsentValue, State
from consents.refusing import refuse
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.errors import PortalError
from privacy_portal.policy import publishing
from privacy_portal.vault.models import DestructionRecord
from tests.consents.test_giving import changed_notice
from tests.factories import SYSTEM, a_consent, acting, collection, notice, staff_acting

SEOUL = ZoneInfo("Asia/Seoul")


def no(member: Member, code: str) -> Consent:
    event = refuse(member, collection(code), notice=notice(code), language="ko", actor=acting(member))
    return Consent.objects.get(pk=event.consent_id)


def test_a_refusal_is_kept_and_told_once(alice: Member) -> None:
    consent = no(alice, "general.newsletter")
    assert (consent.state, consent.items, consent.lapses_at) == (State.REFUSED, [], None)
    assert no(alice, "general.newsletter").events.count() == 1


def test_what_is_given_is_withdrawn_not_refused(alice: Member) -> None:
    a_consent(alice, "general.newsletter", without=("company_name",))
    with pytest.raises(PortalError) as refusal:
        no(alice, "general.newsletter")
    assert refusal.value.code == "consent_given"


def test_saying_no_when_asked_again_destroys_what_was_given(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    changed_notice("general.newsletter")
    assert no(alice, "general.newsletter").state == State.REFUSED
    assert ConsentValue.objects.select_related("data_key").get(consent=consent).value.is_destroyed


def test_a_second_withdrawal_changes_nothing_and_says_when(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    first = withdraw(consent, language="ko", actor=acting(alice))
    second = withdraw(consent, language="ko", actor=acting(alice))
    assert second == first
    assert consent.events.count() == 2
    assert DestructionRecord.objects.count() == 1


def test_what_was_refused_cannot_be_withdrawn(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        withdraw(no(alice, "general.newsletter"), language="ko", actor=acting(alice))
    assert refusal.value.code == "not_given"


def test_a_consent_given_again_after_withdrawal_has_values_of_its_own(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    withdraw(consent, language="ko", actor=acting(alice))
    a_consent(alice, "general.newsletter", company_name="바다상사")
    values = ConsentValue.objects.select_related("data_key").filter(consent=consent).order_by("given_at")
    assert [value.value.is_destroyed for value in values] == [True, False]
    assert values[1].value.open() == "바다상사"


def test_a_consent_lapses_when_its_period_is_over_even_before_the_job_has_run(
    alice: Member, time_machine: object
) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    assert consent.lapses_at is not None
    time_machine.move_to(consent.lapses_at)  # type: ignore[attr-defined]
    assert not consent.stands
    assert Consent.objects.with_standing().get().standing == State.EXPIRED  # type: ignore[attr-defined]

    expire_due.call()
    consent.refresh_from_db()
    assert (consent.state, consent.items) == (State.EXPIRED, [])
    assert consent.events.latest("id").actor_kind == "system"
    assert ConsentValue.objects.select_related("data_key").get(consent=consent).value.is_destroyed
    assert expire(consent) is None


def test_what_lapsed_unnoticed_can_be_given_again(alice: Member, time_machine: object) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    time_machine.move_to(consent.lapses_at)  # type: ignore[attr-defined]
    a_consent(alice, "general.newsletter", without=("company_name",))
    assert [event.kind for event in consent.events.order_by("id")] == ["given", "expired", "given"]


@pytest.mark.parametrize(
    ("given", "months", "lapses"),
    [
        ("2026-01-31 00:30", 1, "2026-02-28 00:30"),
        ("2028-02-29 12:00", 12, "2029-02-28 12:00"),
        ("2026-12-31 23:59", 24, "2028-12-31 23:59"),
        ("2026-03-15 09:00", 6, "2026-09-15 09:00"),
    ],
)
def test_months_are_counted_on_the_calendar_in_seoul(given: str, months: int, lapses: str) -> None:
    moment = datetime.fromisoformat(given).replace(tzinfo=SEOUL)
    assert derivation.lapse(moment, months) == datetime.fromisoformat(lapses).replace(tzinfo=SEOUL)


def test_a_withdrawal_on_paper_carries_its_own_date_and_way(alice: Member, agent: Account) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    event = withdraw(consent, language="ko", actor=staff_acting(agent, "fax"), reason="FAX-2026-0017")
    assert (event.method_id, event.actor_kind) == ("fax", "staff")
    assert event.opened_evidence()["reason"] == "FAX-2026-0017"


def test_a_paper_date_before_the_last_change_is_refused(alice: Member, agent: Account) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    with pytest.raises(PortalError) as refusal:
        withdraw(
            consent,
            language="ko",
            actor=staff_acting(agent),
            at=datetime(2020, 1, 1, tzinfo=SEOUL),
        )
    assert refusal.value.code == "date_before_last_change"


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE consents_consentevent SET kind = 'refused'",
        "DELETE FROM consents_consentevent",
        "TRUNCATE consents_consentevent CASCADE",
        "DELETE FROM vault_destructionrecord",
        "TRUNCATE vault_destructionrecord",
        "DELETE FROM vault_datakey",
    ],
)
def test_the_database_refuses_to_alter_the_record(alice: Member, statement: str) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    withdraw(consent, language="ko", actor=acting(alice))
    with connection.cursor() as cursor:
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(ProgrammingError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)


def test_a_refusal_names_a_notice_that_people_can_have_seen(alice: Member) -> None:
    draft = publishing.draft(collection("general.newsletter"), actor=SYSTEM)
    for unseen in (draft, notice("general.sales_inquiry")):
        with pytest.raises(PortalError) as refusal:
            refuse(alice, collection("general.newsletter"), notice=unseen, language="ko", actor=acting(alice))
        assert refusal.value.code == "notice_unknown"


def test_a_paper_consent_so_old_that_it_has_lapsed_is_refused(alice: Member, agent: Account) -> None:
    current = notice("general.newsletter")
    with pytest.raises(PortalError) as refusal:
        giving.give(
            alice,
            current.collection,
            notice=current,
            items=["name", "email"],
            values={},
            language="ko",
            actor=staff_acting(agent),
            at=datetime(2020, 1, 1, 12, tzinfo=SEOUL),
        )
    assert (refusal.value.code, refusal.value.field) == ("lapsed_already", "at")
