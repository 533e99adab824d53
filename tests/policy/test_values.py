"""What people type, and the one form in which it is kept."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
import time_machine

from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item
from privacy_portal.policy.values import is_typed, normal_email, normal_value

SEOUL = ZoneInfo("Asia/Seoul")


def refusal(item: str, value: str, country: str = "KR") -> str:
    """The code of the error for a value that is refused; its sentence and field are there."""
    with pytest.raises(PortalError) as raised:
        normal_value(item, value, country=country)
    assert str(raised.value.sentence).strip()
    assert raised.value.field == item
    return raised.value.code


@pytest.mark.parametrize(
    ("item", "typed", "kept"),
    [
        ("name", "  홍길동 ", "홍길동"),
        ("name", unicodedata.normalize("NFD", "홍길동"), "홍길동"),
        ("name", "Mary  Jane\u00a0Watson", "Mary Jane Watson"),
        ("name", "O'Neill-Smith", "O'Neill-Smith"),
        ("company_name", "3M", "3M"),
        ("address", " 서울특별시  강남구 테헤란로 152 ", "서울특별시 강남구 테헤란로 152"),
        ("country_of_residence", "kr", "KR"),
        ("business_registration_number", "220-81-62517", "2208162517"),
        ("business_registration_number", " 220 81 62517 ", "2208162517"),
        ("card_number", "4111 1111-1111 1111", "4111111111111111"),
        ("card_number", "４１１１\u00a01111–1111—1111", "4111111111111111"),
        ("account_number", "110-123-456789", "110123456789"),
        ("cash_receipt_card_number", "1234-5678-9012-3456", "1234567890123456"),
    ],
)
def test_a_value_is_kept_in_one_form(item: str, typed: str, kept: str) -> None:
    assert normal_value(item, typed) == kept


@pytest.mark.parametrize(
    ("item", "typed", "code"),
    [
        ("name", "", "value_missing"),
        ("name", " \u3000", "value_missing"),
        ("name", "홍\0길동", "value_unreadable"),
        ("name", f"홍{chr(0xD800)}길동", "value_unreadable"),
        ("name", "홍\u200b길동", "value_unreadable"),
        ("name", "홍\ufffd길동", "value_unreadable"),
        ("name", "\u3164", "value_unreadable"),
        ("name", "홍길동" * 4000, "value_too_long"),
        ("name", "12345", "name_invalid"),
        ("address", "길" * 201, "value_too_long"),
        ("country_of_residence", "Korea", "country_unknown"),
        ("country_of_residence", "XX", "country_unknown"),
        ("country_of_residence", "ß", "country_unknown"),
        ("card_number", "4111 1111 1111 1112", "card_number_invalid"),
        ("card_number", "0000 0000 0000 0000", "card_number_invalid"),
        ("card_number", "4111", "digits_invalid"),
        ("card_number", "4111 1111 1111 111x", "digits_invalid"),
        ("account_number", "12345", "digits_invalid"),
        ("account_number", "1" * 21, "digits_invalid"),
        ("cash_receipt_card_number", "010-1234-5678", "digits_invalid"),
    ],
)
def test_a_wrong_value_is_refused_with_a_sentence(item: str, typed: str, code: str) -> None:
    assert refusal(item, typed) == code


@pytest.mark.parametrize(
    "typed",
    [
        "info@bücher.example",
        " info@bücher.example ",
        "Info@Bücher.Example",
        "INFO@BÜCHER.EXAMPLE",
        "info@" + unicodedata.normalize("NFD", "bücher") + ".example",
        "info@xn--bcher-kva.example",
        "info@XN--BCHER-KVA.example",
        "info@bücher。example",
        "info@ｂücher．example",
    ],
)
def test_an_email_address_is_one_however_it_is_written(typed: str) -> None:
    assert normal_value("email", typed) == normal_email(typed) == "info@xn--bcher-kva.example"


def test_a_korean_domain_is_kept_as_mail_servers_know_it() -> None:
    assert normal_email("info@한국.kr") == normal_email("info@xn--3e0b707e.kr") == "info@xn--3e0b707e.kr"


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("info@faß.example", "info@fass.example"),
        ("info+news@example.com", "info@example.com"),
        ("in.fo@example.com", "info@example.com"),
    ],
)
def test_two_mailboxes_stay_two(one: str, other: str) -> None:
    assert normal_email(one) != normal_email(other)


@pytest.mark.parametrize(
    "typed",
    [
        "nobody",
        "@example.com",
        "nobody@",
        "nobody@example",
        "no body@example.com",
        "nobody@@example.com",
        "nobody@example..com",
        "nobody@.example.com",
        "nobody@-example.com",
        "straße@example.com",
        "ſam@example.com",
        "ıbrahim@example.com",
        "İbrahim@example.com",
        "nobody@" + "a" * 64 + ".example",
        "nobody@" + "ü" * 64 + ".example",
        "nobody@" + "example." * 1250 + "com",
        "n" * 10_000 + "@example.com",
        "nobody@" + "ü" * 10_000,
        "nobody@example.com\nBcc: all@example.com",
    ],
)
def test_what_is_no_email_address_is_refused(typed: str) -> None:
    assert refusal("email", typed) in ("email_invalid", "value_unreadable")


@pytest.mark.parametrize("typed", ["", "nobody", "no\u200bbody@example.com"])
def test_a_refused_address_points_to_the_address(typed: str) -> None:
    with pytest.raises(PortalError) as raised:
        normal_email(typed)
    assert raised.value.field == "email"


@pytest.mark.parametrize(
    ("typed", "country", "kept"),
    [
        ("010-1234-5678", "KR", "+821012345678"),
        ("01012345678", "KR", "+821012345678"),
        ("０１０－１２３４－５６７８", "KR", "+821012345678"),
        ("+82 (0)10 1234 5678", "KR", "+821012345678"),
        ("+82 10 1234 5678", "GB", "+821012345678"),
        ("011-123-4567", "KR", "+82111234567"),
        ("07911 123456", "GB", "+447911123456"),
        ("+44 7911 123456", "KR", "+447911123456"),
        ("(201) 555-0123", "US", "+12015550123"),
        ("090-1234-5678", "JP", "+819012345678"),
    ],
)
def test_a_mobile_number_is_kept_with_its_country(typed: str, country: str, kept: str) -> None:
    assert normal_value("mobile_phone", typed, country=country) == kept


@pytest.mark.parametrize("typed", ["02-1234-5678", "031-123-4567", "1588-1234", "070-1234-5678", "+44 20 7946 0958"])
def test_a_landline_is_a_phone_but_not_a_mobile(typed: str) -> None:
    assert normal_value("phone", typed).startswith("+")
    assert refusal("mobile_phone", typed) == "phone_not_mobile"


@pytest.mark.parametrize("typed", ["1234", "010-1234-567", "010-1234-5678 call me", "+999 123 456 789", "0" * 10_000])
def test_what_is_no_phone_number_is_refused(typed: str) -> None:
    assert refusal("mobile_phone", typed) == "phone_invalid"
    assert refusal("phone", typed) == "phone_invalid"


def test_a_number_of_one_country_is_not_taken_for_one_of_another() -> None:
    assert refusal("mobile_phone", "010-1234-5678", country="GB") == "phone_invalid"


def test_an_extension_is_not_dropped_without_a_word() -> None:
    assert refusal("phone", "02-1234-5678 ext. 9") == "phone_invalid"


@pytest.mark.parametrize("number", ["123-45-67891", "220-81-62517", "124-81-00998", "120-81-47521"])
def test_a_business_number_ends_with_its_check_digit(number: str) -> None:
    digits = number.replace("-", "")
    assert normal_value("business_registration_number", number) == digits
    for wrong in set("0123456789") - {digits[-1]}:
        assert refusal("business_registration_number", digits[:-1] + wrong) == "business_number_invalid"


@pytest.mark.parametrize("typed", ["123-45-67890", "123-45-6789", "123-45-678910", "000-00-00000", "abc-de-fghij"])
def test_what_is_no_business_number_is_refused(typed: str) -> None:
    assert refusal("business_registration_number", typed) == "business_number_invalid"


@pytest.mark.parametrize(
    "typed",
    [
        "1990-05-31",
        "19900531",
        "1990. 5. 31.",
        "1990.05.31",
        "1990/5/31",
        "1990 05 31",
        "1990 5 31",
        "1990년 5월 31일",
        "1990년5월31일",
    ],
)
def test_a_date_of_birth_is_understood_however_it_is_written(typed: str) -> None:
    assert normal_value("birth_date", typed) == "1990-05-31"


@pytest.mark.parametrize(
    "typed", ["1990-02-30", "1990-13-01", "31-05-1990", "1990111", "900531", "1899-12-31", "1990x05x31", "yesterday"]
)
def test_what_is_no_date_of_birth_is_refused(typed: str) -> None:
    assert refusal("birth_date", typed) == "birth_date_invalid"


@time_machine.travel(datetime(2025, 9, 1, 0, 30, tzinfo=SEOUL), tick=False)
def test_nobody_is_born_tomorrow() -> None:
    assert normal_value("birth_date", "2025-09-01") == "2025-09-01"
    assert refusal("birth_date", "2025-09-02") == "birth_date_invalid"


@time_machine.travel(datetime(2025, 8, 31, 23, 59, tzinfo=SEOUL), tick=False)
@pytest.mark.parametrize(
    "typed", ["08/25", "8/25", "08 / 25", "8/2025", "0825", "082025", "08-25", "8.25", "０８／２５"]
)
def test_a_card_is_good_to_the_end_of_its_month_in_korea(typed: str) -> None:
    assert normal_value("card_expiry", typed) == "08/25"


@time_machine.travel(datetime(2025, 9, 1, 0, 0, tzinfo=SEOUL), tick=False)
def test_a_card_has_expired_when_the_next_month_begins_in_korea() -> None:
    assert refusal("card_expiry", "08/25") == "card_expired"
    assert normal_value("card_expiry", "09/25") == "09/25"


@pytest.mark.parametrize("typed", ["13/29", "00/29", "829", "1329", "August 29", "08/1999", "08/29/33"])
def test_what_is_no_expiry_date_is_refused(typed: str) -> None:
    assert refusal("card_expiry", typed) == "card_expiry_invalid"


def test_people_are_asked_to_type_neither_secrets_nor_documents_nor_what_arises_in_use(db: None) -> None:
    classes = Item.Class
    never = {classes.CREDENTIAL, classes.DOCUMENT, classes.NETWORK, classes.LOCATION, classes.BEHAVIOUR}
    for item in Item.objects.all():
        assert is_typed(item.code) == (item.item_class not in never), item.code
