"""Who changed what, when and why: django-simple-history, told the actor by the verbs instead of by a request."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.dispatch import receiver
from django.utils.translation import gettext_lazy as _
from simple_history.models import HistoricalRecords
from simple_history.signals import pre_create_historical_record

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.blind_index import BlindIndexField


class ActingPart(models.Model):
    """What every history row says of the one who acted."""

    actor_kind = models.CharField(_("by"), max_length=10, default="system")
    actor_name = models.CharField(_("job"), max_length=60, blank=True)

    class Meta:
        abstract = True


class History(HistoricalRecords):
    """History of a model. Sealed values are copied sealed; blind indexes are left out."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            bases=[ActingPart],
            history_user_id_field=models.UUIDField(null=True),
            history_user_getter=lambda row: None,
            history_user_setter=lambda row, user: None,
            **kwargs,
        )

    def fields_included(self, model: type[models.Model]) -> list[models.Field[Any, Any]]:
        return [field for field in super().fields_included(model) if not isinstance(field, BlindIndexField)]

    def get_history_user(self, instance: models.Model) -> None:
        return None  # the row takes the actor's account below


@receiver(pre_create_historical_record)
def note_the_actor(instance: models.Model, history_instance: Any, **kwargs: Any) -> None:
    actor: Actor = getattr(instance, "_actor", None) or Actor.system("")
    history_instance.history_user_id = actor.account_id
    history_instance.actor_kind = actor.kind
    history_instance.actor_name = actor.name


def save_as(actor: Actor, instance: models.Model, *, reason: str = "", **kwargs: Any) -> None:
    """Save `instance`; its history row names the actor and the reason. Reasons hold no personal values."""
    instance._actor = actor  # type: ignore[attr-defined]
    instance._history_date = now()  # type: ignore[attr-defined]
    instance._change_reason = reason or None  # type: ignore[attr-defined]
    try:
        instance.save(**kwargs)
    finally:  # what is saved later is somebody else's doing
        del instance._actor, instance._history_date, instance._change_reason  # type: ignore[attr-defined]
