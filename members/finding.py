"""Finding members by a whole value, through the blind indexes; nothing similar is ever found (A11)."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db.models import Q

from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.blind_index import blind_index

from .addresses import alias_of
from .models import Member

LONGEST = 254


def terms_of(text: str) -> dict[str, str]:
    """All that `text` can be: a name, a phone number, an address, a number. Indexes, never the text itself."""
    text = text.strip()
    if len(text) > LONGEST:
        return {}
    ways: dict[str, Callable[[], str]] = {
        "name": lambda: blind_index("name", normal_value("company_name", text)).hex(),
        "phone": lambda: blind_index("phone", normal_value("mobile_phone", text, country="KR")).hex(),
        "digits": lambda: blind_index("digits", normal_value("business_registration_number", text)).hex(),
        "alias": lambda: alias_of(text),
        "number": lambda: str(UUID(text)),
    }
    terms = {}
    for kind, term in ways.items():
        try:
            terms[kind] = term()
        except (PortalError, ValueError):
            continue  # not one of these
    return terms


def found_by(terms: dict[str, str]) -> Q:
    """The members that `terms_of` a text mean. The address is looked up first, as it lies with the account."""
    found = Q(pk__in=[])
    if name := terms.get("name"):
        index = bytes.fromhex(name)
        found |= Q(name_index=index) | Q(company_name_index=index) | Q(person_in_charge_name_index=index)
    if phone := terms.get("phone"):
        found |= Q(mobile_phone_index=bytes.fromhex(phone))
    if digits := terms.get("digits"):
        found |= Q(business_registration_number_index=bytes.fromhex(digits))
    numbers = [terms["number"]] if "number" in terms else []
    if alias := terms.get("alias"):
        numbers += map(str, Member.objects.filter(account__alias=alias).values_list("pk", flat=True))
    return found | Q(pk__in=numbers)
