"""How a personal value looks where it need not be read in full (P5, P6): one rule an item, for every screen."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from itertools import takewhile

import phonenumbers
import structlog
from django.utils.translation import gettext as _
from django_countries import countries

from privacy_portal.vault.errors import DoesNotOpen
from privacy_portal.vault.fields import DOTS, SealedValue

from .sight import shown_in_full

log = structlog.get_logger()
# No country has telephone numbers of fewer digits without its code.
SHORTEST_NUMBER = 4
HANGUL = re.compile("[가-힣]")
POSTCODE = re.compile(r"\(?\d{5}\)?|\(?\d{3}-\d{3}\)?")
KOREAN_REGION = re.compile(
    "[시도군구]$|^(서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주)$"
)


def mask(item: str, value: str) -> str:
    """The masked form of a value of an item. An item with no rule of its own shows nothing."""
    return MASKS[item](value) if item in MASKS and value.strip() else DOTS


def masked(item: str, sealed: SealedValue | None) -> str:
    """The masked form of a sealed value; says so where the value is destroyed or will not open."""
    return _shown(sealed, lambda value: mask(item, value))


def in_full(item: str, sealed: SealedValue | None) -> str:
    """The whole value in its usual form: for the person it belongs to, or in a reveal; says so where it cannot be."""
    shown_in_full()
    return _shown(sealed, lambda value: written(item, value))


def hides_something(item: str, sealed: SealedValue) -> bool:
    """Whether the masked form differs from the whole value."""
    try:
        value = "" if sealed.is_destroyed else sealed.open_unseen()
    except DoesNotOpen:
        return False
    return bool(value) and mask(item, value) != written(item, value)


def written(item: str, value: str) -> str:
    return FORMS[item](value) if item in FORMS else value


def _shown(sealed: SealedValue | None, show: Callable[[str], str]) -> str:
    if sealed is None:
        return ""
    if sealed.is_destroyed:
        return _("destroyed")
    try:
        return show(sealed.open())
    except DoesNotOpen as error:
        log.error("sealed_value_does_not_open", value=str(error))
        return _("cannot be opened: altered or moved")


def mask_name(value: str) -> str:
    """홍길동 -> 홍*동, 남궁민수 -> 남**수, 이산 -> 이*; Mary Jane Watson -> M*** J*** W***."""
    if not HANGUL.search(value):
        return " ".join(_first(word, 1) + "***" for word in value.split())
    return _first(value, 1) + "*" * max(1, len(value) - 2) + (value[-1] if len(value) > 2 else "")


def mask_text(value: str) -> str:
    """The first third, at most four characters: 네이버클라우드 -> 네이***."""
    return _first(value, min(4, max(1, len(value) // 3))) + "***"


def mask_email(value: str) -> str:
    """marie@abcd.com -> ma******@abcd.com; the number of stars does not tell the length."""
    local, _at, domain = value.rpartition("@")
    if not local:
        return DOTS
    return local[: 2 if len(local) > 3 else 1 if len(local) > 1 else 0] + "******@" + domain


def mask_phone(value: str) -> str:
    """+821012345678 -> 010-****-5678; numbers of other countries keep their code and last four digits."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return DOTS
    national = str(number.national_number)
    if len(national) < SHORTEST_NUMBER:
        return DOTS
    last = _last_digits(national)
    if number.country_code != 82:
        return f"+{number.country_code} ****{last}"
    area, *rest = phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL).split("-")
    return f"{area}-****-{last}" if len(rest) > 1 else f"****-{last}"


def mask_address(value: str) -> str:
    """Only the district or the town: 서울특별시 강남구 ***, ***, London."""
    if HANGUL.search(value):
        words = [word for word in value.split() if word != "대한민국" and not POSTCODE.fullmatch(word)]
        shown = list(takewhile(KOREAN_REGION.search, words[:2]))
        return " ".join([*shown[: len(words) - 1], "***"])
    head, _comma, end = value.rpartition(",")
    # A house number comes first, a postcode last or first; only words that are before any digit can be a town.
    town = " ".join(takewhile(lambda word: not re.search(r"\d", word), end.split()))
    return f"***, {town}" if head.strip() and town else "***"


