"""Documents in the admin: saved, looked at page by page, each time on record, kept by no browser."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO

import pytest
from django.test import Client
from django.urls import reverse
from PIL import Image

from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry
from privacy_portal.vault.destruction import destroy_key
from requests import drafting, kinds
from requests.documents import attach_to_draft
from requests.models import Document, MemberRequest
from tests.factories import SYSTEM, a_file, a_request, acting
from tests.in_admin import list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]


def a_picture() -> bytes:
    file = BytesIO()
    Image.new("RGB", (60, 40), "white").save(file, "PNG")
    return file.getvalue()


@pytest.fixture
def document(alice: Member) -> Document:
    return a_request(
        "correction", alice, documents=[a_file("evidence", a_picture(), "증빙 김하늘.png")]
    ).documents.get()


def url(document: Document, *page: int) -> str:
    name = "preview" if page else "document"
    return reverse(f"admin:requests_memberrequest_{name}", args=[document.member_request_id, document.pk, *page])


def test_a_document_is_sent_as_a_file_that_runs_nothing_and_stays_nowhere(
    document: Document, officer: Account, signed_in: SignIn
) -> None:
    response = signed_in(officer).get(url(document))
    assert b"".join(response.streaming_content) == a_picture()  # type: ignore[attr-defined]
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert "no-store" in response["Cache-Control"]


def test_a_page_is_shown_as_a_picture(document: Document, officer: Account, signed_in: SignIn) -> None:
    response = signed_in(officer).get(url(document, 1))
    picture = b"".join(response.streaming_content)  # type: ignore[attr-defined]
    assert picture.startswith(b"\x89PNG")
    assert response["Content-Type"] == "image/png"
    assert "no-store" in response["Cache-Control"]
    assert url(document, 1) in opened(signed_in(officer), page_of(document.member_request))


@pytest.mark.parametrize("page", [(), (1,)], ids=["saved", "looked at"])
def test_each_opening_is_on_record(
    page: tuple[int, ...], document: Document, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    response = signed_in(officer).get(url(document, *page))
    b"".join(response.streaming_content)  # type: ignore[attr-defined]
    entry = AccessEntry.objects.latest("id")
    assert (entry.what, entry.people, entry.account_id) == ("document", [alice.pk], officer.pk)
    assert entry.request_reference == document.member_request.reference  # type: ignore[union-attr]
    assert "evidence" in entry.items


@pytest.mark.parametrize("page", [0, 2, 99])
def test_a_page_that_is_not_there_is_not_found(
    page: int, document: Document, officer: Account, signed_in: SignIn
) -> None:
    assert signed_in(officer).get(url(document, page)).status_code == 404


def test_a_destroyed_document_says_so_and_is_not_opened(
    document: Document, officer: Account, signed_in: SignIn
) -> None:
    destroy_key(document.data_key_id, because="request.cancelled", actor=SYSTEM)
    client = signed_in(officer)
    assert client.get(url(document)).status_code == client.get(url(document, 1)).status_code == 404
    assert url(document) not in opened(client, page_of(document.member_request))
    opened(client, page_of(document))
    opened(client, page_of(document, "history"))


def test_an_auditor_sees_that_there_is_a_document_and_does_not_open_it(
    document: Document, auditor: Account, signed_in: SignIn
) -> None:
    client = signed_in(auditor)
    text = opened(client, page_of(document.member_request))
    assert url(document) not in text
    assert client.get(url(document)).status_code == client.get(url(document, 1)).status_code == 403


def test_pages_of_documents_and_events_cost_the_same_for_many(
    document: Document, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    lists = [list_of("requests_document"), list_of("requests_requestevent")]
    few = [queries(client, address) for address in lists]
    for _number in range(5):
        a_request("infringement_report", alice)
    assert [queries(client, address) for address in lists] == few
    assert MemberRequest.objects.count() == 6


def test_a_draft_is_the_members_own(alice: Member, officer: Account, signed_in: SignIn) -> None:
    draft = drafting.save(alice, kinds.kind("correction"), {}, actor=acting(alice))
    attached = attach_to_draft(draft, a_file("evidence", a_picture()), actor=acting(alice))
    client = signed_in(officer)
    assert attached not in client.get("/admin/requests/document/").context["cl"].result_list
    assert client.get(page_of(attached, "history")).status_code == 404
