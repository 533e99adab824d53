"""The banks of Korea: the only ones whose accounts the policy has debited by themselves."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError

FILE = Path(__file__).parent / "banks.yaml"


@dataclass(frozen=True)
class Bank:
    """A bank, by its code and its two names. Its Korean name is what is kept of it."""

    code: str
    ko: str
    en: str

    def __str__(self) -> str:
        return self.en if (get_language() or "ko").startswith("en") else self.ko


@cache
def banks() -> tuple[Bank, ...]:
    """In the order in which they are offered."""
    return tuple(Bank(**row) for row in yaml.safe_load(FILE.read_text()))


def normal_bank(value: str) -> str:
    """The Korean name of the bank that `value` is the code or a name of.

    Raises `PortalError` `bank_unknown`, with `bank_name` as its field.
    """
    wanted = value.strip().casefold()
    for bank in banks():
        if wanted in (bank.code, bank.ko.casefold(), bank.en.casefold()):
            return bank.ko
    raise PortalError("bank_unknown", _("Please choose a bank from the list."), field="bank_name")


def in_language(name: str) -> str:
    """What a bank is called in the language of the page, by its Korean name; any other text as it is."""
    return next((str(bank) for bank in banks() if bank.ko == name), name)
