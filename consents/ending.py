"""How a consent ends, whatever ended it: rooms above are told first, then every value given with it is destroyed."""

from __future__ import annotations

from collections.abc import Callable

from privacy_portal.actors import Actor
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey

from .models import Consent, ConsentEvent

# Each is told in the transaction of the event, while what was given can still be read: to end what rests on the
# consent, or to keep apart what law makes the company keep (W8).
before_destroying: list[Callable[[ConsentEvent, Actor], None]] = []

# Each says by which rules of the retention schedule law has something of a consent kept when it ends (K2).
kept_by_law: list[Callable[[Consent], list[str]]] = []


def rules_that_keep(consent: Consent) -> list[str]:
    """The codes of the rules by which something stays when this consent ends: told before it does, and after."""
    return sorted({rule for keeps in kept_by_law for rule in keeps(consent)})


def end(event: ConsentEvent, *, actor: Actor) -> None:
    """Destroy what was given with the consent that `event` ended (W2). What is on legal hold stays."""
    for told in before_destroying:
        told(event, actor)
    destroy_ground(DataKey.Ground.CONSENT, event.consent_id, because=f"consent.{event.kind}", actor=actor)
