"""The end of a copy: its day is over, or something that is in it has been destroyed (W2)."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.models import DataKey

from .models import DataCopy

# Whoever destroys something of a person holds this lock, shared, until it is done; whoever begins a copy takes it
# alone. So a copy begins before the destruction, which then finds its key, or after it, and no longer finds the value.
LOCK = 0x636F7079  # "copy"
# People share locks, so that a run which destroys what thousands held takes no more than so many.
LOCKS = 1024


def outdated_by(keys: Sequence[DataKey]) -> Iterable[UUID]:
    """The keys of the copies that may hold what these keys sealed; the vault asks when it destroys them."""
    own, people = {key.pk for key in keys}, {key.subject_id for key in keys if key.subject_id is not None}
    if not people:
        return []
    _lock(people, shared=True)
    copies = DataCopy.objects.filter(member__in=people, data_key__wrapped_key__isnull=False)
    return list(copies.exclude(data_key__in=own).values_list("data_key_id", flat=True))


def let_destructions_finish(person_id: UUID) -> None:
    """Wait for what is being destroyed of a person; what comes later waits for this transaction."""
    _lock({person_id}, shared=False)


def _lock(people: set[UUID], *, shared: bool) -> None:
    places = sorted({person.int % LOCKS for person in people})
    lock = "pg_advisory_xact_lock_shared" if shared else "pg_advisory_xact_lock"
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {lock}(%s, place) FROM unnest(%s::int[]) AS place", [LOCK, places])  # noqa: S608


def end(copy: DataCopy, *, because: str, actor: Actor, state: DataCopy.State = DataCopy.State.EXPIRED) -> None:
    """Destroy a locked copy, ready or not. What is on legal hold stays sealed, and can be downloaded no more."""
    copy.state, copy.seen_alive_at = state, now()
    save_as(actor, copy, reason=because)
    if copy.data_key_id is not None:
        destroy_key(copy.data_key_id, because=because, actor=actor)


@task()
def destroy_expired() -> None:
    """End copies whose day is over or whose key is gone; run by the schedule. Can be stopped and repeated."""
    actor, ready = Actor.system("destroy_copies"), DataCopy.objects.filter(state=DataCopy.State.READY)
    for copy_id in [
        *ready.filter(data_key__wrapped_key__isnull=True).values_list("pk", flat=True),
        # Those that a hold kept are tried again.
        *DataCopy.objects.filter(expires_at__lte=now(), data_key__wrapped_key__isnull=False).values_list(
            "pk", flat=True
        ),
    ]:
        with transaction.atomic():
            copy = DataCopy.objects.select_for_update(of=("self",)).get(pk=copy_id)
            if copy.state == DataCopy.State.READY:
                is_over = copy.expires_at is not None and copy.expires_at <= now()
                end(copy, because="copy.expired" if is_over else "copy.outdated", actor=actor)
            elif copy.state == DataCopy.State.EXPIRED and copy.data_key_id is not None:
                destroy_key(copy.data_key_id, because="copy.expired", actor=actor)
