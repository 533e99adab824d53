"""Making a copy, in the background: begun, written while it is sealed, finished; or begun again if its worker died."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import BufferedReader
from time import monotonic
from typing import BinaryIO
from uuid import UUID

import structlog
from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django_tasks import task

from members.models import Account
from privacy_portal import portable
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.outbox.mail import post
from privacy_portal.vault import envelope, file_envelope
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey
from requests import held, kinds

from . import contents
from .ending import end, let_destructions_finish
from .models import DataCopy

log = structlog.get_logger()
ACTOR = Actor.system("make_copy")
State = DataCopy.State
SECONDS_BETWEEN_SIGNS = 1.0
BLOCK = 1 << 20


class TakenOver(Exception):
    """Somebody else makes this copy by now, or it is not to be made any more."""


@task()
def make(copy_id: str) -> None:
    """Make a copy that was asked for. One that is made already, or being made, is left alone."""
    copy = _begin(UUID(copy_id))
    if copy is None:
        return
    try:
        with translation.override(copy.language), _written(copy) as file:
            _finish(copy, file)
    except TakenOver:
        return
    except Exception as error:  # its text may hold what was being written
        log.error("copy_not_made", copy=copy_id, error=type(error).__name__)
        _give_up(copy)


@task()
def take_up_silent() -> None:
    """Begin again what nobody has worked on for some minutes, or give it up; run by the schedule."""
    minutes = kinds.number("copy_silent_minutes", timezone.localdate(now()))
    silent = DataCopy.objects.filter(
        state__in=DataCopy.UNDER_WAY, seen_alive_at__lte=now() - timedelta(minutes=minutes)
    )
    for copy_id in silent.values_list("pk", flat=True):
        with transaction.atomic():
            copy = silent.select_for_update(of=("self",), skip_locked=True).filter(pk=copy_id).first()
            if copy is not None:
                _try_again(copy)


@transaction.atomic
def _begin(copy_id: UUID) -> DataCopy | None:
    copies = DataCopy.objects.select_for_update(of=("self",), skip_locked=True).select_related("member__data_key")
    person_id = DataCopy.objects.values_list("member_id", flat=True).get(pk=copy_id)
    let_destructions_finish(person_id)
    copy = copies.filter(pk=copy_id, state=State.ASKED).first()
    if copy is None:
        return None
    if copy.member.data_key.is_destroyed:  # the membership has ended since
        end(copy, because="copy.outdated", actor=ACTOR)
        return None
    copy.data_key = make_data_key(DataKey.Ground.MEMBERSHIP, person_id, subject_id=person_id)
    copy.state, copy.attempts, copy.seen_alive_at = State.BEING_MADE, copy.attempts + 1, now()
    copy.parts_done, copy.parts_total = 0, len(portable.parts())
    save_as(ACTOR, copy, reason="copy.begun")
    return copy


@contextmanager
def _written(copy: DataCopy) -> Iterator[BinaryIO]:
    """The whole copy as a file. It lies in no clear form anywhere: until it is stored, what waits on the disk is sealed
    under a key that only this process has."""
    key, place = envelope.new_key(), f"copy:{copy.pk}:{copy.attempts}"
    pieces = contents.pieces_of(copy, _signs_of_life(copy))
    sealed = file_envelope.seal(BufferedReader(file_envelope.Stream(pieces)), key=key, place=place)
    with tempfile.TemporaryFile(prefix="copy-") as waiting:
        while block := sealed.read(BLOCK):
            waiting.write(block)

        def read_at(start: int, length: int) -> bytes:
            waiting.seek(start)
            return waiting.read(length)

        yield BufferedReader(file_envelope.OpenedFile(read_at, waiting.tell(), key=key, place=place))


def _signs_of_life(copy: DataCopy) -> contents.Progress:
    """Notes how many parts are done, at most once a second. Raises `TakenOver` where it is not this one's any more."""
    last = monotonic()

    def note(parts_done: int) -> None:
        nonlocal last
        if monotonic() - last >= SECONDS_BETWEEN_SIGNS:
            last = monotonic()
            # No change of the copy, so nothing for its history.
            mine = DataCopy.objects.filter(pk=copy.pk, state=State.BEING_MADE, attempts=copy.attempts)
            if not mine.update(parts_done=parts_done, seen_alive_at=now()):
                raise TakenOver

    return note


@transaction.atomic
def _finish(begun: DataCopy, file: BinaryIO) -> None:
    copy = _mine(begun)
    assert begun.data_key is not None  # noqa: S101  (it was begun with one)
    key = DataKey.objects.select_for_update().get(pk=begun.data_key.pk)
    if key.is_destroyed:  # something of the member's was destroyed meanwhile, and may be in it
        _try_again(copy)
        return
    hours = kinds.number("copy_hours", timezone.localdate(now()))
    copy.data_key, copy.file, copy.state = key, file, State.READY
    copy.parts_done, copy.seen_alive_at = copy.parts_total, now()
    copy.items = sorted({one.item for one in held.held_of(copy.member) if not one.is_destroyed})
    copy.made_at, copy.expires_at = now(), now() + timedelta(hours=hours)
    save_as(ACTOR, copy, reason="copy.made")
    _tell(copy)


@transaction.atomic
def _give_up(begun: DataCopy) -> None:
    try:
        copy = _mine(begun)
    except TakenOver:
        return
    _try_again(copy)


def _mine(begun: DataCopy) -> DataCopy:
    copies = DataCopy.objects.select_for_update(of=("self",)).select_related("member__account__data_key")
    copy = copies.filter(pk=begun.pk, state=State.BEING_MADE, attempts=begun.attempts).first()
    if copy is None:
        raise TakenOver
    return copy


def _try_again(copy: DataCopy) -> None:
    """Have a locked copy made anew, from the beginning, unless that was tried often enough."""
    if copy.attempts >= kinds.number("copy_attempts", timezone.localdate(now())):
        end(copy, because="copy.failed", actor=ACTOR, state=State.FAILED)
        return
    end(copy, because="copy.begun_again", actor=ACTOR, state=State.ASKED)
    make.enqueue(str(copy.pk))


def _tell(copy: DataCopy) -> None:
    account = copy.member.account
    if not isinstance(account, Account) or account.email.is_destroyed:
        return
    context = {
        "company": settings.COMPANY_NAME,
        "until": copy.expires_at,
        "link": f"{settings.BASE_URL}/my/data/copy/",
    }
    post(
        to=account.email.open_unseen(),
        subject=" ".join(render_to_string("requests/email/copy_ready_subject.txt", context).split()),
        text=render_to_string("requests/email/copy_ready.txt", context).strip(),
        data_key=account.data_key,
    )
