"""Proving that every consent is what its events say."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import fields

from django.db.models import Prefetch

from privacy_portal.vault.destruction import on_hold

from . import derivation
from .models import Consent, ConsentEvent, State

CHUNK = 500


def differences(progress: Callable[[int], object]) -> Iterator[str]:
    """One sentence for each consent whose columns, or values, differ from what its events come to."""
    events = Prefetch("events", ConsentEvent.objects.select_related("notice").order_by("id"))
    consents = Consent.objects.order_by("pk").prefetch_related(events, "values__data_key")
    for consent in consents.iterator(CHUNK):
        progress(1)
        derived = derivation.standing_from(consent.events.all())
        if derived is None:
            yield f"Consent {consent.pk} has no events."
            continue
        held = derivation.standing_of(consent)
        for field in fields(held):
            says, is_ = getattr(derived, field.name), getattr(held, field.name)
            if says != is_:
                yield f"Consent {consent.pk}: {field.name} is {is_}, but its events say {says}."
        agreed = set(derived.items) if derived.state in (State.GIVEN, State.SUPERSEDED) else set()
        stray = {
            value.data_key: value.item_id
            for value in consent.values.all()
            if value.item_id not in agreed and not value.data_key.is_destroyed
        }
        kept = on_hold(list(stray))
        if items := sorted(item for key, item in stray.items() if key.pk not in kept):
            yield f"Consent {consent.pk} still holds {', '.join(items)}, which its events do not cover."
