"""What stays of a payment method that was removed: the record of payments that law names, and no number (K2, K3)."""

from __future__ import annotations

from io import StringIO

import pytest
from django.core.management import call_command
from django.utils import timezone

from members.models import Account, Member, PaymentMethod
from members.payment_methods import removing, restoring
from privacy_portal.clock import now
from privacy_portal.retention import due, holds, runs, schedule
from privacy_portal.retention.models import LegalHold, RetainedRecord
from privacy_portal.vault.endings import Ending, rooms
from privacy_portal.vault.models import DataKey, UnlistedEnding
from tests.factories import SYSTEM, acting, staff_acting
from tests.paying import NEVER, a_card, an_account, documents_of
from tests.retention.lives import an_approved_run, later

pytestmark = pytest.mark.django_db


def removed(method: PaymentMethod, member: Member) -> PaymentMethod:
    return removing.remove(method, actor=acting(member))


def test_law_keeps_how_one_paid_and_the_bank_for_five_years_and_no_number(business: Member) -> None:
    methods = [removed(a_card(business), business), removed(an_account(business), business)]
    removed(documents_of(business), business)

    card, account = RetainedRecord.objects.order_by("pk")
    today = timezone.localdate(now())
    assert card.values.open() == {"payment_record": f"credit_card {today}/{today}"}
    assert account.values.open() == {
        "payment_record": f"account_transfer {today}/{today}",
        "bank_name": "KB국민은행",
    }
    for record, method in zip((card, account), methods, strict=True):
        assert (record.rule.code, record.subject_id) == ("payment_records", business.pk)
        assert record.keep_until == today.replace(year=today.year + 5)
        assert method.data_key.ground_id != record.data_key.ground_id
        assert not [number for number in NEVER if number in str(record.values.open())]


def test_what_a_legal_hold_keeps_of_a_removed_method_falls_due_when_it_is_lifted(
    business: Member, officer: Account
) -> None:
    hold = holds.place(LegalHold.About.PERSON, business.pk, reason="lawsuit", actor=SYSTEM)
    methods = [a_card(business), documents_of(business)]
    for method in methods:
        removed(method, business)
    keys = DataKey.objects.filter(ground=DataKey.Ground.PAYMENT_METHOD, wrapped_key__isnull=False)
    assert keys.count() == 3  # the copy of the licence too
    rule = schedule.rule_in_force("payment_methods")
    assert not due.due(rule, now()).exists()
    # The card is off the list all the same, and can be added anew.
    a_card(business)

    holds.lift(hold, actor=staff_acting(officer))
    assert due.due(rule, now()).count() == 3
    with later(days=1):
        an_approved_run(officer)
        call_command("destroy_due", stdout=StringIO())
        assert runs.propose() is None
    assert keys.count() == 1
    assert keys.get().ground_id == PaymentMethod.objects.get(ended_at__isnull=True).pk


def test_a_method_that_is_kept_never_falls_due(alice: Member) -> None:
    a_card(alice)
    with later(years=20):
        assert not due.due(schedule.rule_in_force("payment_methods"), now()).exists()


def test_a_restored_database_knows_that_it_was_removed(alice: Member) -> None:
    method = removed(a_card(alice), alice)
    listed = UnlistedEnding.objects.get(ground=DataKey.Ground.PAYMENT_METHOD)
    assert method.ended_at is not None
    ending = Ending(DataKey.Ground.PAYMENT_METHOD, method.pk, listed.because, method.ended_at)
    room = rooms[DataKey.Ground.PAYMENT_METHOD]
    assert room.standing([ending]) == []
    assert list(room.on_record()) == [ending]
    # As an older dump has it: the row stands, its key was destroyed again already.
    PaymentMethod.objects.update(ended_at=None)
    assert room.standing([ending]) == [ending]

    room.end_again(ending, SYSTEM)

    assert restoring.standing([ending]) == []
    method.refresh_from_db()
    assert not method.is_living
