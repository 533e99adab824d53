"""Someone with access to the database changes sealed bytes: they do not open as anything else."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.utils import translation
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consents.models import ConsentEvent, ConsentValue
from members.models import Account, Member
from privacy_portal.audit.masking import masked
from privacy_portal.vault import envelope
from privacy_portal.vault.errors import DoesNotOpen
from tests import factories
from tests.factories import a_consent

Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def bob(db: None) -> Member:
    return factories.a_member(email="bob@example.com", name="박바다")


def test_a_value_moved_to_another_members_row_does_not_open(alice: Member, bob: Member, sql: Sql) -> None:
    sql(
        "UPDATE members_member SET name = (SELECT name FROM members_member WHERE id = %s) WHERE id = %s",
        bob.pk,
        alice.pk,
    )
    with pytest.raises(DoesNotOpen):
        Member.objects.get(pk=alice.pk).name.open()


def test_a_value_moved_with_its_key_to_another_members_row_does_not_open(alice: Member, bob: Member, sql: Sql) -> None:
    sql(
        "UPDATE members_member SET (name, data_key_id) = (SELECT name, data_key_id FROM members_member WHERE id = %s)"
        " WHERE id = %s",
        bob.pk,
        alice.pk,
    )
    with pytest.raises(DoesNotOpen):
        Member.objects.get(pk=alice.pk).name.open()


def test_a_value_moved_to_another_column_does_not_open(alice: Member, sql: Sql) -> None:
    sql("UPDATE members_member SET name = address, address = name WHERE id = %s", alice.pk)
    member = Member.objects.get(pk=alice.pk)
    for value in (member.name, member.address):
        with pytest.raises(DoesNotOpen):
            value.open()


def test_a_value_moved_to_another_table_does_not_open(alice: Member, sql: Sql) -> None:
    sql("UPDATE members_account SET email = (SELECT name FROM members_member WHERE id = %s)", alice.pk)
    with pytest.raises(DoesNotOpen):
        Account.objects.get(member=alice).email.open()


def test_a_value_moved_between_two_consents_of_one_member_does_not_open(alice: Member, sql: Sql) -> None:
    newsletter = a_consent(alice, "general.newsletter", company_name="하늘상사")
    inquiry = a_consent(alice, "general.sales_inquiry", company_name="바다상사")
    sql(
        "UPDATE consents_consentvalue SET value = (SELECT value FROM consents_consentvalue WHERE consent_id = %s)"
        " WHERE consent_id = %s",
        newsletter.pk,
        inquiry.pk,
    )
    with pytest.raises(DoesNotOpen):
        ConsentValue.objects.get(consent=inquiry).value.open()


def test_evidence_moved_between_two_events_of_one_consent_does_not_open(alice: Member) -> None:
    event = a_consent(alice, "general.general_inquiry").events.get()
    assert event.evidence is not None
    assert event.evidence.open()["address"] == "203.0.113.7"
    copied = ConsentEvent(evidence_key=event.evidence_key, evidence=event.evidence.envelope())
    with pytest.raises(DoesNotOpen):
        copied.evidence.open()


def test_wrapped_keys_swapped_between_two_grounds_do_not_open(alice: Member, bob: Member, sql: Sql) -> None:
    sql(
        "UPDATE vault_datakey one SET wrapped_key = other.wrapped_key FROM vault_datakey other"
        " WHERE one.id IN (%s, %s) AND other.id IN (%s, %s) AND one.id <> other.id",
        *(alice.data_key_id, bob.data_key_id) * 2,
    )
    for member in Member.objects.filter(pk__in=[alice.pk, bob.pk]):
        with pytest.raises(DoesNotOpen):
            member.name.open()


def test_a_value_cut_short_or_emptied_does_not_open(alice: Member, sql: Sql) -> None:
    for bytes_left in (0, 1, 28):
        sql("UPDATE members_member SET name = substring(name FOR %s) WHERE id = %s", bytes_left, alice.pk)
        with pytest.raises(DoesNotOpen):
            Member.objects.get(pk=alice.pk).name.open()


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_value_with_any_one_bit_flipped_does_not_open(alice: Member, sql: Sql, data: st.DataObject) -> None:
    stored = alice.name.envelope()
    bit = data.draw(st.integers(0, len(stored) * 8 - 1))
    sql(
        "UPDATE members_member SET name = set_bit(%s, %s, 1 - get_bit(%s, %s)) WHERE id = %s",
        stored,
        bit,
        stored,
        bit,
        alice.pk,
    )
    with pytest.raises(DoesNotOpen):
        Member.objects.get(pk=alice.pk).name.open()


def test_a_value_opens_with_its_own_key_at_its_own_place_only() -> None:
    key = envelope.new_key()
    sealed = envelope.seal(key, b"plain", place="here")
    assert envelope.open_(key, sealed, place="here") == b"plain"
    with pytest.raises(DoesNotOpen):
        envelope.open_(envelope.new_key(), sealed, place="here")
    with pytest.raises(DoesNotOpen):
        envelope.open_(key, sealed, place="there")


def test_a_screen_says_that_a_value_was_altered_instead_of_showing_a_blank(alice: Member, sql: Sql) -> None:
    sql("UPDATE members_member SET name = address WHERE id = %s", alice.pk)
    with translation.override("en"):
        assert masked("name", Member.objects.get(pk=alice.pk).name) == "cannot be opened: altered or moved"


def test_a_value_that_does_not_open_can_be_replaced(alice: Member, sql: Sql) -> None:
    sql("UPDATE members_member SET name = address WHERE id = %s", alice.pk)
    member = Member.objects.get(pk=alice.pk)
    member.name = "김하늘"
    member.save()
    assert Member.objects.get(pk=alice.pk).name.open() == "김하늘"


def test_the_error_names_the_place_and_no_value(alice: Member, sql: Sql) -> None:
    sql("UPDATE members_member SET name = address WHERE id = %s", alice.pk)
    with pytest.raises(DoesNotOpen) as raised:
        Member.objects.get(pk=alice.pk).name.open()
    assert f"members.member.name:{alice.pk}" in str(raised.value)
    assert "강남" not in str(raised.value)
