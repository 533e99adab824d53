from __future__ import annotations

from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consents.models import Consent, ConsentEvent, State
from consents.withdrawal import withdraw
from members.models import Member
from tests.consents.test_giving import changed_notice
from tests.factories import a_consent, a_member, acting, notice

SignedIn = Callable[[Member], Client]
NEWSLETTER = "/my/consents/general.newsletter/"
PAGES = ["/my/", "/my/consents/", "/my/data/", "/my/welcome/", NEWSLETTER, "/policy/", "/policy/general.newsletter/"]


def shown(code: str = "general.newsletter") -> str:
    return f"{notice(code).version}:{notice(code).digest}"


def answer(client: Client, path: str = NEWSLETTER, *, told: str | None = None, decision: str = "give", **form: str):
    return client.post(path, {"decision": decision, "notice": told or shown(path.split("/")[3]), **form})


@pytest.mark.parametrize("path", PAGES)
@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_opens_in_both_languages(alice: Member, signed_in: SignedIn, path: str, language: str) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    client = signed_in(alice)
    client.cookies["django_language"] = language
    response = client.get(path)
    assert response.status_code == 200
    assert response["Content-Language"] == language


@pytest.mark.parametrize("path", [path for path in PAGES if path.startswith("/my/")])
def test_strangers_are_asked_to_sign_in(db: None, client: Client, path: str) -> None:
    assert client.get(path)["Location"].startswith("/account/login/")


