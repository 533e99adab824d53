"""The end of a ground: its keys are destroyed, and with them every copy of the values they sealed (W2, K1)."""

from __future__ import annotations

from functools import cache
from uuid import UUID

from django.apps import apps
from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.clock import now

from .blind_index import BlindIndexField
from .models import DataKey, DestructionRecord


@transaction.atomic
def destroy_ground(ground: DataKey.Ground, ground_id: UUID, *, because: str, actor: Actor) -> list[DestructionRecord]:
    """Destroy every living key of a ground. Safe to repeat: what is destroyed already is left alone.

    `because` names what ended the ground, such as `consent.withdrawn`.
    """
    keys = DataKey.objects.filter(ground=ground, ground_id=ground_id, wrapped_key__isnull=False)
    return _destroy(list(keys.select_for_update().order_by("id")), because, actor)


@transaction.atomic
def destroy_key(data_key_id: UUID, *, because: str, actor: Actor) -> list[DestructionRecord]:
    """Destroy one data key, as when one item of a consent is taken back. Safe to repeat."""
    keys = DataKey.objects.filter(pk=data_key_id, wrapped_key__isnull=False)
    return _destroy(list(keys.select_for_update()), because, actor)


def _destroy(keys: list[DataKey], because: str, actor: Actor) -> list[DestructionRecord]:
    if not keys:
        return []
    at = now()
    DataKey.objects.filter(pk__in=[key.pk for key in keys]).update(wrapped_key=None, destroyed_at=at)
    for index in _blind_indexes():
        index.model._base_manager.filter(**{f"{index.key_name}__in": keys}).update(**{index.name: None})
    return DestructionRecord.objects.bulk_create(
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
        )
        for key in keys
    )


@cache
def _blind_indexes() -> list[BlindIndexField]:
    """Every blind index of the portal, found by its type, so that no app can forget to declare one."""
    return [
        field for model in apps.get_models() for field in model._meta.get_fields() if isinstance(field, BlindIndexField)
    ]
