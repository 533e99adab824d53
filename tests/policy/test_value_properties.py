"""What holds of every value that anybody might type."""

from __future__ import annotations

import unicodedata

import phonenumbers
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from privacy_portal.errors import PortalError
from privacy_portal.policy.values import NORMAL_FORMS, normal_email, normal_value

items = st.sampled_from(sorted(NORMAL_FORMS))
any_text = st.text(st.characters(exclude_categories=()))
digits_and_signs = st.text("0123456789٠١٢３-+/.() 년월일x", max_size=24)
labels = st.text(st.characters(categories=["L", "N", "M"]), min_size=1, max_size=12)
addresses = st.builds(
    lambda local, domain, end: f"{local}@{domain}.{end}",
    st.emails().map(lambda a: a.split("@")[0]) | labels,
    labels,
    labels,
)
typed = st.one_of(
    any_text,
    digits_and_signs,
    st.emails(),
    addresses,
    st.dates().map(str),
    st.from_regex(r"\d\d?/\d\d", fullmatch=True),
)


@given(item=items, value=typed)
def test_a_value_is_taken_or_refused_with_a_sentence_and_nothing_else_happens(item: str, value: str) -> None:
    refusal = None
    try:
        kept = normal_value(item, value)
    except PortalError as error:
        refusal = error
    if refusal is None:
        assert kept == kept.strip() != ""
    else:
        assert str(refusal.sentence).strip()
        assert refusal.field == item


@given(item=items, value=typed)
def test_the_form_that_is_kept_is_its_own_form(item: str, value: str) -> None:
    try:
        kept = normal_value(item, value)
    except PortalError:
        return
    assert normal_value(item, kept) == kept


@given(value=st.emails() | addresses)
def test_case_and_composition_make_no_difference_to_an_address(value: str) -> None:
    try:
        kept = normal_email(value)
    except PortalError:
        return
    assert kept.isascii()
    assert normal_email(unicodedata.normalize("NFD", value)) == kept
    if value.isascii():
        assert normal_email(value.upper()) == kept


@given(item=items, value=any_text, unseen=st.sampled_from("\0\x1b\u200b\u200d\u202e\u3164\ufeff\ufffd\ud800\ue000"))
def test_what_cannot_be_seen_is_never_kept(item: str, value: str, unseen: str) -> None:
    assume(value.strip())
    with pytest.raises(PortalError) as refusal:
        normal_value(item, f"a{unseen}{value}")
    assert refusal.value.code == "value_unreadable"


@given(item=items, letter=st.characters(exclude_categories=["Cc", "Cf", "Cs", "Co", "Cn", "Z"]))
def test_ten_thousand_characters_are_refused(item: str, letter: str) -> None:
    with pytest.raises(PortalError):
        normal_value(item, letter * 10_000)


def test_mobile_numbers_of_every_country_are_taken_and_kept_the_same_from_everywhere() -> None:
    taken = 0
    for region in sorted(phonenumbers.SUPPORTED_REGIONS):
        number = phonenumbers.example_number_for_type(region, phonenumbers.PhoneNumberType.MOBILE)
        if number is not None:
            national = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)
            kept = normal_value("mobile_phone", national, country=region)
            assert normal_value("mobile_phone", kept, country="KR") == kept
            assert phonenumbers.parse(kept).country_code == number.country_code
            taken += 1
    assert taken > 200


@given(digits=st.from_regex(r"[1-9][0-9]{14}", fullmatch=True), at=st.integers(0, 15), other=st.integers(1, 9))
def test_one_wrong_digit_in_a_card_number_is_noticed(digits: str, at: int, other: int) -> None:
    valid = next(digits + last for last in "0123456789" if _is_taken(digits + last))
    wrong = valid[:at] + str((int(valid[at]) + other) % 10) + valid[at + 1 :]
    assert not _is_taken(wrong)


def _is_taken(card_number: str) -> bool:
    try:
        normal_value("card_number", card_number)
    except PortalError:
        return False
    return True
