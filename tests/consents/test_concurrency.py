"""Many at once: one event, one truth (DESIGN decision 5)."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.db import connection

from consents import giving
from consents.checking import differences
from consents.models import Consent, ConsentEvent, State
from consents.refusing import refuse
from consents.withdrawal import withdraw
from privacy_portal.errors import PortalError
from privacy_portal.vault.models import DestructionRecord
from tests.factories import a_consent, a_member, acting, collection, notice

pytestmark = pytest.mark.django_db(transaction=True)


def at_once(times: int, act: Callable[[int], object]) -> list[str]:
    """Run `act` in so many threads at the same moment; returns the codes of those that were refused."""
    start, codes = threading.Barrier(times), []

    def run(number: int) -> None:
        start.wait()
        try:
            act(number)
        except PortalError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(times)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return codes


def test_twenty_parallel_withdrawals_make_one_event() -> None:
    member = a_member()
    consent = a_consent(member, "general.newsletter", company_name="하늘상사")
    refused = at_once(20, lambda number: withdraw(consent, language="ko", actor=acting(member)))
    assert refused == []
    assert [event.kind for event in consent.events.order_by("id")] == ["given", "withdrawn"]
    assert DestructionRecord.objects.count() == 1


def test_ten_first_answers_at_once_make_one_consent_with_one_event() -> None:
    member, shown = a_member(), notice("general.newsletter")

    def give(number: int) -> None:
        giving.give(
            member,
            shown.collection,
            notice=shown,
            items=["name", "email"],
            values={},
            language="ko",
            actor=acting(member),
        )

    assert at_once(10, give) == []
    assert Consent.objects.count() == ConsentEvent.objects.count() == 1


def test_a_yes_and_a_no_at_once_leave_a_record_that_agrees_with_itself() -> None:
    member, shown = a_member(), notice("general.newsletter")

    def answer(number: int) -> None:
        if number % 2:
            refuse(member, collection(shown.collection_id), notice=shown, language="ko", actor=acting(member))
        else:
            a_consent(member, shown.collection_id, company_name="하늘상사")

    refused = at_once(8, answer)
    assert set(refused) <= {"consent_given"}
    assert Consent.objects.get().state == State.GIVEN
    assert list(differences(lambda count: None)) == []
