"""After a restore: consents whose values were destroyed because they ended must not stand again either."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from consents.giving import take_back_item
from consents.models import Consent, State
from consents.withdrawal import withdraw
from privacy_portal.errors import PortalError
from privacy_portal.vault.models import DataKey
from privacy_portal.vault.replay import ACTOR

ENDINGS = ("consent.withdrawn", "consent.refused", "consent.expired")


def end_again(entry: dict[str, str]) -> None:
    """End the consent, or take back the item, that an entry of the list was about, where it stands again."""
    if entry["ground"] != DataKey.Ground.CONSENT:
        return
    consent = Consent.objects.select_related("member").filter(pk=UUID(entry["ground_id"])).first()
    if consent is None or consent.state not in (State.GIVEN, State.SUPERSEDED):
        return
    language = consent.member.language
    if entry["because"] in ENDINGS:
        at = max(datetime.fromisoformat(entry["at"]), consent.since)
        withdraw(consent, language=language, actor=ACTOR, reason="restored database", at=at)
    elif entry["because"] == "consent.item_taken_back":
        for item in DataKey.objects.get(pk=entry["key"]).items:
            try:
                take_back_item(consent, item, language=language, actor=ACTOR)
            except PortalError:  # the consent does not stand, or not without it: its value is destroyed all the same
                continue
