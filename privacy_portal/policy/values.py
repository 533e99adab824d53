"""What a valid value of each item looks like, and its one normal form."""

from __future__ import annotations

import operator
import re
import unicodedata
from collections.abc import Callable
from datetime import date
from functools import partial

import phonenumbers
import stdnum.exceptions
from django.core.exceptions import ValidationError
from django.core.validators import EmailValidator
from django.utils import timezone
from django.utils.translation import gettext as _
from django_countries import countries
from stdnum import luhn
from stdnum.kr import brn

from privacy_portal.clock import now
from privacy_portal.errors import PortalError

# Controls, invisible formatting, lone surrogates, unassigned and private characters.
UNREADABLE = {"Cc", "Cf", "Cs", "Co", "Cn"}
# Letters and marks by category, but nothing to see: Hangul fillers, a blank Braille cell, joiners.
INVISIBLE = set("\u034f\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0")
LONGEST = 200
LONGEST_DOMAIN = 253
# What people, and word processors, write between the digits of a number: spaces, and dashes of every length.
BETWEEN_DIGITS = r"[\s\-\u2010-\u2015\u2212]"
# Month and year, also as keyboards of digits alone have it: 08/29, 8/2029, 0829.
CARD_EXPIRY = re.compile(r"(0?[1-9]|1[0-2])\s*[/.-]\s*(?:20)?(\d\d)|(0[1-9]|1[0-2])(?:20)?(\d\d)", re.ASCII)
BUSINESS_NUMBER_WEIGHTS = (1, 3, 7, 1, 3, 7, 1, 3, 5)

is_email = EmailValidator()


def normal_value(item: str, value: str, *, country: str = "KR") -> str:
    """The normal form of `value` as a value of `item`.

    `country` (ISO code) is where a phone number without a country code belongs. Raises `PortalError`, with
    the item as its field, and a sentence that says how to mend the value.
    """
    try:
        value = _readable(value)
        if not value:
            raise PortalError("value_missing", _("Please fill this in."))
        return NORMAL_FORMS[item](value, country)
    except PortalError as error:
        error.field = item
        raise


def is_typed(item: str) -> bool:
    """Whether a person can be asked to type this item: not passwords, documents, or what arises in use."""
    return item in NORMAL_FORMS


def normal_email(value: str) -> str:
    """One form for an address however it is written: no spaces around it, small letters, ASCII domain.

    Raises `PortalError` when it is not an e-mail address.
    """
    try:
        local, _at, domain = _readable(value).rpartition("@")
        # Small, not folded: folding turns "ß" into "ss", which is somebody else's mailbox.
        normal = f"{local.lower()}@{_ascii_domain(domain)}"
        if not normal.isascii():  # `is_email` takes "ı" and "ſ" for letters of A to Z
            raise ValidationError("not ASCII")
        is_email(normal)
    except PortalError as error:
        error.field = "email"
        raise
    except ValidationError:
        raise PortalError(
            "email_invalid", _("This is not an e-mail address. Write it like name@example.com."), field="email"
        ) from None
    return normal


def _ascii_domain(domain: str) -> str:
    """A domain as mail servers are asked for it: labels in other scripts in Punycode, as IDNA 2008 has it."""
    if len(domain) > LONGEST_DOMAIN:
        raise ValidationError("too long")
    labels = re.split("[.。]", unicodedata.normalize("NFKC", domain).lower())
    return ".".join(label if label.isascii() else f"xn--{label.encode('punycode').decode()}" for label in labels)


def _readable(value: str) -> str:
    value = unicodedata.normalize("NFC", value.strip())
    if "\N{REPLACEMENT CHARACTER}" in value or any(
        character in INVISIBLE or unicodedata.category(character) in UNREADABLE for character in value
    ):
        raise PortalError(
            "value_unreadable", _("This holds a character that cannot be seen. Please type it instead of pasting it.")
        )
    return value


def _text(value: str, country: str, *, longest: int = 100) -> str:
    value = " ".join(value.split())
    if len(value) > longest:
        raise PortalError(
            "value_too_long", _("This is too long: at most %(longest)s characters fit.") % {"longest": longest}
        )
    return value


def _name(value: str, country: str) -> str:
    value = _text(value, country)
    if not any(character.isalpha() for character in value):
        raise PortalError("name_invalid", _("Please write the name in letters."))
    return value


