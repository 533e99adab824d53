"""The ways of confirming a representative's consent (S8), and which of them are offered.

E-mail and signed paper need no outside party and are the portal's own. For each of the others a company names its
adapter in the setting `REPRESENTATIVE_CONFIRMATIONS`; without one the way does not exist.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from django.conf import settings
from django.utils.module_loading import import_string

from ..models import ConsentMethod, RepresentativeConsent

OWN = (ConsentMethod.EMAIL, ConsentMethod.SIGNED_PAPER)


class Confirmation(Protocol):
    """What an outside party confirms: a text message, card data, a phone identity check, a recorded call.

    It is made without arguments. What it learns of the representative beyond yes or no stays with the party.
    """

    def available(self) -> bool:
        """Whether it can be used now: it has what it needs, and the party is not out of order."""

    def confirms(self, consent: RepresentativeConsent, answer: Mapping[str, str]) -> bool:
        """Whether the party's answer, as it came, proves that this representative consented."""


def adapter(method: ConsentMethod) -> Confirmation | None:
    """The company's adapter for a method; None where there is none."""
    path = settings.REPRESENTATIVE_CONFIRMATIONS.get(method.value)
    found: Confirmation | None = import_string(path)() if path and method not in OWN else None
    return found


def available(method: ConsentMethod) -> bool:
    if method in OWN:
        return True
    found = adapter(method)
    return found is not None and found.available()
