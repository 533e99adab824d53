"""A member under its lock: what is given, asked or changed waits here for whatever else is done with the member."""

from __future__ import annotations

from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError

from .models import Member


def locked(member: Member) -> Member:
    """The member as it is now, locked until the transaction ends. Raises `PortalError` `membership_closed`."""
    found = Member.objects.select_for_update(of=("self",), no_key=True).select_related("data_key").get(pk=member.pk)
    if found.closed_at is not None:
        raise PortalError("membership_closed", _("This membership has ended. Nothing can be given or asked in it."))
    return found
