"""The links by which a representative decides, and by which the child then joins: signed, and short enough to be typed
from a sheet of paper. How long they open something is on the consent itself."""

from __future__ import annotations

import base64
import hmac
from enum import StrEnum

from django.conf import settings
from django.urls import reverse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError

from ..models import RepresentativeConsent

SIGNATURE_BYTES = 10  # sixteen letters and digits


class Purpose(StrEnum):
    """What a link is for; the value is the name of its page."""

    DECIDE = "representative_decide"
    JOIN = "representative_join"


def token_of(consent: RepresentativeConsent, purpose: Purpose) -> str:
    return f"{consent.reference}-{_signature(consent.reference, purpose, settings.SECRET_KEY)}"


def url_of(consent: RepresentativeConsent, purpose: Purpose) -> str:
    """The whole address, for an e-mail or a sheet of paper."""
    return settings.BASE_URL + reverse(f"members:{purpose}", args=[token_of(consent, purpose)])


def read(token: str, purpose: Purpose) -> RepresentativeConsent:
    """The consent that a token is of, whatever has become of it; reading it changes nothing.

    Raises `PortalError` `link_invalid`.
    """
    reference, _hyphen, signature = token.upper().partition("-")
    signature = signature.replace("0", "O").replace("1", "I")  # as they are misread; it has neither digit
    keys = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    if signature.isascii() and any(hmac.compare_digest(signature, _signature(reference, purpose, key)) for key in keys):
        consents = RepresentativeConsent.objects.select_related("data_key", "notice__collection")
        if found := consents.filter(reference=reference).first():
            return found
    raise PortalError("link_invalid", _("This link is not whole. Open it again from the e-mail or the sheet."))


def _signature(reference: str, purpose: Purpose, key: str) -> str:
    digest = salted_hmac(f"members.representatives.{purpose}", reference, secret=key, algorithm="sha256").digest()
    return base64.b32encode(digest[:SIGNATURE_BYTES]).decode()
