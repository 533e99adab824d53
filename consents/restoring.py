"""After a restore: consents that ended, and items that were taken back, must not stand again (W1, K7)."""

from __future__ import annotations

from collections.abc import Sequence

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.endings import Ending

from .giving import take_back_item
from .models import Consent, ConsentEvent, State
from .withdrawal import withdraw

Kind = ConsentEvent.Kind
# What is agreed to after an ending stands by itself.
AGREEING = (Kind.GIVEN, Kind.RENEWED, Kind.ITEM_AGREED)


def standing(endings: Sequence[Ending]) -> list[Ending]:
    """The endings among these that the database does not know of: what ended stands, and was not agreed to since."""
    numbers = {ending.ground_id for ending in endings}
    consents = {consent.pk: consent for consent in Consent.objects.with_standing().filter(pk__in=numbers)}
    agreed = dict(
        ConsentEvent.objects.filter(consent__in=numbers, kind__in=AGREEING)
        .order_by("consent", "-recorded_at")
        .distinct("consent")
        .values_list("consent", "recorded_at")
    )
    return [
        ending
        for ending in endings
        if (consent := consents.get(ending.ground_id))
        and _stands(consent, ending)
        and agreed.get(consent.pk, ending.at) <= ending.at
    ]


def _stands(consent: Consent, ending: Ending) -> bool:
    if not ending.items:
        return consent.state in (State.GIVEN, State.SUPERSEDED)
    return consent.standing == State.GIVEN and not {*ending.items}.isdisjoint(consent.items)  # type: ignore[attr-defined]


def end_again(ending: Ending, actor: Actor) -> None:
    """End the consent, or take back the items. Where it cannot do without one that was taken back, it ends."""
    consent = Consent.objects.select_related("member").get(pk=ending.ground_id)
    language = consent.member.language
    try:
        for item in ending.items:
            take_back_item(consent, item, language=language, actor=actor)
    except PortalError:
        _withdraw(consent, ending, language, actor)
    if not ending.items:
        _withdraw(consent, ending, language, actor)


def _withdraw(consent: Consent, ending: Ending, language: str, actor: Actor) -> None:
    at = min(max(ending.at, consent.since), now())
    withdraw(consent, language=language, actor=actor, reason="restored database", at=at)
