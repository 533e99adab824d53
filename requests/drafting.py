"""Drafts: what a member has begun to ask for, kept sealed until it is filed, given up, or left for some days."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django_tasks import task

from members.locking import locked
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import asking, kinds
from .kinds import Kind
from .models import Draft

MOST_CHARACTERS = 30_000


def open_draft(member: Member, kind: Kind) -> Draft | None:
    """The member's open draft of this kind, if there is one."""
    return Draft.objects.select_related("data_key").filter(member=member, kind=kind.code, ended_at=None).first()


@transaction.atomic
def save(member: Member, kind: Kind, values: Mapping[str, Any], *, actor: Actor) -> Draft:
    """Keep what was typed so far, right or wrong; one open draft a kind. Raises `PortalError`: `not_yours`,
    `not_for_this_member`, `too_long`."""
    if actor.account_id is None or actor.account_id != member.account_id:
        raise PortalError("not_yours", _("This is not your request."))
    if refusal := asking.why_not_asked(kind, member.kind):
        raise refusal
    if sum(len(str(value)) for value in values.values()) > MOST_CHARACTERS:
        raise PortalError("too_long", _("This is too long to keep as a draft."))
    locked(member)
    draft = open_draft(member, kind)
    is_new = draft is None
    if draft is None:
        draft_id = uuid.uuid4()
        key = make_data_key(DataKey.Ground.REQUEST, draft_id, subject_id=member.pk)
        draft = Draft(id=draft_id, kind=kind.code, member=member, data_key=key)
    draft.values, draft.saved_at = dict(values), now()
    save_as(actor, draft, reason="draft", force_insert=is_new)
    return draft


@transaction.atomic
def discard(draft: Draft, *, actor: Actor) -> None:
    """Give up a draft: what was typed is destroyed. Safe to repeat."""
    if actor.account_id is None or actor.account_id != draft.member.account_id:
        raise PortalError("not_yours", _("This is not your request."))
    close(draft.member, kinds.kind(draft.kind), because="draft.discarded", actor=actor)


def close(member: Member, kind: Kind, *, because: str, actor: Actor) -> None:
    """End the open draft of a kind, if there is one; what it held is destroyed."""
    draft = Draft.objects.select_for_update(of=("self",)).filter(member=member, kind=kind.code, ended_at=None).first()
    if draft is not None:
        _end(draft, because, actor)


@task()
def destroy_old() -> None:
    """Destroy drafts that nobody came back to for the days `rules.yaml` says; run by the schedule."""
    today = timezone.localdate(now())
    before = now() - timedelta(days=kinds.number("draft_days", today))
    for draft_id in Draft.objects.filter(ended_at=None, saved_at__lte=before).values_list("pk", flat=True):
        with transaction.atomic():
            draft = Draft.objects.select_for_update(of=("self",)).filter(pk=draft_id, saved_at__lte=before).first()
            if draft is not None and draft.ended_at is None:
                _end(draft, "draft.left", Actor.system("destroy_drafts"))


def _end(draft: Draft, because: str, actor: Actor) -> None:
    draft.ended_at = now()
    save_as(actor, draft, reason=because)
    for key_id in [draft.data_key_id, *draft.documents.values_list("data_key_id", flat=True)]:
        destroy_key(key_id, because=because, actor=actor)
