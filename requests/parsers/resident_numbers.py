"""Finding full resident registration numbers in text (D1, D2).

A number is thirteen digits: birth date (YYMMDD), then seven that begin with century and sex. Its last digit was a
checksum until October 2020; newer ones have none, so it is not asked for. What is covered by other signs, such as
900101-1******, is not found.
"""

from __future__ import annotations

import re
import unicodedata
from datetime import date

# Digits may be set apart one by one, and the two halves by a dash or a line break.
NUMBER = re.compile(r"(?<!\d)(?=((?:\d\s?){5}\d)\s{0,3}-?\s{0,3}((?:\d\s?){6}\d)(?!\d))")
# What the seventh digit says of the birth year; 9 and 0 were for the nineteenth century.
CENTURIES = {"1": 1900, "2": 1900, "5": 1900, "6": 1900, "3": 2000, "4": 2000, "7": 2000, "8": 2000}
# What else stands for a dash between the halves.
DASHES = dict.fromkeys(map(ord, "−·ㆍ․‧_/~～"), "-")


def holds_full_number(text: str) -> bool:
    """Whether `text` holds what can be a full resident registration number, however it is written."""
    plain = _plain(text)
    return any(_is_number(*found.groups()) for found in NUMBER.finditer(plain))


def _is_number(birth: str, rest: str) -> bool:
    birth, rest = "".join(birth.split()), "".join(rest.split())
    century = CENTURIES.get(rest[0])
    if century is None:
        return False
    try:
        return date(century + int(birth[:2]), int(birth[2:4]), int(birth[4:])) <= date.today()
    except ValueError:
        return False


def _plain(text: str) -> str:
    """Digits of any script as 0 to 9, dashes of any kind as one kind, without what does not show."""
    shown = (char for char in unicodedata.normalize("NFKC", text) if unicodedata.category(char) != "Cf")
    return "".join(_plain_character(char) for char in shown)


def _plain_character(char: str) -> str:
    if char.isdecimal():
        return str(unicodedata.decimal(char))
    return "-" if unicodedata.category(char) == "Pd" else DASHES.get(ord(char), char)