def _phone(value: str, country: str, *, mobile: bool) -> str:
    try:
        number = phonenumbers.parse(value, country)
    except phonenumbers.NumberParseException:
        number = None
    kinds = phonenumbers.PhoneNumberType
    if number is None or number.extension or not phonenumbers.is_valid_number(number) or _lacks_a_digit(number):
        raise PortalError(
            "phone_invalid",
            _(
                "This is not a telephone number. Write it like 010-1234-5678, "
                "or with the country code: +82 10 1234 5678."
            ),
        )
    if mobile and phonenumbers.number_type(number) not in (kinds.MOBILE, kinds.FIXED_LINE_OR_MOBILE):
        raise PortalError("phone_not_mobile", _("This is not a mobile number. Please give that of a mobile phone."))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def _lacks_a_digit(number: phonenumbers.PhoneNumber) -> bool:
    """Whether this is a number of 010 with fewer than eight digits, which phonenumbers lets pass."""
    return number.country_code == 82 and re.fullmatch(r"10\d{0,7}", str(number.national_number)) is not None


def _business_number(value: str, country: str) -> str:
    try:
        number = brn.validate(value)
    except stdnum.exceptions.ValidationError:
        number = ""
    if not number or number[-1] != _business_check_digit(number):
        raise PortalError(
            "business_number_invalid",
            _("This business registration number has a typing error. It has ten digits, like 123-45-67891."),
        )
    return number


def _business_check_digit(number: str) -> str:
    """The tenth digit that belongs to the first nine (F1); python-stdnum does not check it."""
    digits = [int(digit) for digit in number[:9]]
    total = sum(map(operator.mul, digits, (1, 3, 7, 1, 3, 7, 1, 3, 5))) + digits[8] * 5 // 10
    return str(-total % 10)


def _country(value: str, country: str) -> str:
    code = value.upper()
    if not value.isascii() or code not in countries.countries:
        raise PortalError("country_unknown", _("Please choose a country from the list."))
    return code


def _birth_date(value: str, country: str) -> str:
    parts = re.fullmatch(r"(\d{4})(\d\d)(\d\d)", value) or re.fullmatch(
        r"(\d{4})[\s./년-]+(\d{1,2})[\s./월-]+(\d{1,2})[\s.일]*", value
    )
    try:
        born = date(*map(int, parts.groups())) if parts else None
    except ValueError:
        born = None
    if born is None or not date(1900, 1, 1) <= born <= timezone.localdate(now()):
        raise PortalError("birth_date_invalid", _("This is not a date of birth. Write it like 1990-05-31."))
    return born.isoformat()


def _digits(value: str, country: str, *, shortest: int, longest: int, check: bool) -> str:
    digits = re.sub(BETWEEN_DIGITS, "", unicodedata.normalize("NFKC", value))
    if not (digits.isascii() and digits.isdecimal() and shortest <= len(digits) <= longest):
        raise PortalError(
            "digits_invalid",
            _("Please write %(shortest)s to %(longest)s digits; spaces and hyphens do not matter.")
            % {"shortest": shortest, "longest": longest},
        )
    if check and not (luhn.is_valid(digits) and digits.strip("0")):
        raise PortalError("card_number_invalid", _("This card number has a typing error. Please check it."))
    return digits


def _card_expiry(value: str, country: str) -> str:
    match = CARD_EXPIRY.fullmatch(unicodedata.normalize("NFKC", value))
    if match is None:
        raise PortalError("card_expiry_invalid", _("Write the expiry date as on the card: month/year, like 08/29."))
    month, year = int(match[1] or match[3]), 2000 + int(match[2] or match[4])
    today = timezone.localdate(now())
    if (year, month) < (today.year, today.month):
        raise PortalError("card_expired", _("This card has expired. Please use another card."))
    return f"{month:02}/{year % 100:02}"


NORMAL_FORMS: dict[str, Callable[[str, str], str]] = {
    "email": lambda value, country: normal_email(value),
    "paypal_email": lambda value, country: normal_email(value),
    "mobile_phone": partial(_phone, mobile=True),
    "phone": partial(_phone, mobile=False),
    "address": partial(_text, longest=LONGEST),
    "country_of_residence": _country,
    "name": _name,
    "nickname": _text,
    "birth_date": _birth_date,
    "person_in_charge_name": _name,
    "company_name": _text,
    "ceo_name": _name,
    "business_registration_number": _business_number,
    "department_name": _text,
    "job_title": _text,
    "card_number": partial(_digits, shortest=12, longest=19, check=True),
    "card_expiry": _card_expiry,
    "card_company_name": _text,
    "bank_name": _text,
    "account_number": partial(_digits, shortest=6, longest=20, check=False),
    "cash_receipt_card_number": partial(_digits, shortest=13, longest=19, check=False),
}
