"""The member's receipt: the page, the forms it can be saved in, and who gets to see it."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consents.models import Consent
from consents.refusing import refuse
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.clock import pretending
from tests.consents.test_giving import changed_notice
from tests.factories import a_consent, acting, collection, notice

SignedIn = Callable[[Member], Client]
NEWSLETTER = "general.newsletter"
RECEIPT = f"/my/consents/{NEWSLETTER}/receipt/"
OFFERED = {
    "application/ld+json": "application/ld+json",
    "application/json": "application/json",
    "application/vnd.kantara.receipt+json": "application/vnd.kantara.receipt+json",
    "application/jose": "application/jose",
    "application/jose+json": "application/jose+json",
    "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8": "text/html; charset=utf-8",
    "*/*": "text/html; charset=utf-8",
    "application/*": "application/ld+json",
    "text/html;q=0.4, application/jose;q=0.9, application/ld+json;q=0.8": "application/jose",
    "application/xml, application/ld+json;q=0.1": "application/ld+json",
}


def in_english(client: Client) -> Client:
    client.cookies["django_language"] = "en"
    return client


def refused(member: Member) -> Consent:
    return refuse(
        member, collection(NEWSLETTER), notice=notice(NEWSLETTER), language="ko", actor=acting(member)
    ).consent


@pytest.mark.parametrize("accept", OFFERED)
def test_the_form_is_the_one_that_is_preferred(alice: Member, signed_in: SignedIn, accept: str) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    response = signed_in(alice).get(RECEIPT, headers={"accept": accept})
    assert response.status_code == 200
    assert response["Content-Type"] == OFFERED[accept]
    assert "Accept" in response["Vary"]
    assert "Content-Disposition" not in response


@pytest.mark.parametrize("accept", ["application/xml", "image/png, text/csv", "text/html;q=0"])
def test_what_is_not_offered_is_told_in_a_sentence(alice: Member, signed_in: SignedIn, accept: str) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    client = in_english(signed_in(alice))
    for response in (client.get(RECEIPT, headers={"accept": accept}), client.get(f"{RECEIPT}?format=\x00pdf")):
        assert response.status_code == 406
        assert response.content.decode().startswith("A receipt does not come in this form. It comes as: text/html, ")
        assert "Accept" in response["Vary"]
    assert not OwnAccessEntry.objects.exists()


@pytest.mark.parametrize(
    ("name", "suffix"), [("iso", "jsonld"), ("json", "json"), ("kantara", "json"), ("signed", "jws")]
)
def test_a_form_named_in_the_address_is_a_file_to_save(
    alice: Member, signed_in: SignedIn, name: str, suffix: str
) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    response = signed_in(alice).get(f"{RECEIPT}?format={name}", headers={"accept": "text/html"})
    kind, _semicolon, file = response["Content-Disposition"].partition("; ")
    assert kind == "attachment"
    assert file.startswith('filename="consent-general.newsletter-')
    assert file.endswith(f'.{suffix}"')
    assert response["Cache-Control"] == "no-store, private"


def test_other_people_s_and_unanswered_consents_have_no_receipt(
    alice: Member, charlie: Member, signed_in: SignedIn
) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    for accept in ("text/html", "application/ld+json", "application/xml"):
        assert signed_in(charlie).get(RECEIPT, headers={"accept": accept}).status_code == 404
    assert signed_in(alice).get("/my/consents/general.sales_inquiry/receipt/").status_code == 404
    assert Client().get(RECEIPT)["Location"].startswith("/account/login/")
    assert signed_in(alice).post(RECEIPT).status_code == 405


def test_what_a_receipt_shows_is_on_the_member_s_own_log(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    client = signed_in(alice)
    for accept in ("text/html", "application/ld+json"):
        client.get(RECEIPT, headers={"accept": accept})
    entries = list(OwnAccessEntry.objects.order_by("id"))
    assert [entry.page for entry in entries] == ["consents:receipt", "consents:receipt"]
    assert all(set(entry.items) >= {"name", "email", "company_name"} for entry in entries)
    assert all(entry.person_id == alice.pk and not entry.in_full for entry in entries)
    assert not AccessEntry.objects.exists()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_page_tells_what_to_whom_why_how_long_when_and_how_to_withdraw(
    alice: Member, signed_in: SignedIn, language: str, settings: object
) -> None:
    consent = a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    client = signed_in(alice)
    client.cookies["django_language"] = language
    page = client.get("/my/consents/general.sales_inquiry/receipt/").content.decode()
    told = notice("general.sales_inquiry")
    for part in ("purpose", "retention", "refusal"):
        assert getattr(told, f"{part}_{language}") in page
    for said in (
        getattr(collection("general.sales_inquiry"), f"title_{language}"),
        settings.COMPANY_NAME,  # type: ignore[attr-defined]
        settings.COMPANY_ADDRESS,  # type: ignore[attr-defined]
        settings.COMPANY_PRIVACY_EMAIL,  # type: ignore[attr-defined]
        settings.COMPANY_PRIVACY_PHONE,  # type: ignore[attr-defined]
        str(alice.pk),
        str(consent.pk),
        told.digest,
        f"{settings.BASE_URL}/my/consents/general.sales_inquiry/",  # type: ignore[attr-defined]
    ):
        assert said in page
    assert "/policy/general.sales_inquiry/#version-1" in page
    assert 'id="version-1"' in client.get("/policy/general.sales_inquiry/").content.decode()


def test_the_page_says_where_the_consent_stands_today(alice: Member, signed_in: SignedIn) -> None:
    client = in_english(signed_in(alice))
    refused(alice)
    page = client.get(RECEIPT).content.decode()
    assert "You refused this consent on" in page
    assert "What you were asked" in page
    assert "format=kantara" not in page
    a_consent(alice, NEWSLETTER, without=("company_name",))
    page = client.get(RECEIPT).content.decode()
    assert "You gave this consent on" in page
    assert "format=kantara" in page
    changed_notice(NEWSLETTER)
    page = client.get(RECEIPT).content.decode()
    assert "What we tell you has changed since" in page
    assert "version 1" in page
    withdraw(Consent.objects.get(), language="ko", actor=acting(alice))
    assert "You withdrew this consent on" in client.get(RECEIPT).content.decode()


def test_a_consent_that_lapsed_is_told_as_such_even_before_the_job_has_run(alice: Member, signed_in: SignedIn) -> None:
    lapses_at = a_consent(alice, "general.sales_inquiry", company_name="하늘상사").lapses_at
    client = in_english(signed_in(alice))
    assert lapses_at is not None
    with pretending(lapses_at):
        page = client.get("/my/consents/general.sales_inquiry/receipt/").content.decode()
    assert "This consent ended by itself on" in page


def test_kantara_s_form_of_a_refusal_is_told_not_to_be_there(alice: Member, signed_in: SignedIn) -> None:
    refused(alice)
    client = in_english(signed_in(alice))
    response = client.get(RECEIPT, headers={"accept": "application/vnd.kantara.receipt+json"})
    assert response.status_code == 406
    assert "can only tell of a consent that was given" in response.content.decode()


def test_a_receipt_is_the_same_whoever_s_language_the_page_is_in(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    client = signed_in(alice)
    korean = client.get(f"{RECEIPT}?format=iso").content
    assert in_english(client).get(f"{RECEIPT}?format=iso").content == korean
    assert json.loads(korean)["consent_record"]["pii_processing"]["language"] == "ko"


def test_the_consent_s_page_leads_to_its_receipt(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    assert RECEIPT not in client.get(f"/my/consents/{NEWSLETTER}/").content.decode()
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    assert RECEIPT in client.get(f"/my/consents/{NEWSLETTER}/").content.decode()


def test_the_page_asks_the_database_the_same_however_long_the_record(alice: Member, signed_in: SignedIn) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    client = signed_in(alice)
    client.get(RECEIPT)
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            client.get(RECEIPT)
        counts.append(len(queries))
        withdraw(Consent.objects.get(), language="ko", actor=acting(alice))
        a_consent(alice, NEWSLETTER, company_name="하늘상사")
    assert counts[0] == counts[1] < 20


def test_the_public_keys_are_for_everybody_and_may_be_kept_for_a_while(db: None) -> None:
    response = Client().get("/.well-known/jwks.json")
    assert response["Cache-Control"] == "public, max-age=300"
    assert "Set-Cookie" not in response.headers
    assert not AccessEntry.objects.exists()
