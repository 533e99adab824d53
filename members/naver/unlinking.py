"""Telling NAVER that a link ended: refresh, delete, and prove by a refresh that fails (V4). Done by the worker."""

from __future__ import annotations

import uuid
from datetime import timedelta

import structlog
from django.db import transaction
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from ..models import NaverUnlinking
from . import provider

log = structlog.get_logger()

Outcome = NaverUnlinking.Outcome
# After a failure the next attempt waits twice as long as the one before, up to a day, for so many days in all.
FIRST_WAIT = timedelta(minutes=5)
LONGEST = timedelta(days=7)


def begin(refresh_token: str, *, person: uuid.UUID | None) -> NaverUnlinking:
    """Have NAVER told, once the surrounding transaction has been committed. Nobody waits for it."""
    unlinking_id = uuid.uuid4()
    key = make_data_key(DataKey.Ground.MEMBERSHIP, unlinking_id, subject_id=person, items=["login_id"])
    unlinking = NaverUnlinking.objects.create(id=unlinking_id, data_key=key, refresh_token=refresh_token)
    tell.enqueue(str(unlinking.pk))
    return unlinking


@task()
def tell(unlinking_id: str) -> None:
    """Try once. The row is claimed first, so two workers never try together."""
    with transaction.atomic():
        waiting = NaverUnlinking.objects.select_for_update(skip_locked=True, of=("self",)).select_related("data_key")
        unlinking = waiting.filter(pk=uuid.UUID(unlinking_id), outcome=Outcome.WAITING).first()
        if unlinking is None:
            return
        if unlinking.refresh_token is None or unlinking.refresh_token.is_destroyed:
            _end(unlinking, Outcome.GIVEN_UP)
            return
        try:
            is_proved = _is_forgotten(unlinking.refresh_token.open_unseen())
        except PortalError as error:
            log.warning("naver_not_told", unlinking=unlinking_id, attempt=unlinking.attempts + 1, code=error.code)
            is_proved = False
        if is_proved:
            _end(unlinking, Outcome.PROVED)
        else:
            _try_later(unlinking)


@task()
def tell_due() -> None:
    """Try again what failed before; run by the schedule."""
    due = NaverUnlinking.objects.filter(outcome=Outcome.WAITING, due_at__lte=now())
    for unlinking_id in due.order_by("due_at").values_list("pk", flat=True):
        tell.call(str(unlinking_id))


def _is_forgotten(refresh_token: str) -> bool:
    try:
        access_token = provider.refreshed(refresh_token)
    except PortalError as error:
        if error.code == "naver_token_dead":  # ended at NAVER already, by the person or by an attempt cut short
            return True
        raise
    provider.delete(access_token)
    try:
        provider.refreshed(refresh_token)
    except PortalError as error:
        if error.code == "naver_token_dead":
            return True
        raise
    return False


def _try_later(unlinking: NaverUnlinking) -> None:
    unlinking.attempts += 1
    unlinking.due_at = now() + min(FIRST_WAIT * 2**unlinking.attempts, timedelta(days=1))
    if unlinking.due_at > unlinking.began_at + LONGEST:
        log.error("naver_never_told", unlinking=str(unlinking.pk), attempts=unlinking.attempts)
        _end(unlinking, Outcome.GIVEN_UP)
    else:
        unlinking.save(update_fields=["attempts", "due_at"])


def _end(unlinking: NaverUnlinking, outcome: NaverUnlinking.Outcome) -> None:
    unlinking.refresh_token, unlinking.outcome = None, outcome
    unlinking.save(update_fields=["refresh_token", "attempts", "outcome"])
    destroy_key(unlinking.data_key_id, because=f"naver.{outcome}", actor=Actor.system("tell_naver"))
