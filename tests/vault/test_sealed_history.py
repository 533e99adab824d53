"""History keeps what a sealed field held, sealed, and shows that it changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from consents.models import ConsentValue
from members.models import Member
from privacy_portal.audit.history import save_as
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.errors import ValueDestroyed
from privacy_portal.vault.models import DataKey
from tests.factories import SYSTEM, a_consent, acting

Sql = Callable[..., list[tuple[Any, ...]]]
CARD, ACCOUNT = "4111111111111111", "110123456789"
PLAIN = (
    "김하늘",
    "alice@example.com",
    "+821012345678",
    "테헤란로",
    "하늘상사",
    "203.0.113.7",
    "Mozilla",
    CARD,
    ACCOUNT,
)


def rename(member: Member, name: str) -> Member:
    member = Member.objects.get(pk=member.pk)
    member.name = name
    save_as(SYSTEM, member)
    return member


def test_no_table_holds_a_personal_value_in_clear(alice: Member, sql: Sql) -> None:
    given = {
        a_consent(alice, "general.newsletter", company_name="하늘상사"),
        a_consent(alice, "general.one_time_payment.card", card_company_name="하늘카드", card_number=CARD),
        a_consent(alice, "general.one_time_payment.bank_transfer", bank_name="하늘은행", account_number=ACCOUNT),
    }
    rename(alice, "김하늘")
    held = {value.value.open() for value in ConsentValue.objects.filter(consent__in=given)}
    assert {"하늘상사", CARD, ACCOUNT} < held
    tables = [name for (name,) in sql("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")]
    assert "members_historicalmember" in tables
    for table in tables:
        rows = sql(f'SELECT t::text FROM "{table}" t')
        for plain in PLAIN:
            assert not [row for (row,) in rows if plain in row or plain.encode().hex() in row], (table, plain)


def test_an_earlier_value_opens_from_history(alice: Member) -> None:
    rename(alice, "김바다")
    newest, oldest = alice.history.all()
    assert (newest.name.open(), oldest.name.open()) == ("김바다", "김하늘")


def test_a_history_diff_names_the_sealed_field_that_changed_and_no_other(alice: Member) -> None:
    rename(alice, "김바다")
    newest, oldest = alice.history.all()
    delta = newest.diff_against(oldest)
    assert delta.changed_fields == ["name"]
    assert "김" not in str([(change.old, change.new) for change in delta.changes])


def test_assigning_the_same_value_again_is_no_change(alice: Member) -> None:
    rename(alice, "김하늘")
    newest, oldest = alice.history.all()
    assert newest.diff_against(oldest).changed_fields == []


def test_the_member_as_of_an_earlier_moment_opens(alice: Member) -> None:
    oldest = alice.history.get()
    rename(alice, "김바다")
    assert oldest.instance.name.open() == "김하늘"
    assert Member.history.as_of(oldest.history_date).get(pk=alice.pk).name.open() == "김하늘"


def test_a_destroyed_value_is_gone_from_history_too(alice: Member) -> None:
    rename(alice, "김바다")
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=acting(alice))
    for row in alice.history.all():
        assert row.name.is_destroyed
        with pytest.raises(ValueDestroyed):
            row.name.open()
