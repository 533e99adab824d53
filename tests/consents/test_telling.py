"""What members are told by e-mail of their consents (M5, M6)."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail

from consents.refusing import refuse
from consents.telling import remind_lapsing
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.policy.exporting import export
from privacy_portal.policy.models import Collection
from tests.factories import a_consent, a_member, acting, collection, notice

RECEPTION = "marketing.reception"


def test_agreeing_to_advertising_is_confirmed_with_sender_date_and_result(alice: Member) -> None:
    a_consent(alice, RECEPTION)
    (message,) = mail.outbox
    assert message.to == ["alice@example.com"]
    assert "Cloud Company" in message.body
    assert "광고성 정보 받기" in message.body
    assert "/my/consents/marketing.reception/" in message.body
    for value in ("alice@example.com", "김하늘", "1234"):
        assert value not in message.body


def test_refusing_and_withdrawing_are_confirmed_in_the_members_language(db: None) -> None:
    member = a_member(language="en")
    refuse(member, collection(RECEPTION), notice=notice(RECEPTION), language="en", actor=acting(member))
    assert "You refused." in mail.outbox[-1].body
    withdraw(a_consent(member, RECEPTION), language="en", actor=acting(member))
    assert "You withdrew your consent." in mail.outbox[-1].body
    assert len(mail.outbox) == 3


def test_other_consents_are_given_without_an_e_mail(alice: Member) -> None:
    a_consent(alice, "general.newsletter", without=("company_name",))
    assert mail.outbox == []


def test_night_and_day_are_two_consents(alice: Member) -> None:
    a_consent(alice, RECEPTION)
    assert not alice.consents.filter(collection_id="marketing.night_reception").exists()


def test_a_member_is_told_once_thirty_days_before_a_consent_lapses(alice: Member, time_machine: Any) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    assert consent.lapses_at is not None
    time_machine.move_to(consent.lapses_at - timedelta(days=30, minutes=1))
    remind_lapsing.call()
    assert mail.outbox == []
    time_machine.move_to(consent.lapses_at - timedelta(days=30))
    remind_lapsing.call()
    remind_lapsing.call()
    (message,) = mail.outbox
    assert "뉴스레터 구독" in message.subject
    assert "/my/consents/general.newsletter/" in message.body


@pytest.mark.parametrize("code", ["marketing.use", "marketing.reception", "marketing.night_reception"])
def test_what_is_asked_beyond_the_policy_is_not_exported_as_policy(db: None, code: str) -> None:
    assert Collection.objects.get(pk=code).beyond_policy
    assert "marketing" not in export()["separate_consents"]
