"""What is typed and attached before a request is sent: kept sealed, shown again, taken back, destroyed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.cache import cache
from django.test import Client

from members.models import Member
from privacy_portal.clock import now, pretending
from requests import drafting
from requests.models import Document, Draft, MemberRequest
from tests.consents.test_giving import changed_notice
from tests.factories import a_business
from tests.requests.at_the_page import a_form, a_scan
from tests.requests.papers import pdf

SignedIn = Callable[[Member], Client]
CHANGE = "information_change_individual"
NEW = f"/my/requests/new/{CHANGE}/"
SEAL = "personal_seal_certificate"
FULL_NUMBER = "900101-1234568"


def open_draft() -> Draft:
    return Draft.objects.get(ended_at=None)


def attach(client: Client, member: Member, *, by_htmx: bool = True, **changed: Any) -> Any:
    form = a_form(CHANGE, member, step=f"attach:{SEAL}", **changed)
    headers = {"HX-Request": "true"} if by_htmx else {}
    return client.post(NEW, form | ({"slot": SEAL} if by_htmx else {}), headers=headers)


def test_what_was_typed_is_there_again_in_another_session(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(CHANGE, alice, step="save", asked_mobile_phone="010 12", file_personal_seal_certificate=None)
    assert signed_in(alice).post(NEW, form)["Location"] == "/my/requests/"
    client = signed_in(alice)
    page = client.get(NEW).content.decode()
    assert form["asked_address"] in page
    assert "010 12" in page  # wrong as it is
    assert f'id="id_agree_{SEAL}" checked' in page
    listed = client.get("/my/requests/").content.decode()
    assert NEW in listed
    assert not MemberRequest.objects.exists()


def test_it_is_kept_as_one_types(alice: Member, signed_in: SignedIn) -> None:
    form = a_form(CHANGE, alice, step="keep", file_personal_seal_certificate=None)
    response = signed_in(alice).post(NEW, form, headers={"HX-Request": "true"})
    assert response.status_code == 200
    assert "<html" not in response.content.decode()
    assert open_draft().values.open_unseen()["asked_name"] == "홍길순"


def test_nobody_else_sees_it(alice: Member, charlie: Member, signed_in: SignedIn) -> None:
    signed_in(alice).post(NEW, a_form(CHANGE, alice, step="save"))
    page = signed_in(charlie).get(NEW).content.decode()
    assert "홍길순" not in page
    assert "인감증명서.jpg" not in page


def test_a_file_is_kept_in_its_place_and_goes_with_the_request(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    part = attach(client, alice).content.decode()
    assert "인감증명서.jpg" in part
    assert "<html" not in part
    assert "인감증명서.jpg" in client.get(NEW).content.decode()
    client.post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=None))
    assert MemberRequest.objects.get().documents.get().name.open_unseen() == "인감증명서.jpg"


def test_without_script_a_file_is_attached_by_a_plain_post(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    assert attach(client, alice, by_htmx=False)["Location"] == NEW
    assert "인감증명서.jpg" in client.get(NEW).content.decode()


@pytest.mark.parametrize("by_htmx", [True, False])
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "비어"),
        (b"MZ this is a program", "PDF"),
        (pdf(FULL_NUMBER), "주민등록번호"),
    ],
    ids=["empty", "a program", "a full resident registration number"],
)
def test_a_file_that_is_not_taken_is_told_in_its_place_and_nothing_is_lost(
    alice: Member, signed_in: SignedIn, content: bytes, told: str, by_htmx: bool
) -> None:
    client = signed_in(alice)
    attach(client, alice)
    response = attach(client, alice, by_htmx=by_htmx, file_personal_seal_certificate=a_scan("bad.pdf", content))
    page = response.content.decode()
    error = page.split('class="error"')[1].split("</p>")[0]
    assert error
    assert "bad.pdf" not in page
    assert "인감증명서.jpg" in page
    assert open_draft().values.open_unseen()["asked_name"] == "홍길순"
    assert Document.objects.count() == 1


def test_a_file_needs_its_item_agreed_to_first(alice: Member, signed_in: SignedIn) -> None:
    part = attach(signed_in(alice), alice, agree_personal_seal_certificate=None).content.decode()
    assert 'class="error"' in part
    assert not Document.objects.exists()


def test_nobody_keeps_the_portal_busy_with_opening_files(alice: Member, signed_in: SignedIn, settings: Any) -> None:
    settings.ACCOUNT_RATE_LIMITS = {"attach_document": "2/h/ip"}
    cache.clear()
    client = signed_in(alice)
    assert [attach(client, alice).status_code for _attempt in range(3)] == [200, 200, 429]
    assert client.post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=None)).status_code == 302


def test_no_more_files_than_a_request_takes(alice: Member, signed_in: SignedIn, settings: Any) -> None:
    settings.DOCUMENTS_PER_REQUEST = 1
    client = signed_in(alice)
    attach(client, alice)
    assert 'class="error"' in attach(client, alice).content.decode()
    assert Document.objects.count() == 1


@pytest.mark.parametrize("by_htmx", [True, False])
def test_a_file_is_taken_back_and_destroyed(alice: Member, signed_in: SignedIn, by_htmx: bool) -> None:
    client = signed_in(alice)
    attach(client, alice)
    document = Document.objects.get()
    form = a_form(CHANGE, alice, step=f"remove:{document.pk}", file_personal_seal_certificate=None)
    client.post(NEW, form | ({"slot": SEAL} if by_htmx else {}), headers={"HX-Request": "true"} if by_htmx else {})
    document.data_key.refresh_from_db()
    assert document.data_key.is_destroyed
    assert "인감증명서.jpg" not in client.get(NEW).content.decode()
    client.post(NEW, a_form(CHANGE, alice, file_personal_seal_certificate=a_scan("새 서류.jpg")))
    assert MemberRequest.objects.get().documents.get().name.open_unseen() == "새 서류.jpg"


def test_nobody_takes_back_the_file_of_somebody_else(alice: Member, charlie: Member, signed_in: SignedIn) -> None:
    attach(signed_in(alice), alice)
    document = Document.objects.get()
    signed_in(charlie).post(NEW, a_form(CHANGE, charlie, step=f"remove:{document.pk}"))
    document.data_key.refresh_from_db()
    assert not document.data_key.is_destroyed


def test_what_was_begun_is_given_up_and_destroyed(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    attach(client, alice)
    client.post(NEW, a_form(CHANGE, alice, step="discard", file_personal_seal_certificate=None))
    assert Draft.objects.get().data_key.is_destroyed
    assert Document.objects.get().data_key.is_destroyed
    assert "홍길순" not in client.get(NEW).content.decode()


def test_ticks_are_not_kept_when_the_notice_changes(alice: Member, signed_in: SignedIn) -> None:
    """N6: a tick is an answer to the notice it was made on."""
    client = signed_in(alice)
    attach(client, alice)
    changed_notice("general.basic_information_change.individual")
    response = client.get(NEW)
    page = response.content.decode()
    assert response.context["form"].notice_changed
    assert f'id="id_agree_{SEAL}" checked' not in page
    assert "홍길순" in page


def test_a_draft_left_alone_is_gone(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    attach(client, alice)
    with pretending(now() + timedelta(days=15)):
        drafting.destroy_old.call()
    assert "홍길순" not in client.get(NEW).content.decode()


def test_each_kind_has_its_own_draft(signed_in: SignedIn, db: None) -> None:
    member = a_business()
    client = signed_in(member)
    client.post("/my/requests/new/access/", {"step": "save", "asked_details": "열람"})
    client.post("/my/requests/new/correction/", {"step": "save", "asked_details": "정정"})
    assert Draft.objects.filter(ended_at=None).count() == 2
    assert "정정" in client.get("/my/requests/new/correction/").context["form"].asked["asked_details"].value()


def test_what_is_kept_while_the_form_is_being_sent_leaves_no_draft_behind(
    alice: Member, signed_in: SignedIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    client, form = signed_in(alice), a_form("access", alice)

    def sent_meanwhile(*args: Any, **kwargs: Any) -> Draft:
        monkeypatch.undo()
        client.post("/my/requests/new/access/", form)
        return drafting.save(*args, **kwargs)

    monkeypatch.setattr("requests.views.filing.save_draft", sent_meanwhile)
    client.post("/my/requests/new/access/", form | {"step": "keep"}, headers={"HX-Request": "true"})
    assert MemberRequest.objects.count() == 1
    assert not Draft.objects.filter(ended_at=None).exists()
