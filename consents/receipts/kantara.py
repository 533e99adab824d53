"""A receipt in the form of Kantara's Consent Receipt Specification 1.1 (R8).

The form knows no state: it tells of a consent that was given, and `termination` says how it ends or when it ended.
So there is none of a consent that was refused.
"""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils import translation
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _

from consents.models import State
from privacy_portal.errors import PortalError

from .content import Facts

VERSION = "KI-CR-v1.1.0"


def why_not(facts: Facts) -> PortalError | None:
    """Why there is no receipt of this form, if so."""
    if facts.was_given:
        return None
    return PortalError(
        "receipt_of_a_refusal",
        _("This consent was refused, and Kantara's form can only tell of a consent that was given."),
    )


def receipt(facts: Facts) -> dict[str, Any]:
    """Raises `PortalError` `receipt_of_a_refusal`."""
    if refusal := why_not(facts):
        raise refusal
    controller = facts.controller
    return {
        "version": VERSION,
        "jurisdiction": controller.country,
        "consentTimestamp": int(facts.answer.at.timestamp()),
        "collectionMethod": facts.answer.method,
        "consentReceiptID": str(facts.receipt_id),
        # Where the public keys are: the receipt stays the same when they rotate.
        "publicKey": settings.BASE_URL + reverse("jwks"),
        "language": facts.answer.language,
        "piiPrincipalId": str(facts.person_id),
        "piiControllers": [
            {
                "piiController": controller.name,
                "contact": controller.contact,
                "address": {"streetAddress": controller.address, "addressCountry": controller.country},
                "email": controller.email,
                "phone": controller.phone,
            }
        ],
        "policyUrl": facts.policy_url,
        "services": [
            {
                "service": facts.title,
                "purposes": [
                    {
                        "purpose": facts.purpose,
                        "purposeCategory": [name for _code, name in facts.purposes],
                        "consentType": "EXPLICIT",
                        "piiCategory": [item.name for item in facts.items if item.state != State.REFUSED],
                        "primaryPurpose": True,
                        "termination": _termination(facts),
                        "thirdPartyDisclosure": bool(facts.recipients),
                        "thirdPartyName": ", ".join(facts.recipients),
                    }
                ],
            }
        ],
        "sensitive": False,
        "spiCat": [],
    }


def _termination(facts: Facts) -> str:
    """What ended the consent, or what ends it; and how long what was given is kept."""
    with translation.override(facts.language):
        if facts.now.state == State.GIVEN:
            how = _("Withdraw at any time: %(address)s") % {"address": facts.withdrawal_url}
            if facts.now.valid_until:
                how = _("It ends by itself on %(date)s.") % {"date": _day(facts.now.valid_until)} + " " + how
        else:
            words = {"state": State(facts.now.state).label, "date": _day(facts.now.since)}
            how = _("It no longer stands: %(state)s, %(date)s.") % words
        return f"{how} {facts.retention}"


def _day(at: Any) -> str:
    return str(date_format(localtime(at), "DATE_FORMAT"))
