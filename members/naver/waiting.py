"""What NAVER passed on waits, sealed and for a short time, while the person reads what it is needed for."""

from __future__ import annotations

import uuid
from datetime import timedelta

from django.db import transaction
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from ..addresses import alias_of
from ..models import PendingNaver
from . import linking, unlinking
from .provider import Profile, Tokens

LONGEST = timedelta(minutes=30)
ITEMS = ("name", "mobile_phone", "email")


@transaction.atomic
def keep(profile: Profile, tokens: Tokens) -> PendingNaver:
    """Seal what is needed to join, under a key of its own. The access token is not needed any more."""
    pending_id = uuid.uuid4()
    key = make_data_key(
        DataKey.Ground.MEMBERSHIP,
        pending_id,
        subject_id=None,
        items=["login_id", *(item for item in ITEMS if getattr(profile, item))],
    )
    return PendingNaver.objects.create(
        id=pending_id,
        data_key=key,
        profile_id=profile.id,
        refresh_token=tokens.refresh or None,
        came_at=now(),
        **{item: getattr(profile, item) or None for item in ITEMS},
    )


def find(pending_id: str | None, *, lock: bool = False) -> PendingNaver | None:
    """What waits under this number, unless it has waited too long."""
    if pending_id is None:
        return None
    fresh = PendingNaver.objects.select_related("data_key").filter(came_at__gt=now() - LONGEST)
    if lock:
        fresh = fresh.select_for_update(of=("self",))
    return fresh.filter(pk=pending_id, data_key__wrapped_key__isnull=False).first()


def given(pending: PendingNaver) -> dict[str, SealedValue]:
    """What NAVER passed on, by item; sealed."""
    return {item: value for item in ITEMS if (value := getattr(pending, item)) is not None}


def alias_of_given(pending: PendingNaver) -> str:
    """What stands for the e-mail address that NAVER passed on."""
    return alias_of(pending.email.open_unseen())


@transaction.atomic
def use_up(pending: PendingNaver, *, actor: Actor) -> None:
    """The person joined or linked: nothing waits any more."""
    _remove(pending, because="naver.used", actor=actor)


@transaction.atomic
def give_up(pending: PendingNaver, *, because: str, actor: Actor) -> None:
    """The person did not join: nothing is kept, and NAVER is told so, unless the NAVER ID is a member's by now."""
    there = PendingNaver.objects.select_for_update(of=("self",)).select_related("data_key").filter(pk=pending.pk)
    left = there.first()
    if left is None:
        return
    if not left.data_key.is_destroyed and left.refresh_token and not linking.link_with(left.profile_id.open_unseen()):
        unlinking.begin(left.refresh_token.open_unseen(), person=None)
    _remove(left, because=because, actor=actor)


@task()
def destroy_old() -> None:
    """Give up for those who never came back; run by the schedule."""
    for pending in PendingNaver.objects.filter(came_at__lte=now() - LONGEST):
        give_up(pending, because="naver.left", actor=Actor.system("destroy_pending_naver"))


def _remove(pending: PendingNaver, *, because: str, actor: Actor) -> None:
    key_id = pending.data_key_id
    pending.delete()
    destroy_key(key_id, because=because, actor=actor)
