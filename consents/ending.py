"""How a consent ends, whatever ended it: rooms above are told first, then every value given with it is destroyed."""

from __future__ import annotations

from collections.abc import Callable

from privacy_portal.actors import Actor
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey

from .models import ConsentEvent

# Each is told in the transaction of the event, while what was given can still be read: to end what rests on the
# consent, or to keep apart what law makes the company keep (W8).
before_destroying: list[Callable[[ConsentEvent, Actor], None]] = []


def end(event: ConsentEvent, *, actor: Actor) -> None:
    """Destroy what was given with the consent that `event` ended (W2). What is on legal hold stays."""
    for told in before_destroying:
        told(event, actor)
    destroy_ground(DataKey.Ground.CONSENT, event.consent_id, because=f"consent.{event.kind}", actor=actor)
