"""The end of a ground: its keys are destroyed, and with them every copy of the values they sealed (W2, K1)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from uuid import UUID

from django.apps import apps
from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.clock import now

from . import destruction_list
from .blind_index import BlindIndexField
from .endings import Ending
from .files import remove_files_of
from .models import DataKey, DestructionRecord, UnlistedDestruction, UnlistedEnding

Method = DestructionRecord.Method

# Which of these keys must stay for now, whatever ended their ground. A room above registers its legal holds here; it
# also finds what a lifted hold has left behind.
holds: list[Callable[[Sequence[DataKey]], set[UUID]]] = []
# Which keys go with these, because they seal copies of the same values. A room above registers its copies here.
copies: list[Callable[[Sequence[DataKey]], Iterable[UUID]]] = []


@dataclass(frozen=True)
class Approval:
    """By which rule of the retention schedule values are destroyed, and which accounts approved it (K8)."""

    rule: str = ""
    approved_by: tuple[UUID, ...] = ()


@transaction.atomic
def destroy_ground(ground: DataKey.Ground, ground_id: UUID, *, because: str, actor: Actor) -> list[DestructionRecord]:
    """Destroy every living key of a ground. Safe to repeat: what is destroyed already is left alone.

    `because` names what ended the ground, such as `consent.withdrawn`. A key on legal hold stays.
    """
    keys = DataKey.objects.filter(ground=ground, ground_id=ground_id, wrapped_key__isnull=False)
    return _destroy(_not_on_hold(keys.select_for_update().order_by("id")), because, actor, Approval())


def destroy_key(data_key_id: UUID, *, because: str, actor: Actor) -> list[DestructionRecord]:
    """Destroy one data key, as when one item of a consent is taken back. Safe to repeat. One on legal hold stays."""
    return destroy_keys([data_key_id], because=because, actor=actor, approval=Approval())


@transaction.atomic
def destroy_keys(
    data_key_ids: Iterable[UUID], *, because: str, actor: Actor, approval: Approval
) -> list[DestructionRecord]:
    """Destroy data keys, all or, where it fails, none. Safe to repeat. Those on legal hold stay."""
    keys = DataKey.objects.filter(pk__in=data_key_ids, wrapped_key__isnull=False)
    return _destroy(_not_on_hold(keys.select_for_update().order_by("id")), because, actor, approval)


@transaction.atomic
def destroy_again(data_key_ids: Iterable[UUID], *, because: str, actor: Actor) -> list[DestructionRecord]:
    """Destroy keys that were destroyed before and came back with an older dump; a hold cannot bring them back."""
    keys = DataKey.objects.filter(pk__in=data_key_ids, wrapped_key__isnull=False)
    locked = list(keys.select_for_update().order_by("id"))
    return _destroy(locked, because, actor, Approval(), method=Method.REPLAYED)


def note_end(ending: Ending) -> None:
    """Put the end of a ground on the list outside the database. Call it in the transaction that ends the ground."""
    UnlistedEnding.objects.create(
        ground=ending.ground,
        ground_id=ending.ground_id,
        items=list(ending.items),
        because=ending.because,
        at=ending.at,
    )
    transaction.on_commit(destruction_list.write, robust=True)


def on_hold(keys: Sequence[DataKey]) -> set[UUID]:
    """The keys among these that a legal hold keeps, whatever became of their ground."""
    return {key_id for held_among in holds for key_id in held_among(keys)} if keys else set()


def _not_on_hold(keys: Iterable[DataKey]) -> list[DataKey]:
    found = list(keys)
    held = on_hold(found)
    return [key for key in found if key.pk not in held]


def _destroy(
    keys: list[DataKey], because: str, actor: Actor, approval: Approval, method: Method = Method.KEY_DESTROYED
) -> list[DestructionRecord]:
    if not keys:
        return []
    at = now()
    DataKey.objects.filter(pk__in=[key.pk for key in keys]).update(wrapped_key=None, destroyed_at=at)
    for index in _blind_indexes():
        index.model._base_manager.filter(**{f"{index.key_name}__in": keys}).update(**{index.name: None})
    records = DestructionRecord.objects.bulk_create(
        DestructionRecord(
            data_key=key,
            at=at,
            ground=key.ground,
            ground_id=key.ground_id,
            subject_id=key.subject_id,
            items=key.items,
            because=because,
            actor_kind=actor.kind,
            actor_id=actor.account_id,
            actor_name=actor.name,
            rule=approval.rule,
            approved_by=list(approval.approved_by),
            method=method,
        )
        for key in keys
    )
    remove_files_of(keys)
    if copied := [key_id for copies_of in copies for key_id in copies_of(keys)]:
        destroy_keys(copied, because="copy.outdated", actor=actor, approval=Approval())
    UnlistedDestruction.objects.bulk_create(UnlistedDestruction(record=record) for record in records)
    # What goes wrong here is mended by the worker, which writes again every minute.
    transaction.on_commit(destruction_list.write, robust=True)
    return records


@cache
def _blind_indexes() -> list[BlindIndexField]:
    """Every blind index of the portal, found by its type, so that no app can forget to declare one."""
    return [
        field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, BlindIndexField)
    ]
