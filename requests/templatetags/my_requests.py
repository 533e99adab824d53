"""What the pages of other rooms say about requests: the member's navigation, the overview, a consent's own page."""

from __future__ import annotations

from typing import Any

from django import template

from consents.models import Consent
from requests import outcome, pages
from requests.models import MemberRequest

register = template.Library()


@register.simple_tag
def waiting_requests(account: Any) -> list[pages.Entry]:
    """The requests that wait for the member who is signed in."""
    member = getattr(account, "member", None)
    return pages.waiting_for(member) if member is not None else []


@register.simple_tag
def ends_with(consent: Consent | None) -> list[MemberRequest]:
    """The undecided requests that rest on a consent, and are cancelled when it is withdrawn."""
    return list(MemberRequest.objects.undecided().filter(consent=consent)) if consent is not None else []


@register.filter
def kept_until(draft: Any) -> Any:
    """The last day on which a draft is kept."""
    return pages.last_day_of(draft)


@register.filter
def last_day(package: Any) -> Any:
    """The last day on which what was prepared can be downloaded."""
    return outcome.last_day_of(package)
