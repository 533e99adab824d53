"""The copy of the business licence: a business may keep one with its membership, and take it back (S1, S3).

It comes in by the same door as every document, is sealed under a key of its own on the ground of the membership, and
is destroyed when it is replaced, taken back, or when the membership ends.
"""

from __future__ import annotations

from django.db import transaction
from django.utils.translation import gettext as _

from members.locking import locked
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand
from privacy_portal.vault.destruction import destroy_key

from .documents import Attachment, attach_to_membership
from .intake import TakenFile
from .models import Document

ITEM = "business_license_copy"


def held(member: Member) -> Document | None:
    """The copy that is kept, if one is."""
    kept = member.documents.filter(item=ITEM, data_key__wrapped_key__isnull=False)
    return kept.select_related("data_key").order_by("added_at").last()


def why_not(member: Member, actor: Actor) -> PortalError | None:
    """Why this is not for the actor to keep or take back, if so."""
    if actor.kind != "member" or actor.account_id is None or actor.account_id != member.account_id:
        return PortalError("not_yours", _("This is not your membership."))
    if member.kind != Member.Kind.BUSINESS:
        return PortalError("not_a_business", _("Only a business keeps a copy of its licence here."))
    return None


@transaction.atomic
def keep(member: Member, taken: TakenFile, *, actor: Actor) -> Document:
    """Keep a judged file as the copy; the one before is destroyed. Raises `PortalError`: `not_yours`,
    `not_a_business`."""
    _destroy(member, actor, because="membership.document_replaced")
    return attach_to_membership(member, Attachment(ITEM, taken), actor=actor)


@transaction.atomic
def take_back(member: Member, *, actor: Actor) -> None:
    """Destroy the copy. Safe to repeat. Raises as `keep` does."""
    _destroy(member, actor, because="membership.document_taken_back")


def delete(member: Member, *, actor: Actor) -> None:
    """Destroy the copy because its deletion was asked for and granted (Q6). Safe to repeat."""
    demand(actor, "requests.work_request")
    if (document := held(member)) is not None:
        destroy_key(document.data_key_id, because="membership.document_deleted", actor=actor)


def _destroy(member: Member, actor: Actor, *, because: str) -> None:
    """Under the member's lock, so that of two who send a copy at once one stays."""
    if refusal := why_not(member, actor):
        raise refusal
    locked(member)
    if (document := held(member)) is not None:
        destroy_key(document.data_key_id, because=because, actor=actor)
