"""How a value is written for the person it belongs to."""

from __future__ import annotations

import pytest
from django.utils import translation

from members.models import Member
from privacy_portal.audit.masking import FORMS, in_full, masked
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from tests.factories import SYSTEM, a_business


@pytest.mark.parametrize(
    ("item", "stored", "written"),
    [
        ("mobile_phone", "+821012345678", "010-1234-5678"),
        ("phone", "+82212345678", "02-1234-5678"),
        ("phone", "+8215881234", "1588-1234"),
        ("mobile_phone", "+447911123456", "+44 7911 123456"),
        ("business_registration_number", "1234567891", "123-45-67891"),
        ("card_number", "4558123456783872", "4558-1234-5678-3872"),
        ("card_number", "378282246310005", "3782-8224-6310-005"),
        ("cash_receipt_card_number", "4558123456783872", "4558-1234-5678-3872"),
    ],
)
def test_a_value_is_written_as_people_write_it(item: str, stored: str, written: str) -> None:
    assert FORMS[item](stored) == written


@pytest.mark.parametrize(("language", "name"), [("ko", "대한민국"), ("en", "South Korea")])
def test_a_country_is_named_in_the_language_of_the_page(alice: Member, language: str, name: str) -> None:
    with translation.override(language):
        assert in_full("country_of_residence", alice.country_of_residence) == name


def test_a_member_reads_her_own_values_in_full(db: None) -> None:
    business = Member.objects.get(pk=a_business(business_registration_number="123-45-67891").pk)
    assert in_full("company_name", business.company_name) == "한빛소프트 주식회사"
    assert in_full("mobile_phone", business.mobile_phone) == "010-9876-5432"
    assert in_full("business_registration_number", business.business_registration_number) == "123-45-67891"
    assert in_full("ceo_name", business.ceo_name) == ""


@pytest.mark.parametrize("show", [masked, in_full])
def test_a_destroyed_value_says_that_it_is_destroyed(alice: Member, show: object) -> None:
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    assert callable(show)
    with translation.override("en"):
        assert show("name", Member.objects.get(pk=alice.pk).name) == "destroyed"
