"""What a member's own copy of everything held says of the membership."""

from __future__ import annotations

from collections.abc import Iterator
from uuid import UUID

from django.utils.translation import gettext_lazy as _

from privacy_portal import portable
from privacy_portal.portable import Part, Row

from .models import Member

COLUMNS = {
    "number": _("number"),
    "kind": _("kind"),
    "language": _("language"),
    "joined_at": _("joined"),
    "said_14_or_over": _("said to be 14 or over"),
    "notice": _("notice shown at sign-up"),
    "notice_version": _("version"),
    "account_made_at": _("account made"),
    "last_sign_in_at": _("last sign-in"),
}


def _rows(person_id: UUID) -> Iterator[Row]:
    for member in Member.objects.filter(pk=person_id).select_related("account", "notice"):
        account, notice = member.account, member.notice
        yield {
            "number": str(member.pk),
            "kind": member.kind,
            "language": member.language,
            "joined_at": member.joined_at,
            "said_14_or_over": member.said_14_or_over,
            "notice": notice.collection_id if notice else None,
            "notice_version": notice.version if notice else None,
            "account_made_at": account.date_joined if account else None,
            "last_sign_in_at": account.last_login if account else None,
        }


def register() -> None:
    """Add this part; called once, when the portal is ready."""
    portable.register(Part("members", _("Your membership"), COLUMNS, _rows))
