"""What holds of every mask, whatever the value."""

from __future__ import annotations

import phonenumbers
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from privacy_portal.audit.masking import FORMS, MASKS, mask

# Which country, which bank, that one paid by card: shown as they are.
HIDDEN = sorted(set(MASKS) - {"country_of_residence", "card_company_name", "bank_name", "payment_record"})
any_text = st.text(st.characters(exclude_categories=()))
hangul = st.text(st.characters(min_codepoint=ord("가"), max_codepoint=ord("힣")), min_size=1, max_size=6)
# Text that looks like a value of some item, too seldom found by chance.
likely = st.one_of(
    any_text,
    hangul,
    st.emails(),
    st.ip_addresses().map(str),
    st.from_regex(r"\+\d{1,17}", fullmatch=True),
    st.from_regex(r"[\d -]{0,24}", fullmatch=True),
    st.lists(hangul | st.just("12"), min_size=1, max_size=5).map(" ".join),
    st.lists(st.from_regex(r"[A-Z0-9][a-z0-9 ]{0,8}", fullmatch=True), min_size=1, max_size=4).map(", ".join),
)
REGIONS = sorted(phonenumbers.SUPPORTED_REGIONS)


@given(item=st.sampled_from(HIDDEN), value=likely.filter(lambda text: "*" not in text))
@example(item="name", value="김")
@example(item="address", value="서울")
@example(item="email", value="nobody")
@example(item="phone", value="+8215881234")
@example(item="account_number", value="123")
def test_a_mask_never_holds_the_whole_value(item: str, value: str) -> None:
    if any(character.isalnum() for character in value):
        assert value.strip() not in mask(item, value)


@given(item=st.sampled_from(sorted(MASKS)), value=likely)
def test_any_text_can_be_masked_and_shown_as_a_value_of_any_item(item: str, value: str) -> None:
    assert isinstance(mask(item, value), str)
    assert isinstance(FORMS.get(item, str)(value), str)


@given(item=st.sampled_from(["phone", "account_number", "card_number", "business_registration_number"]), value=likely)
@example(item="phone", value="+8215881234")
@example(item="phone", value="+8212")
@example(item="account_number", value="110123")
def test_at_least_three_digits_of_a_number_stay_hidden(item: str, value: str) -> None:
    digits = sum(character.isdigit() for character in value)
    shown = sum(character.isdigit() for character in mask(item, value).removeprefix("0"))
    assert shown <= max(0, digits - 3)


@pytest.mark.parametrize("kind", [phonenumbers.PhoneNumberType.MOBILE, phonenumbers.PhoneNumberType.FIXED_LINE])
def test_numbers_of_every_country_are_masked(kind: int) -> None:
    for region in REGIONS:
        number = phonenumbers.example_number_for_type(region, kind)
        if number is None:
            continue
        subscriber = str(number.national_number)
        shown = mask("mobile_phone", phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))
        assert f"+{number.country_code}" in shown or number.country_code == 82
        assert subscriber not in "".join(character for character in shown if character.isdigit()), region


@given(start=st.text("abc.", min_size=4, max_size=9), more=st.text("xyz", max_size=30))
def test_an_email_mask_does_not_tell_how_long_the_address_is(start: str, more: str) -> None:
    assert mask("email", f"{start}{more}@abcd.com") == mask("email", f"{start}@abcd.com")


@given(start=st.text("abc", min_size=12, max_size=12), more=st.text("xyz", max_size=30))
def test_a_long_text_mask_does_not_tell_how_long_the_text_is(start: str, more: str) -> None:
    assert mask("company_name", start + more) == mask("company_name", start)


@given(one=st.text("abc", min_size=2, max_size=20), other=st.text("abc", min_size=2, max_size=20))
def test_a_foreign_name_shows_its_first_letter_only(one: str, other: str) -> None:
    assert (mask("name", one) == mask("name", other)) == (one[0] == other[0])
