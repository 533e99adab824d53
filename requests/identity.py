"""The check of identity, or of the authority of whoever acts for the member: who made it, how, and when (Q11)."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from .models import MemberRequest


class Check(models.TextChoices):
    """How identity or authority can be checked."""

    SIGNED_IN = "signed_in", gettext_lazy("by signing in")
    DOCUMENT = "document", gettext_lazy("by the document attached")
    AUTHORITY_FORM = "authority_form", gettext_lazy("by the form of authority")
    PHONE = "phone", gettext_lazy("by a call to the number we hold")
    IN_PERSON = "in_person", gettext_lazy("in person")


def needs_identity(member_request: MemberRequest) -> bool:
    """Whether a person must check identity or authority before anything is granted."""
    kind = member_request.the_kind
    return member_request.representative is not None or bool(kind.required_documents or kind.one_of_documents)


def note_identity(member_request: MemberRequest, how: str, *, actor: Actor, remark: str = "") -> None:
    """Set the check on a locked request that is saved afterwards. Raises `PortalError` `check_unknown`."""
    if how not in Check.values:
        raise PortalError("check_unknown", _("Say how it was checked."), field="identity")
    member_request.identity_check = {"how": how, "remark": remark.strip()}
    member_request.identity_checked_by, member_request.identity_checked_at = actor.account_id, now()
