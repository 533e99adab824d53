"""What law keeps lies apart: its own table, its own keys; the ground it came from is destroyed all the same."""

from __future__ import annotations

import pytest
from django.db import DatabaseError, connection, transaction

from consents.models import ConsentValue
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.clock import now
from privacy_portal.retention import retaining
from privacy_portal.retention.models import RetainedRecord
from privacy_portal.retention.schedule import months_after
from tests.factories import SYSTEM, a_consent, acting
from tests.retention.lives import CODE, TYPED, refused

pytestmark = pytest.mark.django_db


def keep(member: Member, code: str = "payment_records") -> RetainedRecord:
    values = {value.item_id: value.value for value in ConsentValue.objects.filter(consent__member=member)}
    return retaining.keep(
        code, {**values, "amount": "33,000"}, subject_id=member.pk, happened_at=now(), moved_from=CODE, actor=SYSTEM
    )


def test_values_are_sealed_anew_and_outlive_their_ground(alice: Member) -> None:
    consent = a_consent(alice, CODE, **TYPED)
    record = keep(alice)
    withdraw(consent, language="ko", actor=acting(alice))
    record = RetainedRecord.objects.select_related("data_key").get(pk=record.pk)
    assert record.values.open() == {"bank_name": "한빛 은행", "account_number": "110234567890", "amount": "33,000"}
    assert (record.data_key.ground, record.data_key.ground_id) == ("legal_duty", record.reference)
    assert record.data_key.items == ["account_number", "amount", "bank_name"]
    assert record.keep_until == months_after(now(), 60).date()
    assert all(value.value.is_destroyed for value in ConsentValue.objects.select_related("data_key"))


def test_a_kind_without_a_rule_is_not_kept(alice: Member) -> None:
    with refused("no_rule"):
        keep(alice, "anything")


@pytest.mark.parametrize(
    "statement",
    ["UPDATE retention_retainedrecord SET keep_until = keep_until + 1", "DELETE FROM retention_retainedrecord"],
)
def test_a_retained_record_is_never_changed_or_deleted(statement: str, alice: Member) -> None:
    keep(alice)
    with pytest.raises(DatabaseError, match="Cannot"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)
