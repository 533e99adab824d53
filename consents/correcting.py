"""Correcting values given with a consent, at the member's request; the history keeps what they were, sealed."""

from __future__ import annotations

from collections.abc import Mapping

from django.db import models, transaction
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value
from privacy_portal.rights import demand

from . import record
from .models import Consent, ConsentValue


def normal_corrections(member: Member, collection: str, values: Mapping[str, str]) -> dict[str, str]:
    """New values in normal form. Raises `PortalError`: `value_not_held`, or what is wrong with a value."""
    held = _living(member, collection).values_list("item_id", flat=True)
    if missing := set(values) - set(held):
        raise PortalError("value_not_held", _("No value of this item was given with that consent."), field=min(missing))
    return {item: normal_value(item, value, country=member.residence or "KR") for item, value in values.items()}


@transaction.atomic
def correct(consent: Consent, values: Mapping[str, str], *, reason: str, actor: Actor) -> None:
    """Replace values under the keys they were given under. `reason` is no personal value."""
    if actor.kind == "staff":
        demand(actor, "consents.record_consent")
    consent = record.locked(consent)
    changes = normal_corrections(consent.member, consent.collection_id, values)
    for held in _living(consent.member, consent.collection_id).filter(item__in=changes):
        held.value = changes[held.item_id]
        save_as(actor, held, reason=reason)


def _living(member: Member, collection: str) -> models.QuerySet[ConsentValue]:
    values = ConsentValue.objects.filter(
        consent__member=member, consent__collection=collection, data_key__wrapped_key__isnull=False
    )
    return values.select_related("data_key").order_by("pk")