def test_nothing_is_ticked_beforehand(alice: Member, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(NEWSLETTER).content.decode()
    assert 'type="checkbox"' in page
    assert "checked" not in page


def test_refusing_takes_no_more_than_giving(alice: Member, signed_in: SignedIn) -> None:
    """W6, N5: both are buttons of one form and one kind."""
    page = signed_in(alice).get(NEWSLETTER).content.decode()
    assert page.count('<button class="even" name="decision"') == 2


def test_a_consent_is_given_with_an_optional_item_declined(alice: Member, signed_in: SignedIn) -> None:
    response = answer(signed_in(alice), agree_name="on", agree_email="on")
    assert response.status_code == 302
    consent = Consent.objects.get(member=alice)
    assert (consent.state, consent.items) == (State.GIVEN, ["email", "name"])


def test_a_consent_is_refused_without_ticking_anything(alice: Member, signed_in: SignedIn) -> None:
    answer(signed_in(alice), decision="refuse")
    assert Consent.objects.get(member=alice).state == State.REFUSED


def test_a_missing_item_and_a_wrong_value_are_told_beside_them_and_what_was_typed_stays(
    alice: Member, signed_in: SignedIn
) -> None:
    path = "/my/consents/general.one_time_payment.card/"
    response = answer(
        signed_in(alice),
        path,
        agree_card_number="on",
        value_card_number="4111 1111 1111 1112",
        value_card_company_name="한빛카드",
    )
    form = response.context["form"]
    assert set(form.errors) == {"agree_card_company_name", "value_card_number"}
    page = response.content.decode()
    assert "한빛카드" in page
    assert "4111 1111 1111 1112" in page
    assert not Consent.objects.exists()


@pytest.mark.parametrize("told", ["7:" + "0" * 64, "nonsense", "1:", "99999999999999999999:x", "1\x00:x"])
def test_a_version_nobody_was_shown_is_refused_and_nothing_recorded(
    alice: Member, signed_in: SignedIn, told: str
) -> None:
    response = answer(signed_in(alice), told=told, agree_name="on", agree_email="on")
    assert response.status_code == 200
    assert response.context["form"].errors["notice"]
    assert not Consent.objects.exists()


def test_a_notice_replaced_while_the_form_was_open_is_told_and_the_new_one_shown(
    alice: Member, signed_in: SignedIn
) -> None:
    old = shown()
    changed_notice("general.newsletter")
    client = signed_in(alice)
    response = answer(
        client, told=old, agree_name="on", agree_email="on", agree_company_name="on", value_company_name="하늘상사"
    )
    assert response.context["form"].errors["notice"]
    assert not ConsentEvent.objects.exists()
    page = response.content.decode()
    assert "새로운 목적입니다." in page
    assert "checked" not in page  # what was agreed to is not what is shown now
    assert "하늘상사" in page
    assert shown() in page
    assert answer(client, agree_name="on", agree_email="on").status_code == 302


def test_opening_the_address_of_a_withdrawal_does_nothing(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, "general.newsletter", without=("company_name",))
    response = signed_in(alice).get(f"{NEWSLETTER}withdraw/")
    assert response["Location"] == NEWSLETTER
    assert Consent.objects.get().state == State.GIVEN


def test_withdrawing_says_what_was_destroyed_and_what_stays(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    client = signed_in(alice)
    client.cookies["django_language"] = "en"
    before = client.get(NEWSLETTER).content.decode()
    assert "this is destroyed at once: Company name." in before
    page = client.post(f"{NEWSLETTER}withdraw/", follow=True).content.decode()
    assert "What was destroyed" in page
    assert "What stays: Name, E-mail address" in page
    assert "하늘상사" not in page


def test_a_second_withdrawal_says_when_the_first_was(alice: Member, signed_in: SignedIn) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    withdraw(consent, language="ko", actor=acting(alice))
    client = signed_in(alice)
    client.cookies["django_language"] = "en"
    page = client.post(f"{NEWSLETTER}withdraw/", follow=True).content.decode()
    assert "already. Nothing was changed." in page
    assert ConsentEvent.objects.count() == 2


def test_another_member_s_consent_is_not_to_be_seen_or_ended(
    alice: Member, charlie: Member, business: Member, signed_in: SignedIn
) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    client = signed_in(charlie)
    assert "하늘상사" not in client.get(NEWSLETTER).content.decode()
    assert client.post(f"{NEWSLETTER}withdraw/").status_code == 404
    consent.refresh_from_db()
    assert consent.state == State.GIVEN
    # What is asked of individuals only is no page of a business.
    assert signed_in(business).get("/my/consents/general.basic_information_change.individual/").status_code == 404


@pytest.mark.parametrize("code", ["no.such.code", "general.newsletter%00", "membership.individual_signup", "generated"])
def test_an_unknown_code_is_no_page(alice: Member, signed_in: SignedIn, code: str) -> None:
    assert signed_in(alice).get(f"/my/consents/{code}/").status_code == 404


def test_a_value_is_masked_until_its_person_asks_for_it(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    page = client.get("/my/data/").content.decode()
    assert "김*늘" in page
    assert "010-****-5678" in page
    for whole in ("김하늘", "1234-5678", "alice@example.com", "테헤란로"):
        assert whole not in page
    page = client.post("/my/data/", {"show": "membership.name"}).content.decode()
    assert "김하늘" in page
    assert "alice@example.com" not in page


def test_an_item_is_agreed_to_and_taken_back_on_the_page(alice: Member, signed_in: SignedIn) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    client = signed_in(alice)
    bad = client.post(f"{NEWSLETTER}items/company_name/agree/", {"value": "하늘\u200b상사"})
    assert bad.status_code == 200
    assert "error-company_name" in bad.content.decode()
    client.post(f"{NEWSLETTER}items/company_name/agree/", {"value": "하늘상사"})
    consent.refresh_from_db()
    assert "company_name" in consent.items
    client.post(f"{NEWSLETTER}items/company_name/take-back/")
    consent.refresh_from_db()
    assert "company_name" not in consent.items
    assert [event.kind for event in consent.events.order_by("id")] == ["given", "item_agreed", "item_taken_back"]


def test_the_list_is_filtered_by_state(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, "general.newsletter", without=("company_name",))
    client = signed_in(alice)
    page = client.get("/my/consents/?state=given").content.decode()
    assert "/my/consents/general.newsletter/" in page
    assert "/my/consents/general.sales_inquiry/" not in page
    assert client.get("/my/consents/?state=%00nonsense").status_code == 200


@pytest.mark.parametrize("path", ["/my/", "/my/consents/", "/my/data/"])
def test_a_page_asks_the_database_the_same_whatever_it_shows(signed_in: SignedIn, db: None, path: str) -> None:
    few, many = a_member(), a_member()
    a_consent(few, "general.newsletter", company_name="하늘상사")
    for code in ("general.newsletter", "general.sales_inquiry", "services.naver_works.free_setup_support"):
        a_consent(many, code, company_name="하늘상사")
    a_consent(many, "services.hello.subscription", nickname="하늘")
    counts = []
    for member in (few, many):
        client = signed_in(member)
        client.get(path)
        with CaptureQueriesContext(connection) as queries:
            client.get(path)
        counts.append(len(queries))
    assert counts[0] == counts[1] < 20


def test_staff_have_no_member_pages(officer: Member, signed_in: SignedIn) -> None:
    assert signed_in(officer).get("/my/")["Location"] == "/admin/"
