"""What a member is called on screens that are not the member's own."""

from __future__ import annotations

from privacy_portal.audit.masking import masked

from .models import Member


def masked_name(member: Member) -> str:
    """The member's masked name or company; the kind of member where there is neither."""
    for item in ("name", "company_name"):
        if (value := getattr(member, item)) is not None:
            return masked(item, value)
    return member.get_kind_display()
