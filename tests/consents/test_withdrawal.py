from __future__ import annotations

import pytest

from consents.models import ConsentValue, State
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.vault.errors import ValueDestroyed
from tests.factories import a_consent, acting


def test_withdrawing_destroys_the_values_but_keeps_the_proof(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    value = ConsentValue.objects.get(consent=consent)
    assert value.value.open() == "하늘상사"

    event = withdraw(consent, language="ko", actor=acting(alice))

    consent.refresh_from_db()
    assert consent.state == State.WITHDRAWN
    assert consent.since == event.at
    gone = ConsentValue.objects.get(pk=value.pk)
    assert gone.value.is_destroyed
    with pytest.raises(ValueDestroyed):
        gone.value.open()
    assert gone.data_key.destruction.items == ["company_name"]
    assert [one.kind for one in consent.events.order_by("id")] == ["given", "withdrawn"]
