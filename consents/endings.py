"""What ends with an event of a consent, for the list that an older dump is checked against (W1)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey

from .models import ConsentEvent

Kind = ConsentEvent.Kind


def ending_of(event: ConsentEvent, items_before: Iterable[str]) -> Ending | None:
    """The consent that this event ended, or the items it took back. One that lapsed says so itself, by its date."""
    taken_back = tuple(sorted({*items_before} - {*event.items}))
    if event.kind in (Kind.WITHDRAWN, Kind.REFUSED):
        taken_back = ()
    elif event.kind == Kind.EXPIRED or not taken_back:
        return None
    because = f"consent.{event.kind}"
    return Ending(DataKey.Ground.CONSENT, event.consent_id, because, event.recorded_at, taken_back)


def on_record() -> Iterator[Ending]:
    """Every ending there was."""
    before: ConsentEvent | None = None
    for event in ConsentEvent.objects.only("consent_id", "kind", "items", "recorded_at").order_by("consent_id", "id"):
        is_first = before is None or before.consent_id != event.consent_id
        if ending := ending_of(event, [] if is_first or before is None else before.items):
            yield ending
        before = event
