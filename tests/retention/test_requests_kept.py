"""Requests in the schedule: complaints are kept apart for three years (K3), the rest ends with its purpose."""

from __future__ import annotations

import json

import pytest

from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.retention import due, holds
from privacy_portal.retention.complaints import keep_finished
from privacy_portal.retention.models import LegalHold, RetainedRecord
from privacy_portal.retention.schedule import months_after, rule_in_force
from requests import drafting, kinds
from requests.models import Draft
from tests.factories import a_request, acting, fresh, staff_acting

pytestmark = pytest.mark.django_db


def due_now(code: str) -> set[object]:
    return set(due.due(rule_in_force(code), now()).values_list("pk", flat=True))


def test_a_finished_request_is_due_once_nobody_can_object_any_more(alice: Member) -> None:
    member_request = a_request("access", alice, state="done")
    keys = {member_request.data_key_id, member_request.values_key_id, member_request.package.data_key_id}
    closed = member_request.closed_at
    assert closed is not None
    with pretending(months_after(closed, 3)):
        assert due_now("request_records") == keys
    with pretending(closed):
        assert due_now("request_records") == set()


def test_an_open_request_is_never_due(alice: Member) -> None:
    a_request("access", alice, state="approved")
    with pretending(months_after(now(), 100)):
        assert due_now("request_records") == set()


def test_a_complaint_is_kept_apart_for_three_years_from_its_end_and_destroyed_where_it_was(alice: Member) -> None:
    member_request = a_request("duplicate_payment", alice, state="done")
    closed = member_request.closed_at
    assert closed is not None
    with pretending(months_after(closed, 3)):
        assert due_now("request_records") == set()
        for _time in range(2):
            keep_finished.call()
        record = RetainedRecord.objects.get()
    values = record.values.open_unseen()
    assert json.loads(values["asked"])["payment_details"].startswith("11월 3일")
    assert (values["decision"], values["reason"]) == ("approved", "살펴본 결과를 알려 드립니다.")
    assert "110234567890" not in json.dumps(values)
    assert record.rule.code == "complaint_records"
    assert fresh(member_request).data_key.is_destroyed
    assert fresh(member_request).asked.is_destroyed
    with pretending(months_after(closed, 37)):
        assert due_now("complaint_records") == {record.data_key_id}


def test_withdrawing_after_the_end_keeps_the_complaint_s_record_and_nothing_else(alice: Member) -> None:
    member_request = a_request("duplicate_payment", alice, state="done")
    assert member_request.consent is not None
    withdraw(member_request.consent, language="ko", actor=acting(alice))
    assert RetainedRecord.objects.get().values.open_unseen()["reference"] == member_request.reference
    assert fresh(member_request).asked.is_destroyed
    assert member_request.documents.get().file.is_destroyed


def test_a_complaint_that_was_called_off_is_none(alice: Member) -> None:
    member_request = a_request("duplicate_payment", alice, state="cancelled")
    assert not RetainedRecord.objects.exists()
    with pretending(months_after(now(), 4)):
        keep_finished.call()
        assert not RetainedRecord.objects.exists()
        assert due_now("request_records") == {member_request.data_key_id}


def test_a_legal_hold_on_a_request_keeps_all_of_it_until_it_is_lifted(alice: Member, officer: Account) -> None:
    member_request = a_request("duplicate_payment", alice, state="done")
    staff = staff_acting(officer)
    hold = holds.place(LegalHold.About.REQUEST, member_request.pk, reason="complaint", actor=staff)
    with pretending(months_after(now(), 4)):
        keep_finished.call()
        assert not RetainedRecord.objects.exists()
        assert not fresh(member_request).data_key.is_destroyed
        holds.lift(hold, actor=staff)
        keep_finished.call()
        assert RetainedRecord.objects.exists()


def test_a_draft_nobody_comes_back_to_is_destroyed(alice: Member) -> None:
    draft = drafting.save(alice, kinds.kind("access"), {"details": "아직"}, actor=acting(alice))
    with pretending(months_after(now(), 1)):
        drafting.destroy_old.call()
    draft = Draft.objects.get(pk=draft.pk)
    assert draft.values.is_destroyed
    assert draft.ended_at is not None
