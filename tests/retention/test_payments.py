"""What law has us keep of a payment, once the consent it was made with ends."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from consents.expiry import expire
from consents.models import Consent, ConsentValue
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.retention.models import RetainedRecord
from tests.factories import a_consent, acting

SignIn = Callable[[Member | Account], Client]
CARD = "general.one_time_payment.card"


@pytest.fixture
def paid(alice: Member) -> Consent:
    return a_consent(alice, CARD, card_company_name="한빛카드", card_number="4111 1111 1111 1111")


def _withdraw(consent: Consent) -> None:
    withdraw(consent, language="ko", actor=acting(consent.member))


def _lapse(consent: Consent) -> None:
    Consent.objects.filter(pk=consent.pk, state="given").update(lapses_at=now() + timedelta(minutes=1))
    with pretending(now() + timedelta(minutes=2)):
        expire(consent)


@pytest.mark.parametrize("ends", [_withdraw, _lapse])
def test_the_record_of_a_payment_outlives_the_consent_whatever_ends_it(
    ends: Callable[[Consent], None], paid: Consent
) -> None:
    ends(paid)

    record = RetainedRecord.objects.get(subject_id=paid.member_id)
    assert record.rule.code == "payment_records"
    assert record.values.open_unseen() == {"card_company_name": "한빛카드"}  # and no number of a card
    assert all(value.value.is_destroyed for value in ConsentValue.objects.filter(consent=paid))
    ends(paid)  # again, as by a double click
    assert RetainedRecord.objects.count() == 1


def test_the_page_says_beforehand_what_stays_and_by_which_law(paid: Consent, alice: Member, signed_in: SignIn) -> None:
    page = signed_in(alice).get(reverse("consents:detail", args=[CARD])).content.decode()
    assert "대금결제 및 재화 공급 기록" in page
    assert "전자상거래법 시행령 제6조 제1항 제3호" in page
    newsletter = a_consent(alice, "general.newsletter", company_name="하늘상사")
    page = signed_in(alice).get(reverse("consents:detail", args=[newsletter.collection_id])).content.decode()
    assert "대금결제" not in page
