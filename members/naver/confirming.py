"""NAVER as a way to prove once more that it is oneself, where a password would be asked for again."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.urls import reverse
from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError

from ..models import Account, NaverLink
from ..second_factor.factors import has_second_factor
from . import linking


def ways_to_confirm(account: Any) -> list[dict[str, Any]]:
    """As allauth lists ways to confirm: an id, a description, an address. A second factor is asked for itself."""
    if not settings.NAVER_CLIENT_ID or not isinstance(account, Account):
        return []
    if linking.link_of(account) is None or has_second_factor(account):
        return []
    return [{"id": "naver", "description": _("Use NAVER"), "url": reverse("members:naver_confirm")}]


def link_proved(account: Account, profile_id: str) -> NaverLink:
    """The account's link, if it is this NAVER ID that it is linked to. Raises `PortalError`: `naver_other_id`."""
    there = linking.link_with(profile_id)
    if there is None or there.account_id != account.pk:
        raise PortalError(
            "naver_other_id", _("This is another NAVER ID than the one linked to your account. Please use that one.")
        )
    return there
