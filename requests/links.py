"""Where a request is found: the member's own page, or a signed link that expires, for someone without an account."""

from __future__ import annotations

from django.conf import settings
from django.core import signing
from django.utils import timezone
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from . import kinds
from .models import MemberRequest

SALT = "requests.link"
OWN_PAGE = "/my/requests/{reference}/"
FOLLOWED_PAGE = "/requests/follow/{token}/"


def sign(member_request: MemberRequest) -> str:
    """A token that opens this request for whoever holds it, for as many days as `rules.yaml` says."""
    return signing.dumps({"request": str(member_request.pk), "at": int(now().timestamp())}, salt=SALT)


def read(token: str) -> MemberRequest:
    """The visitor's request that a token opens. Reading it changes nothing.

    Raises `PortalError`: `link_invalid`, `link_expired`.
    """
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise _invalid() from None
    days = kinds.number("link_days", timezone.localdate(now()))
    if now().timestamp() - content["at"] > days * 24 * 60 * 60:
        raise PortalError("link_expired", _("This link has expired. Our next e-mail on your request brings a new one."))
    requests = MemberRequest.objects.select_related("member", "data_key", "values_key", "consent__collection")
    found = requests.filter(pk=content["request"], member__kind=Member.Kind.VISITOR).first()
    if found is None:  # members sign in
        raise _invalid()
    return found


def _invalid() -> PortalError:
    return PortalError("link_invalid", _("This link is not whole. Open it again from the e-mail we sent you."))


def url_of(member_request: MemberRequest) -> str:
    """The address of the page on which the member or visitor follows the request."""
    if member_request.member.kind == Member.Kind.VISITOR:
        path = FOLLOWED_PAGE.format(token=sign(member_request))
    else:
        path = OWN_PAGE.format(reference=member_request.reference)
    return settings.BASE_URL + path
