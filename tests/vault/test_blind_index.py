"""People are found by what is sealed, without opening it."""

from __future__ import annotations

import unicodedata

import pytest
from django.apps import apps
from django.core.exceptions import FieldError
from hypothesis import example, given
from hypothesis import strategies as st

from members.models import Member, NaverLink, PaymentMethod, RepresentativeConsent
from privacy_portal.audit.history import save_as
from privacy_portal.vault.blind_index import INDEX_BYTES, BlindIndexField, blind_index
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from tests.factories import SYSTEM, a_business, a_member


@pytest.mark.parametrize("typed", ["Marie Curie", "MARIE CURIE", "  marie   curie ", "Marie\u00a0Curie"])
def test_a_member_is_found_by_name_however_it_is_typed(db: None, typed: str) -> None:
    marie = a_member(name="Marie Curie")
    a_member(name="Marie Dupont")
    assert list(Member.objects.filter(name_index=typed)) == [marie]


def test_a_korean_name_typed_on_a_mac_finds_the_same_member(alice: Member) -> None:
    assert Member.objects.get(name_index=unicodedata.normalize("NFD", "김하늘")) == alice


def test_a_business_is_found_by_its_number_with_or_without_hyphens(db: None) -> None:
    business = a_business(business_registration_number="123-45-67891")
    assert Member.objects.get(business_registration_number_index="1234567891") == business
    assert Member.objects.get(business_registration_number_index="123-45-67891") == business


def test_within_one_member_equal_numbers_are_equal_and_between_two_they_tell_nothing(db: None) -> None:
    assert blind_index("digits", "1234", within="a") == blind_index("digits", "12-34", within="a")
    different = {blind_index("digits", "1234", within=realm) for realm in ("", "a", "b")}
    assert len(different) == 3
    with pytest.raises(FieldError, match="within"):
        PaymentMethod.objects.filter(card_number_index="4111111111111111").exists()


def test_several_values_can_be_looked_for_at_once(alice: Member) -> None:
    other = a_member(name="박바다")
    assert set(Member.objects.filter(name_index__in=["김하늘", "박바다"])) == {alice, other}


# Dotless i is another letter, though its capital is an ordinary I.
@given(name=st.text(st.characters(codec="utf-8", exclude_characters="ıİ"), max_size=30))
@example(name="\N{GREEK SMALL LETTER IOTA WITH DIALYTIKA AND TONOS}")
def test_case_composition_and_spaces_make_no_difference_to_a_name(name: str) -> None:
    index = blind_index("name", name)
    for variant in (
        name.upper(),
        name.lower(),
        name.casefold(),
        unicodedata.normalize("NFC", name),
        unicodedata.normalize("NFD", name),
        unicodedata.normalize("NFD", name.upper()),
        f" {name}\n",
        "  ".join(name.split()),
    ):
        assert blind_index("name", variant) == index, ascii(variant)


@given(one=st.text(max_size=8), other=st.text(max_size=8))
def test_different_digits_have_different_indexes(one: str, other: str) -> None:
    same = [c for c in one if c.isdecimal()] == [c for c in other if c.isdecimal()]
    assert (blind_index("digits", one) == blind_index("digits", other)) == same


def test_one_value_as_an_email_a_name_a_phone_and_digits_has_four_indexes() -> None:
    indexes = {blind_index(kind, "821012345678") for kind in ("email", "name", "phone", "digits")}
    assert len(indexes) == 4
    assert {len(index) for index in indexes} == {INDEX_BYTES}


def test_no_history_table_holds_a_blind_index(db: None) -> None:
    with_index = [
        model
        for model in apps.get_models()
        if any(isinstance(field, BlindIndexField) for field in model._meta.get_fields())
    ]
    sealed = {
        Member: "name",
        NaverLink: "profile_id",
        PaymentMethod: "card_number",
        RepresentativeConsent: "representative_email",
    }
    assert {*with_index} == {*sealed}
    for model, field_name in sealed.items():
        names = {field.name for field in model.history.model._meta.get_fields()}  # type: ignore[attr-defined]
        assert field_name in names
        assert not [name for name in names if name.endswith("_index")]


def test_a_changed_name_is_found_by_the_new_one_only(alice: Member) -> None:
    alice.name = "김바다"
    save_as(SYSTEM, alice)
    assert Member.objects.get(name_index="김바다") == alice
    assert not Member.objects.filter(name_index="김하늘").exists()


def test_saving_a_member_whose_values_were_not_opened_keeps_them_findable(alice: Member) -> None:
    member = Member.objects.get(pk=alice.pk)
    member.language = "en"
    save_as(SYSTEM, member)
    assert Member.objects.get(name_index="김하늘", mobile_phone_index="+821012345678") == alice


def test_a_destroyed_member_is_found_no_more(alice: Member) -> None:
    bystander = a_member(name="김하늘")
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    assert Member.objects.get(name_index="김하늘") == bystander
    alice = Member.objects.get(pk=alice.pk)
    assert alice.name_index is None
    assert alice.mobile_phone_index is None


@pytest.mark.parametrize("opened", [True, False])
def test_a_member_read_before_destruction_and_saved_after_stays_unfindable(alice: Member, opened: bool) -> None:
    read_before = Member.objects.get(pk=alice.pk)
    if opened:
        read_before.name.open()
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    save_as(SYSTEM, read_before)
    assert not Member.objects.filter(name_index="김하늘").exists()
    assert not Member.objects.filter(mobile_phone_index__isnull=False).exists()
