"""E-mails to the representative: in the language in which the child asked, naming nobody."""

from __future__ import annotations

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import translation

from privacy_portal.outbox.mail import post

from ..models import RepresentativeConsent
from .links import Purpose, url_of


def ask(consent: RepresentativeConsent) -> None:
    """That a child would like to join, with the link to decide by."""
    _post(consent, "ask", url_of(consent, Purpose.DECIDE))


def consented(consent: RepresentativeConsent) -> None:
    """That the consent was recorded, with the links to go on by and to take it back by."""
    _post(consent, "consented", url_of(consent, Purpose.JOIN))


def joined(consent: RepresentativeConsent) -> None:
    """That the child has joined."""
    _post(consent, "joined", settings.BASE_URL)


def _post(consent: RepresentativeConsent, what: str, link: str) -> None:
    """Post one of the e-mails; whoever is asked on paper gets none."""
    if consent.representative_email is None or consent.representative_email.is_destroyed:
        return
    with translation.override(consent.language):
        context = {
            "company": settings.COMPANY_NAME,
            "link": link,
            "until": consent.expires_at,
            "back": url_of(consent, Purpose.DECIDE),
        }
        post(
            to=consent.representative_email.open_unseen(),
            subject=" ".join(render_to_string(f"members/representatives/email/{what}_subject.txt", context).split()),
            text=render_to_string(f"members/representatives/email/{what}.txt", context).strip(),
            data_key=consent.data_key,
        )
