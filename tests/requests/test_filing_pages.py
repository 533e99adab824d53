"""Filing a request on the member's pages."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.db import connections
from django.test import Client

from consents.models import Consent
from members.models import Member
from privacy_portal.errors import PortalError
from requests import documents, kinds
from requests.models import Document, Draft, MemberRequest
from tests.consents.test_giving import changed_notice
from tests.factories import a_business, a_member, a_request
from tests.requests.at_the_page import a_form, a_scan

SignedIn = Callable[[Member], Client]
CHANGE = "information_change_individual"
NEW = f"/my/requests/new/{CHANGE}/"
MY_KINDS = [code for code in kinds.kinds() if code != "objection"]


def asks(kind_code: str) -> Member:
    return a_business() if kind_code == "information_change_business" else a_member()


@pytest.mark.django_db
@pytest.mark.parametrize("kind_code", MY_KINDS)
def test_each_kind_is_filed_on_its_page(kind_code: str, signed_in: SignedIn) -> None:
    member, kind = asks(kind_code), kinds.kind(kind_code)
    client = signed_in(member)
    response = client.post(f"/my/requests/new/{kind_code}/", a_form(kind_code, member))
    member_request = MemberRequest.objects.get(kind=kind_code)
    assert response["Location"] == f"/my/requests/{member_request.reference}/filed/"
    assert (member_request.consent is not None) == (kind.collection is not None)
    assert member_request.documents.count() == len(kind.required_documents) + len(kind.one_of_documents[:1])
    page = client.get(response["Location"]).content.decode()
    assert member_request.reference in page


@pytest.mark.parametrize("language", ["ko", "en"])
def test_what_can_be_asked_is_explained_before_it_is_begun(alice: Member, signed_in: SignedIn, language: str) -> None:
    client = signed_in(alice)
    client.cookies["django_language"] = language
    page = client.get("/my/requests/new/").content.decode()
    for kind in kinds.kinds_for(alice.kind):
        if kind.effect != "reopen":
            assert kind.bring.in_language(language) in page
            assert f"/my/requests/new/{kind.code}/" in page
    assert "/my/requests/new/information_change_business/" not in page
    assert "/my/requests/new/objection/" not in page


def test_a_kind_that_is_open_already_is_not_offered_but_linked(alice: Member, signed_in: SignedIn) -> None:
    there = a_request(CHANGE, alice)
    client = signed_in(alice)
    page = client.get("/my/requests/new/").content.decode()
    assert NEW not in page
    assert f"/my/requests/{there.reference}/" in page
    assert client.get(NEW)["Location"] == f"/my/requests/{there.reference}/"
    assert client.post(NEW, a_form(CHANGE, alice))["Location"] == f"/my/requests/{there.reference}/"


@pytest.mark.parametrize("kind_code", ["information_change_business", "objection", "nothing"])
def test_what_this_member_cannot_ask_for_is_no_page(alice: Member, signed_in: SignedIn, kind_code: str) -> None:
    assert signed_in(alice).get(f"/my/requests/new/{kind_code}/").status_code == 404


@pytest.mark.parametrize("kind_code", MY_KINDS)
def test_nothing_is_ticked_beforehand(kind_code: str, db: None, signed_in: SignedIn) -> None:
    """N6. That one asks for oneself is no consent."""
    page = signed_in(asks(kind_code)).get(f"/my/requests/new/{kind_code}/").content.decode()
    assert page.count("checked") == page.count('name="for_whom" value="" id="id_for_whom_0" checked')


def test_the_notice_is_shown_as_on_the_page_of_the_consent(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    consent_page = client.get("/my/consents/general.basic_information_change.individual/").content.decode()
    form = client.get(NEW).content.decode()
    begin, end = '<dl class="notice">', "</dl>"
    assert form.split(begin)[1].split(end)[0] == consent_page.split(begin)[1].split(end)[0]


def test_bad_input_is_told_beside_it_and_nothing_typed_or_attached_is_lost(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    response = client.post(
        NEW, a_form(CHANGE, alice, asked_mobile_phone="010 12", asked_address="부산광역시 해운대구 센텀로 1")
    )
    form = response.context["form"]
    assert form.asked.has_error("asked_mobile_phone", "phone_invalid")
    page = response.content.decode()
    assert "부산광역시 해운대구 센텀로 1" in page
    assert "010 12" in page
    assert "인감증명서.jpg" in page
    assert not MemberRequest.objects.exists()
    # Mended, the file need not be chosen again.
    response = client.post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=None))
    assert response.status_code == 302
    assert MemberRequest.objects.get().documents.get().item == "personal_seal_certificate"


def test_everything_that_is_wrong_is_told_at_once(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(
        CHANGE,
        alice,
        asked_mobile_phone="12",
        agree_personal_seal_certificate=None,
        for_whom="authorised",
        agent_name="",
        file_personal_seal_certificate=None,
    )
    told = signed_in(alice).post(NEW, form).context["form"]
    assert told.asked.has_error("asked_mobile_phone")
    assert told.consent.has_error("agree_personal_seal_certificate", "item_required")
    assert told.agent.has_error("agent_name", "value_missing")


def test_a_missing_document_is_told_in_its_place(alice: Member, signed_in: SignedIn) -> None:
    response = signed_in(alice).post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=None))
    assert response.context["form"].slots["personal_seal_certificate"].error
    assert not MemberRequest.objects.exists()


def test_asking_for_no_change_at_all_is_told(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(CHANGE, alice, asked_name="", asked_address="")
    response = signed_in(alice).post(NEW, form)
    assert [error.code for error in response.context["form"].asked.errors.as_data()["__all__"]] == ["nothing_to_change"]


def test_the_same_form_sent_twice_is_one_request(alice: Member, signed_in: SignedIn) -> None:
    client, form = signed_in(alice), a_form("general_inquiry", alice)
    first = client.post("/my/requests/new/general_inquiry/", form)
    assert client.post("/my/requests/new/general_inquiry/", form)["Location"] == first["Location"]
    assert MemberRequest.objects.count() == 1
    assert not Draft.objects.filter(ended_at=None).exists()


@pytest.mark.django_db(transaction=True)
def test_a_double_click_at_the_same_moment_is_one_request(signed_in: SignedIn) -> None:
    member = a_member()
    form = a_form("access", member)

    def click(client: Client) -> str:
        try:
            return client.post("/my/requests/new/access/", form)["Location"]
        finally:
            connections.close_all()

    with ThreadPoolExecutor(2) as pool:
        ends = set(pool.map(click, [signed_in(member), signed_in(member)]))
    assert ends == {f"/my/requests/{MemberRequest.objects.get().reference}/filed/"}
    assert not Draft.objects.filter(ended_at=None).exists()


def test_a_notice_replaced_meanwhile_is_told_and_what_was_typed_stays(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(CHANGE, alice)
    changed_notice("general.basic_information_change.individual")
    response = signed_in(alice).post(NEW, form)
    told = response.context["form"]
    assert told.consent.has_error("notice")
    page = response.content.decode()
    assert form["asked_address"] in page
    assert "인감증명서.jpg" in page
    assert 'name="agree_personal_seal_certificate" id="id_agree_personal_seal_certificate" checked' not in page
    assert not MemberRequest.objects.exists()
    assert not Consent.objects.filter(member=alice).exists()


def test_an_agent_asks_for_the_member_with_the_form_of_authority(alice: Member, signed_in: SignedIn) -> None:
    """Q12."""
    agent = {"for_whom": "authorised", "agent_name": "박대리", "agent_contact": "agent@example.org"}
    client = signed_in(alice)
    without = client.post(NEW, a_form(CHANGE, alice, **agent))
    assert without.context["form"].slots["authority_form"].error
    form = a_form(CHANGE, alice, **agent, file_personal_seal_certificate=None, file_authority_form=a_scan("위임장.jpg"))
    assert client.post(NEW, form).status_code == 302
    member_request = MemberRequest.objects.get()
    assert member_request.representative.open_unseen()["name"] == "박대리"
    assert set(Document.objects.filter(member_request=member_request).values_list("item", flat=True)) == {
        "authority_form",
        "personal_seal_certificate",
    }
    page = client.get(f"/my/requests/{member_request.reference}/").content.decode()
    assert "박대리" not in page
    assert "agent@example.org" not in page
    assert "위임장.jpg" in page


def test_one_business_document_of_two_is_enough(signed_in: SignedIn, business: Member) -> None:
    kind_code = "information_change_business"
    form = a_form(
        kind_code,
        business,
        agree_business_seal_certificate=None,
        file_business_seal_certificate=None,
        agree_proof_of_employment="on",
        file_proof_of_employment=a_scan("재직증명서.jpg"),
    )
    assert signed_in(business).post(f"/my/requests/new/{kind_code}/", form).status_code == 302
    assert MemberRequest.objects.get().documents.get().item == "proof_of_employment"


def test_with_no_consent_given_there_is_nothing_to_delete_and_the_page_says_so(
    alice: Member, signed_in: SignedIn
) -> None:
    response = signed_in(alice).get("/my/requests/new/deletion/")
    assert response.context["form"].asked.nothing_to_choose


def test_pages_of_requests_ask_strangers_to_sign_in(db: None, client: Client) -> None:
    for path in ("/my/requests/", "/my/requests/new/", NEW, "/my/requests/R-2026-000001/"):
        assert client.get(path)["Location"].startswith("/account/login/")


def test_whoever_asks_for_oneself_after_all_sends_no_form_of_authority(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(CHANGE, alice, file_authority_form=a_scan("위임장.jpg"))
    assert signed_in(alice).post(NEW, form).status_code == 302
    assert MemberRequest.objects.get().documents.get().item == "personal_seal_certificate"


def test_a_store_that_fails_while_filing_loses_nothing(
    alice: Member, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The files were read already when the last of them could not be kept."""
    sealed: list[int] = []
    seal = documents._seal

    def fails_at_the_second(*args: Any, **kwargs: Any) -> Document:
        sealed.append(1)
        if len(sealed) == 2:
            raise PortalError("files_unavailable", "try again")
        return seal(*args, **kwargs)

    monkeypatch.setattr(documents, "_seal", fails_at_the_second)
    scans = [a_scan("하나.jpg"), a_scan("둘.jpg")]
    response = signed_in(alice).post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=scans))
    assert "try again" in response.content.decode()
    assert not MemberRequest.objects.exists()
    kept = Document.objects.order_by("added_at")
    assert [document.name.open_unseen() for document in kept] == ["하나.jpg", "둘.jpg"]
    for document in kept:
        with document.file.open_unseen() as file:
            assert len(file.read()) == document.size
