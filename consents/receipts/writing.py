"""The forms a receipt comes in, byte by byte: what pages, and services, offer.

facts = facts_of(consent)
FORMS["iso"].write(facts)     # ISO/IEC TS 27560 as JSON-LD
FORMS["kantara"].write(facts) # raises PortalError where the consent was refused
FORMS["signed"].write(facts)  # the first, signed
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from . import iso27560, kantara, signing
from .content import Facts

JSON_LD = "application/ld+json"


@dataclass(frozen=True)
class Form:
    media_type: str
    suffix: str  # of a file that holds it
    write: Callable[[Facts], bytes]  # may raise `PortalError`


def as_bytes(content: Any) -> bytes:
    """JSON that is the same whenever it is made: keys sorted, nothing escaped that need not be."""
    return json.dumps(content, ensure_ascii=False, indent=2, sort_keys=True).encode() + b"\n"


def _iso(facts: Facts) -> bytes:
    return as_bytes(iso27560.receipt(facts))


def _kantara(facts: Facts) -> bytes:
    return as_bytes(kantara.receipt(facts))


def _signed(facts: Facts) -> bytes:
    return signing.signed(_iso(facts), JSON_LD).encode()


def _signed_json(facts: Facts) -> bytes:
    return as_bytes(signing.flattened(_signed(facts).decode()))


FORMS = {
    "iso": Form(JSON_LD, "jsonld", _iso),
    "json": Form("application/json", "json", _iso),
    "kantara": Form("application/vnd.kantara.receipt+json", "json", _kantara),
    "signed_json": Form("application/jose+json", "json", _signed_json),
    "signed": Form("application/jose", "jws", _signed),
}
BY_MEDIA_TYPE = {form.media_type: form for form in FORMS.values()}
