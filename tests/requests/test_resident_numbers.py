"""Full resident registration numbers are found however they are written, and other numbers are left alone."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from requests.parsers.resident_numbers import holds_full_number

PAST = st.dates(date(1900, 1, 1), date(2026, 1, 1))


@st.composite
def numbers(draw: st.DrawFn) -> tuple[str, str]:
    """The two halves of a number that somebody can have."""
    born = draw(PAST)
    first = draw(st.sampled_from("1256" if born.year < 2000 else "3478"))
    return f"{born:%y%m%d}", first + draw(st.text("0123456789", min_size=6, max_size=6))


FULL_WIDTH = str.maketrans("0123456789-", "０１２３４５６７８９－")
WRITTEN = {
    "with a hyphen": "{0}-{1}".format,
    "without": "{0}{1}".format,
    "with spaces": "{0} - {1}".format,
    "on two lines": "{0}-\n{1}".format,
    "with a long dash": "{0}–{1}".format,
    "with a minus": "{0}−{1}".format,
    "full width": lambda *halves: "-".join(halves).translate(FULL_WIDTH),
    "letters apart": lambda *halves: " ".join("-".join(halves)),
    "with a soft hyphen in it": lambda birth, rest: f"{birth[:3]}\u00ad{birth[3:]}-{rest}",
    "with a zero-width space in it": lambda birth, rest: f"{birth}-{rest[:2]}\u200b{rest[2:]}",
    "in Arabic digits": lambda *halves: "-".join(halves).translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    "in other text": "주민등록번호: {0}-{1}(앞)".format,
    "after another number": "2026 {0}-{1}".format,
}


@pytest.mark.parametrize("written", WRITTEN.values(), ids=WRITTEN)
@given(number=numbers())
@example(number=("900101", "1234568"))
@example(number=("000229", "3000000"))
@example(number=("901231", "5999999"))
def test_a_full_number_is_found(written, number: tuple[str, str]) -> None:
    assert holds_full_number(written(*number))


@given(number=numbers(), kept=st.integers(0, 6))
def test_a_covered_number_is_not_found(number: tuple[str, str], kept: int) -> None:
    birth, rest = number
    assert not holds_full_number(f"{birth}-{rest[:kept]}{'*' * (7 - kept)}")
    assert not holds_full_number(f"{birth}-{rest[:kept]}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "900101",
        "901301-1234567",  # no such month
        "900230-1234567",  # no such day
        "010229-3234567",  # no leap year
        "900101-9234567",  # the nineteenth century
        "900101-0234567",
        "9001011-234567",
        "19900101-1234567",  # eight digits are a date
        "900101-12345678",  # one too many
        "010-1234-5678",
        "220-81-62517",
        "4111 1111 1111 1111",
        "900101 and then 1234567",
    ],
)
def test_other_numbers_are_left_alone(text: str) -> None:
    assert not holds_full_number(text)


def test_a_birth_date_to_come_is_none() -> None:
    tomorrow = date.today() + timedelta(days=2)
    assert not holds_full_number(f"{tomorrow:%y%m%d}-3234567")
    assert holds_full_number(f"{tomorrow - timedelta(days=2):%y%m%d}-3234567")


@given(text=st.text(st.characters(exclude_categories=()), max_size=200))
def test_any_text_can_be_searched(text: str) -> None:
    assert holds_full_number(text) in (True, False)


def test_a_long_text_is_searched_in_no_time() -> None:
    assert not holds_full_number("9 0 0 1 0 1 " * 50_000)
    assert not holds_full_number("1" * 1_000_000)
