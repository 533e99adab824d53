"""The signed links that confirm a change of address, one for each of the two addresses."""

from __future__ import annotations

from typing import Literal, cast
from uuid import UUID

from django.conf import settings
from django.core import signing
from django.urls import reverse
from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError

Side = Literal["old", "new"]
SALT = "members.address_change"


def url_of(change_id: UUID, side: Side) -> str:
    token = signing.dumps({"change": str(change_id), "side": side}, salt=SALT)
    return settings.BASE_URL + reverse("members:address_link", args=[token])


def read(token: str) -> tuple[UUID, Side]:
    """The change and the side a link is of. How long it works, the change itself knows.

    Raises `PortalError`: `link_invalid`.
    """
    try:
        content = signing.loads(token, salt=SALT)
    except signing.BadSignature:
        raise PortalError(
            "link_invalid", _("This link is not whole. Open it again from the e-mail we sent you.")
        ) from None
    return UUID(content["change"]), cast(Side, content["side"])
