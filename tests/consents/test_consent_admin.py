from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import timedelta
from unittest.mock import Mock

import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consents import expiry, refusing
from consents.expiry import expire
from consents.models import Consent, ConsentEvent, State
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import pretending
from privacy_portal.policy import publishing
from tests.factories import a_consent, a_member, acting, collection, notice, staff_acting
from tests.in_admin import found, list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]
CONSENTS, EVENTS = "consents_consent", "consents_consentevent"


def a_newsletter(member: Member | None = None) -> Consent:
    return a_consent(member or a_member(), "general.newsletter", company_name="하늘상사")


def a_new_notice(code: str, officer: Account) -> None:
    """Publish a version that says something else, so that everybody is asked again."""
    draft = publishing.draft(collection(code), actor=staff_acting(officer))
    draft.purpose_en += " And more."
    draft.save()
    publishing.publish(draft, actor=staff_acting(officer))


def test_the_lists_show_whose_consent_it_is_and_no_value_in_full(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    a_newsletter(alice)
    client = signed_in(officer)
    assert "김*늘" in opened(client, list_of(CONSENTS))
    assert "김*늘" in opened(client, list_of(EVENTS))


@pytest.mark.parametrize("model", [CONSENTS, EVENTS])
def test_the_lists_take_as_many_queries_for_thirty_as_for_one(model: str, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    a_newsletter()
    one = queries(client, list_of(model))
    for number in range(30):
        consent = a_newsletter()
        if number % 3 == 0:
            withdraw(consent, language="ko", actor=staff_acting(officer))
    assert queries(client, list_of(model)) == one


def test_the_list_tells_the_state_as_it_is_today(
    officer: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(expiry, "supersede_outdated", Mock())  # the background work has not come to it yet
    lapsed, replaced, given, withdrawn = (a_newsletter(), a_newsletter(), a_newsletter(), a_newsletter())
    withdraw(withdrawn, language="ko", actor=staff_acting(officer))
    Consent.objects.filter(pk=lapsed.pk).update(lapses_at=timezone.now() - timedelta(days=1))
    a_new_notice("general.newsletter", officer)
    Consent.objects.filter(pk=given.pk).update(notice=notice("general.newsletter"))
    client = signed_in(officer)

    def listed(state: str) -> set[Consent]:
        return set(client.get(list_of(CONSENTS), {"state": state}).context["cl"].result_list)

    assert listed(State.EXPIRED) == {lapsed}
    assert listed(State.SUPERSEDED) == {replaced}
    assert listed(State.GIVEN) == {given}
    assert listed(State.WITHDRAWN) == {withdrawn}
    assert listed(State.REFUSED) == set()
    assert listed("nonsense") == {lapsed, replaced, given, withdrawn}


def test_the_list_is_filtered_by_collection_heading_and_day(officer: Account, alice: Member, signed_in: SignIn) -> None:
    newsletter = a_newsletter(alice)
    sales = a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    card = a_consent(
        alice, "general.one_time_payment.bank_transfer", bank_name="하늘은행", account_number="110222333444"
    )
    client = signed_in(officer)

    def listed(**parameters: str) -> set[Consent]:
        return set(client.get(list_of(CONSENTS), parameters).context["cl"].result_list)

    assert listed(collection__code__exact="general.newsletter") == {newsletter}
    assert listed(group="general.one_time_payment") == {card}
    assert listed(group="general") == {newsletter, sales}
    assert listed(since_from="2099-01-01") == set()
    assert listed(since_to=timezone.localdate().isoformat()) == {newsletter, sales, card}


@pytest.mark.parametrize(
    "written", ["김하늘", unicodedata.normalize("NFD", "김하늘"), "Alice@EXAMPLE.com", "010 1234 5678"]
)
@pytest.mark.parametrize("model", [CONSENTS, EVENTS])
def test_consents_and_events_are_found_by_what_is_known_of_the_member(
    model: str, written: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    consent = a_newsletter(alice)
    a_newsletter(a_member(name="이서준", mobile_phone="010-7777-1111"))
    expected = [consent] if model == CONSENTS else list(consent.events.all())
    assert found(signed_in(officer), model, written) == expected


def test_consents_and_events_are_found_by_their_numbers(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    a_newsletter()
    event = consent.events.get()
    client = signed_in(officer)
    for number in (consent.pk, alice.pk):
        assert found(client, CONSENTS, str(number)) == [consent]
        assert found(client, EVENTS, str(number)) == [event]
    assert found(client, EVENTS, str(event.reference)) == [event]


@pytest.mark.parametrize("misspelt", ["alice@example.con", "김하", "\x00", "9" * 10_000, "하늘상사"])
@pytest.mark.parametrize("model", [CONSENTS, EVENTS])
def test_a_misspelt_search_finds_nothing_rather_than_everything(
    model: str, misspelt: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    a_newsletter(alice)
    assert found(signed_in(officer), model, misspelt) == []


def test_the_events_of_one_member_can_be_listed(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    a_newsletter()
    client = signed_in(officer)

    def listed(number: object) -> list[ConsentEvent]:
        return list(client.get(list_of(EVENTS), {"member": str(number)}).context["cl"].result_list)

    assert listed(alice.pk) == [consent.events.get()]
    assert listed("no-number") == []


def test_events_are_filtered_by_kind_method_and_day(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    event = withdraw(consent, language="ko", actor=staff_acting(officer, "fax"))
    client = signed_in(officer)
    for parameters in ({"kind__exact": "withdrawn"}, {"method__code__exact": "fax"}):
        assert list(client.get(list_of(EVENTS), parameters).context["cl"].result_list) == [event]
    assert not client.get(list_of(EVENTS), {"at_to": "2020-01-01"}).context["cl"].result_list


def test_the_page_tells_the_whole_story_with_values_masked(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    withdraw(consent, language="ko", actor=staff_acting(officer, "phone"), reason="전화로 말함")
    text = opened(signed_in(officer), page_of(consent))
    assert "하늘상사" not in text
    assert "전화로 말함" not in text
    assert officer.staff_name in text
    assert "203.0.***.7" in text
    assert "203.0.***.8" in text
    assert page_of(alice) in text
    assert page_of(consent.notice) in text
    destruction = consent.values.get().data_key.destruction
    assert timezone.localtime(destruction.at).strftime("%Y-%m-%d %H:%M") in text


def test_a_living_value_is_shown_masked(officer: Account, alice: Member, signed_in: SignIn) -> None:
    text = opened(signed_in(officer), page_of(a_consent(alice, "general.sales_inquiry", company_name="바다물산회사")))
    assert "바다***" in text
    assert "바다물산회사" not in text


def test_the_page_takes_as_many_queries_for_many_events_as_for_few(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    consent = a_newsletter(alice)
    withdraw(consent, language="ko", actor=staff_acting(officer))
    few = queries(client, page_of(consent))
    for number in range(10):
        a_newsletter(alice)
        withdraw(consent, language="ko", actor=staff_acting((officer, agent)[number % 2]))
    assert consent.events.count() == 22
    assert queries(client, page_of(consent)) == few


def test_history_names_members_staff_and_background_work(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    assert consent.lapses_at is not None
    with pretending(consent.lapses_at + timedelta(seconds=1)):
        expire(consent)
    with pretending(consent.lapses_at + timedelta(days=1)):
        again = a_newsletter(alice)
    with pretending(consent.lapses_at + timedelta(days=2)):
        withdraw(again, language="ko", actor=staff_acting(officer))
    client = signed_in(officer)
    response = client.get(page_of(consent, "history"))
    who = [line.by for line in response.context["lines"]]
    assert who[0] == officer.staff_name
    assert "expire_consents" in who[2]
    assert who[1] == who[3] != ""
    assert [line.reason for line in response.context["lines"] if not line.reason] == []
    opened(client, page_of(consent, "history"))
    for row in consent.history.all():
        opened(client, reverse("admin:consents_consent_version", args=[consent.pk, row.history_id]))


def test_history_takes_as_many_queries_for_many_changes_as_for_few(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    consent = a_newsletter(alice)
    withdraw(consent, language="ko", actor=staff_acting(officer))
    few = queries(client, page_of(consent, "history"))
    for _number in range(10):
        a_newsletter(alice)
        withdraw(consent, language="ko", actor=staff_acting(officer))
    assert queries(client, page_of(consent, "history")) == few


def test_an_event_has_a_page_and_the_one_line_of_its_history(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    consent = a_newsletter(alice)
    event = withdraw(consent, language="ko", actor=staff_acting(officer, "fax"), reason="팩스 3쪽")
    client = signed_in(officer)
    text = opened(client, page_of(event))
    assert str(event.reference) in text
    assert officer.staff_name in text
    assert "팩스 3쪽" not in text
    [line] = client.get(page_of(event, "history")).context["lines"]
    assert line.by == officer.staff_name
    opened(client, page_of(event, "history"))


def test_an_altered_proof_is_said_to_be_one(officer: Account, alice: Member, signed_in: SignIn) -> None:
    event, other = a_newsletter(alice).events.get(), a_newsletter().events.get()
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")
        cursor.execute(
            "UPDATE consents_consentevent SET evidence ="
            " (SELECT evidence FROM consents_consentevent WHERE id = %s) WHERE id = %s",
            [other.pk, event.pk],
        )
        cursor.execute("SET LOCAL session_replication_role = origin")
    client = signed_in(officer)
    for url in (page_of(event), page_of(event.consent)):
        assert "203.0." not in opened(client, url)


def test_a_members_consents_are_listed_on_the_members_page(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_newsletter(alice)
    refusing.refuse(
        alice,
        collection("general.sales_inquiry"),
        notice=notice("general.sales_inquiry"),
        language="ko",
        actor=acting(alice),
    )
    text = opened(signed_in(officer), page_of(alice))
    for one in alice.consents.all():  # type: ignore[attr-defined]
        assert page_of(one) in text
    assert page_of(consent) in text