def mask_card(value: str) -> str:
    """First six and last four digits: 4558-12**-****-3872; of a shorter number fewer, six stay hidden."""
    digits = re.sub(r"\D", "", value)
    if len(digits) < 12:
        return DOTS
    first = min(6, len(digits) - 10)
    shown = digits[:first] + "*" * (len(digits) - first - 4) + digits[-4:]
    return "-".join(shown[at : at + 4] for at in range(0, len(shown), 4))


def mask_account_number(value: str) -> str:
    """The last four digits, fewer of a short number."""
    return "*******" + _last_digits(re.sub(r"\D", "", value))


def mask_business_number(value: str) -> str:
    """220-81-62517 -> 220-81-*****."""
    digits = re.sub(r"\D", "", value)
    return f"{digits[:3]}-{digits[3:5]}-*****" if len(digits) == 10 else DOTS


def mask_birth_date(value: str) -> str:
    """1990-05-31 -> 1990-**-**."""
    return f"{value[:4]}-**-**" if re.fullmatch(r"\d{4}-\d\d-\d\d", value) else DOTS


def mask_ip(value: str) -> str:
    """123.45.67.89 -> 123.45.***.89; of an IPv6 address the first two groups."""
    try:
        address = ipaddress.ip_address(value)
    except ValueError:
        return DOTS
    if isinstance(address, ipaddress.IPv4Address):
        first, second, _third, fourth = value.split(".")
        return f"{first}.{second}.***.{fourth}"
    return ":".join(address.exploded.split(":")[:2]) + ":***"


def _first(value: str, characters: int) -> str:
    """The beginning of a value, unless that is all of it."""
    return value[:characters] if len(value) > characters else ""


def _last_digits(digits: str) -> str:
    """The last four of many digits, two of few, none of very few: most of a number stays hidden."""
    shown = 4 if len(digits) >= 8 else 2 if len(digits) >= 5 else 0
    return digits[len(digits) - shown :]


def plain(value: str) -> str:
    return value


def country_name(code: str) -> str:
    return str(countries.name(code) or code)


def written_phone(value: str) -> str:
    """+821012345678 -> 010-1234-5678; other countries in international form."""
    try:
        number = phonenumbers.parse(value)
    except phonenumbers.NumberParseException:
        return value
    national = number.country_code == 82
    form = phonenumbers.PhoneNumberFormat.NATIONAL if national else phonenumbers.PhoneNumberFormat.INTERNATIONAL
    return phonenumbers.format_number(number, form)


def written_card(value: str) -> str:
    return "-".join(value[at : at + 4] for at in range(0, len(value), 4))


def written_business_number(value: str) -> str:
    return f"{value[:3]}-{value[3:5]}-{value[5:]}" if len(value) == 10 else value


# How a stored value is written for reading, where that differs from how it is stored.
FORMS: dict[str, Callable[[str], str]] = {
    "mobile_phone": written_phone,
    "phone": written_phone,
    "country_of_residence": country_name,
    "business_registration_number": written_business_number,
    "card_number": written_card,
    "cash_receipt_card_number": written_card,
}

MASKS: dict[str, Callable[[str], str]] = {
    "email": mask_email,
    "paypal_email": mask_email,
    "mobile_phone": mask_phone,
    "phone": mask_phone,
    "address": mask_address,
    "country_of_residence": country_name,
    "name": mask_name,
    "nickname": mask_text,
    "birth_date": mask_birth_date,
    "person_in_charge_name": mask_name,
    "company_name": mask_text,
    "ceo_name": mask_name,
    "business_registration_number": mask_business_number,
    "department_name": mask_text,
    "job_title": mask_text,
    "card_number": mask_card,
    "card_company_name": plain,
    "bank_name": plain,
    "account_number": mask_account_number,
    "cash_receipt_card_number": mask_card,
    "payment_record": plain,  # how and from when to when; never a number
    "ip_address": mask_ip,
}
