"""The list of people whose records colleagues may be curious about."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.rights import demand

from .history import save_as
from .models import WatchedPerson

RIGHT = "audit.change_watchedperson"


@transaction.atomic
def watch(person_id: UUID, *, why: str, actor: Actor) -> WatchedPerson:
    """Put a person on the list. Safe to repeat; a new reason replaces the old one."""
    demand(actor, RIGHT)
    assert actor.account_id is not None  # noqa: S101
    found = WatchedPerson.objects.select_for_update().filter(person_id=person_id).first()
    if found is None:
        found = WatchedPerson(person_id=person_id, why=why, added_by=actor.account_id)
        save_as(actor, found, reason="watched", force_insert=True)
    elif not found.is_watched or found.why != why:
        found.is_watched, found.why, found.added_by, found.added_at = True, why, actor.account_id, now()
        save_as(actor, found, reason="watched")
    return found


@transaction.atomic
def stop_watching(person_id: UUID, *, actor: Actor) -> None:
    """Take a person off the list. Safe to repeat."""
    demand(actor, RIGHT)
    found = WatchedPerson.objects.select_for_update().filter(person_id=person_id, is_watched=True).first()
    if found is not None:
        found.is_watched = False
        save_as(actor, found, reason="no longer watched")
