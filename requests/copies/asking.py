"""Asking for a copy of everything held, and downloading it."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError

from . import making
from .ending import end
from .models import DataCopy


def latest(member: Member) -> DataCopy | None:
    """The copy the member asked for last, whatever became of it."""
    return DataCopy.objects.select_related("data_key").filter(member=member).order_by("-asked_at", "-id").first()


@transaction.atomic
def ask(member: Member, *, language: str, actor: Actor) -> DataCopy:
    """Have a copy made. One at a time: while one is under way, or ready to download, it is that one.

    Raises `PortalError` `not_yours`.
    """
    if actor.account_id is None or actor.account_id != member.account_id:
        raise _not_yours()
    # Of two who ask at once the second finds what the first asked for.
    Member.objects.select_for_update(of=("self",), no_key=True).get(pk=member.pk)
    copy = latest(member)
    if copy is not None and (copy.is_under_way or copy.can_be_downloaded):
        return copy
    if copy is not None and copy.state == DataCopy.State.READY:
        end(copy, because="copy.outdated", actor=actor)
    copy = DataCopy(member=member, language=language, asked_at=now(), seen_alive_at=now())
    save_as(actor, copy, reason="copy.asked", force_insert=True)
    making.make.enqueue(str(copy.pk))
    return copy


@transaction.atomic
def download(copy_id: UUID, *, actor: Actor) -> DataCopy:
    """The member's own copy, noted as downloaded the first time. Raises `PortalError`: `not_yours`, `copy_is_gone`."""
    copies = DataCopy.objects.select_for_update(of=("self",)).select_related("data_key", "member")
    copy = copies.filter(pk=copy_id).first()
    if copy is None or actor.account_id is None or actor.account_id != copy.member.account_id:
        raise _not_yours()
    if not copy.can_be_downloaded:
        raise PortalError("copy_is_gone", _("This copy cannot be downloaded any more. You can ask for a new one."))
    if copy.downloaded_at is None:
        copy.downloaded_at = now()
        save_as(actor, copy, reason="copy.downloaded")
    return copy


def _not_yours() -> PortalError:
    return PortalError("not_yours", _("This is not your copy."))
