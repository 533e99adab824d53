"""The end of a ground: what it held is gone for good, and that it is gone is on record."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.db import DatabaseError, transaction

from consents.models import ConsentValue
from members.models import Account, Member
from privacy_portal.actors import Actor
from privacy_portal.audit.masking import in_full, masked
from privacy_portal.vault.destruction import destroy_ground, destroy_key
from privacy_portal.vault.errors import ValueDestroyed
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import SYSTEM, a_consent, a_member, acting

Sql = Callable[..., list[tuple[Any, ...]]]
MEMBERSHIP = DataKey.Ground.MEMBERSHIP


def close(member: Member) -> list[DestructionRecord]:
    return destroy_ground(MEMBERSHIP, member.pk, because="membership.closed", actor=acting(member))


def test_every_value_of_the_ground_is_gone(alice: Member) -> None:
    close(alice)
    member = Member.objects.get(pk=alice.pk)
    for value in (member.name, member.address, member.mobile_phone, Account.objects.get(member=member).email):
        assert value.is_destroyed
        with pytest.raises(ValueDestroyed):
            value.open()
        assert masked("name", value) == in_full("name", value) != ""


def test_the_key_is_gone_from_the_table_and_its_row_stays(alice: Member, sql: Sql) -> None:
    close(alice)
    ((wrapped, destroyed_at),) = sql(
        "SELECT wrapped_key, destroyed_at FROM vault_datakey WHERE id = %s", alice.data_key_id
    )
    assert wrapped is None
    assert destroyed_at is not None


def test_the_record_says_what_why_and_by_whom(alice: Member) -> None:
    (record,) = close(alice)
    record = DestructionRecord.objects.get(pk=record.pk)
    assert record.data_key_id == alice.data_key_id
    assert (record.ground, record.ground_id, record.subject_id) == ("membership", alice.pk, alice.pk)
    assert record.items == ["address", "country_of_residence", "email", "mobile_phone", "name"]
    assert record.because == "membership.closed"
    assert (record.actor_kind, record.actor_id) == ("member", alice.account_id)
    assert record.at == DataKey.objects.get(pk=alice.data_key_id).destroyed_at


def test_a_job_that_destroys_is_named(db: None) -> None:
    key = make_data_key(MEMBERSHIP, uuid4(), subject_id=None)
    (record,) = destroy_key(key.pk, because="retention", actor=Actor.system("retention"))
    assert (record.actor_kind, record.actor_id, record.actor_name) == ("system", None, "retention")


def test_destroying_again_changes_nothing_and_makes_no_second_record(alice: Member) -> None:
    close(alice)
    first = DataKey.objects.get(pk=alice.data_key_id).destroyed_at
    assert close(alice) == []
    assert destroy_key(alice.data_key_id, because="again", actor=SYSTEM) == []
    assert DataKey.objects.get(pk=alice.data_key_id).destroyed_at == first
    assert DestructionRecord.objects.get().because == "membership.closed"


def test_destroying_a_ground_that_never_was_is_harmless(db: None) -> None:
    assert destroy_ground(MEMBERSHIP, uuid4(), because="membership.closed", actor=SYSTEM) == []


def test_what_others_hold_and_what_other_grounds_hold_stays(alice: Member) -> None:
    bystander = a_member(name="박바다")
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    close(alice)
    assert Member.objects.get(pk=bystander.pk).name.open() == "박바다"
    assert ConsentValue.objects.get(consent=consent).value.open() == "하늘상사"
    assert consent.events.get().opened_evidence()["address"] == "203.0.113.7"


def test_one_key_of_a_ground_can_go_alone(db: None) -> None:
    ground_id = uuid4()
    one, other = (
        make_data_key(DataKey.Ground.CONSENT, ground_id, subject_id=None, items=[i]) for i in ("name", "email")
    )
    (record,) = destroy_key(one.pk, because="consent.item_taken_back", actor=SYSTEM)
    assert record.items == ["name"]
    assert not DataKey.objects.get(pk=other.pk).is_destroyed


def test_nothing_new_can_be_sealed_under_a_destroyed_key(alice: Member) -> None:
    close(alice)
    member = Member.objects.get(pk=alice.pk)
    member.name = "김바다"
    with pytest.raises(ValueDestroyed):
        member.save()


@pytest.mark.parametrize(
    ("statement", "refusal"),
    [
        ("UPDATE vault_datakey SET wrapped_key = %s, destroyed_at = NULL WHERE id = %s", "stays destroyed"),
        ("UPDATE vault_datakey SET destroyed_at = now(), key_encryption_key = %s WHERE id = %s", "stays destroyed"),
    ],
)
def test_a_destroyed_key_cannot_be_brought_back(alice: Member, sql: Sql, statement: str, refusal: str) -> None:
    kept = bytes(alice.data_key.wrapped_key or b"")
    close(alice)
    with pytest.raises(DatabaseError, match=refusal), transaction.atomic():
        sql(statement, kept if "wrapped_key" in statement else "other", alice.data_key_id)


@pytest.mark.parametrize("destroyed", [True, False])
def test_a_key_cannot_be_deleted_destroyed_or_not(alice: Member, sql: Sql, destroyed: bool) -> None:
    if destroyed:
        close(alice)
    with pytest.raises(DatabaseError, match="Cannot delete rows"), transaction.atomic():
        sql("DELETE FROM vault_datakey WHERE id = %s", alice.data_key_id)
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="the rows of vault_destructionrecord stay"), transaction.atomic():
        sql("TRUNCATE vault_datakey CASCADE")


@pytest.mark.parametrize("column", ["id", "ground_id", "subject_id"])
def test_a_key_cannot_be_given_to_another_ground_or_person(alice: Member, sql: Sql, column: str) -> None:
    with pytest.raises(DatabaseError, match="stays with the ground it was made for"), transaction.atomic():
        sql(f"UPDATE vault_datakey SET {column} = gen_random_uuid() WHERE id = %s", alice.data_key_id)


def test_a_key_cannot_become_one_of_another_kind_of_ground(alice: Member, sql: Sql) -> None:
    with pytest.raises(DatabaseError, match="stays with the ground it was made for"), transaction.atomic():
        sql("UPDATE vault_datakey SET ground = 'staff' WHERE id = %s", alice.data_key_id)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE vault_destructionrecord SET because = 'something else'",
        "UPDATE vault_destructionrecord SET at = at - interval '1 day'",
        "DELETE FROM vault_destructionrecord",
        "TRUNCATE vault_destructionrecord",
    ],
)
def test_a_destruction_record_cannot_be_changed_or_removed_even_by_a_superuser(
    alice: Member, sql: Sql, statement: str
) -> None:
    close(alice)
    assert sql("SELECT rolsuper FROM pg_roles WHERE rolname = current_user") == [(True,)]
    before = sql("SELECT * FROM vault_destructionrecord")
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match=r"Cannot update or delete rows|the rows of .* stay"), transaction.atomic():
        sql(statement)
    assert sql("SELECT * FROM vault_destructionrecord") == before
