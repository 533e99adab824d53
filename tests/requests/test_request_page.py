"""The member's list of requests and the page of one: what it shows, and every step that can be taken there."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils.timezone import localdate

from consents.models import Consent
from members.models import Member
from privacy_portal.audit.models import OwnAccessEntry
from privacy_portal.clock import now, pretending
from privacy_portal.retention.models import RetentionRule
from requests import workflow
from requests.models import MemberRequest, State
from tests.factories import a_consent, a_request, acting, fresh, staff_acting, the_agent
from tests.requests.at_the_page import a_scan

SignedIn = Callable[[Member], Client]
CHANGE = "information_change_individual"


def page_of(member_request: MemberRequest, step: str = "") -> str:
    return f"/my/requests/{member_request.reference}/{step}"


@pytest.mark.parametrize("language", ["ko", "en"])
@pytest.mark.parametrize("state", [state for state in State.values if state != "to_confirm"])
def test_the_page_opens_in_every_state_and_both_languages(
    alice: Member, signed_in: SignedIn, state: str, language: str
) -> None:
    member_request = a_request("access", alice, state=state)
    client = signed_in(alice)
    client.cookies["django_language"] = language
    for path in ("/my/requests/", page_of(member_request), page_of(member_request, "filed/")):
        response = client.get(path)
        assert response.status_code == 200
        assert response["Content-Language"] == language


def test_with_no_requests_the_list_says_what_it_is_for(alice: Member, signed_in: SignedIn) -> None:
    response = signed_in(alice).get("/my/requests/")
    assert response.context["entries"] == []
    assert "/my/requests/new/" in response.content.decode()


def test_what_waits_for_the_member_comes_first_and_is_counted_in_the_navigation(
    alice: Member, signed_in: SignedIn
) -> None:
    waiting = a_request(CHANGE, alice, state="waiting")
    a_request("access", alice)
    client = signed_in(alice)
    response = client.get("/my/requests/")
    assert [entry.member_request.kind for entry in response.context["entries"]] == [CHANGE, "access"]
    home = client.get("/my/").content.decode()
    assert '<span class="badge">1<' in home
    assert page_of(waiting) in home
    workflow.answer(waiting, "여기 있습니다.", actor=acting(alice))
    home = client.get("/my/").content.decode()
    assert "badge" not in home
    assert page_of(waiting) not in home


def test_days_left_are_told_and_lateness_kindly(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("access", alice)
    client = signed_in(alice)
    client.cookies["django_language"] = "en"
    left = member_request.days_left()
    assert f"{left} days left" in client.get("/my/requests/").content.decode()
    with pretending(now() + timedelta(days=left)):  # type: ignore[arg-type]
        assert "Due today" in client.get("/my/requests/").content.decode()
    with pretending(now() + timedelta(days=left + 3)):  # type: ignore[operator]
        assert "3 days late" in client.get("/my/requests/").content.decode()
        assert "we are sorry" in client.get(page_of(member_request)).content.decode()


def test_the_list_has_pages_and_a_constant_number_of_queries(alice: Member, signed_in: SignedIn) -> None:
    client = signed_in(alice)
    client.get("/my/requests/")  # the first page of a session notes where it was begun
    counts = []
    for more in (1, 24):
        for _number in range(more):
            a_request("general_inquiry", alice)
        with CaptureQueriesContext(
            connection,
        ) as queries:
            response = client.get("/my/requests/")
        counts.append(len(queries))
    assert counts[0] == counts[1]
    assert len(response.context["entries"]) == 20
    assert len(client.get("/my/requests/?page=2").context["entries"]) == 5
    assert client.get("/my/requests/?page=nonsense").status_code == 200


@pytest.mark.parametrize("step", ["", "filed/", "cancel/", "object/", "send/", "package/"])
def test_the_requests_of_other_people_are_no_page(
    alice: Member, charlie: Member, signed_in: SignedIn, step: str
) -> None:
    member_request = a_request("access", alice, state="refused" if step == "object/" else "received")
    client = signed_in(charlie)
    assert client.get(page_of(member_request, step)).status_code == 404
    assert client.post(page_of(member_request, step)).status_code in (404, 405)
    assert member_request.reference not in client.get("/my/requests/").content.decode()


def test_documents_of_other_people_are_no_page(alice: Member, charlie: Member, signed_in: SignedIn) -> None:
    hers, other = a_request(CHANGE, alice), a_request(CHANGE, charlie)
    document = hers.documents.get()
    assert signed_in(charlie).get(page_of(hers, f"documents/{document.pk}/")).status_code == 404
    assert signed_in(charlie).get(page_of(other, f"documents/{document.pk}/")).status_code == 404


def test_values_are_masked_until_asked_for_and_no_address_shows_one(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice)
    client = signed_in(alice)
    page = client.get(page_of(member_request)).content.decode()
    assert "홍*순" in page
    assert "홍길순" not in page
    assert "홍길순" not in client.get(page_of(member_request) + "?show=asked.name").content.decode()
    page = client.post(page_of(member_request), {"show": "asked.name"}).content.decode()
    assert "홍길순" in page
    assert "세종대로 209" not in page


def test_an_approved_change_shows_old_and_new(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="approved")
    page = signed_in(alice).post(page_of(member_request), {"show": "asked.name"}).content.decode()
    assert "<del>김하늘</del> <ins>홍길순</ins>" in page


def test_a_document_is_sent_to_be_saved_and_the_opening_is_on_record(alice: Member, signed_in: SignedIn) -> None:
    """D5."""
    member_request = a_request(CHANGE, alice)
    document = member_request.documents.get()
    response: Any = signed_in(alice).get(page_of(member_request, f"documents/{document.pk}/"))
    assert b"".join(response.streaming_content).startswith(b"%PDF")
    assert response["Content-Disposition"].startswith("attachment")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert response["Content-Type"] == "application/pdf"
    assert response["Content-Security-Policy"] == "default-src 'none'; sandbox; frame-ancestors 'none'"
    assert "no-store" in response["Cache-Control"]
    entry = OwnAccessEntry.objects.latest("id")
    assert (entry.person_id, entry.page) == (alice.pk, "requests:document")


def test_a_question_is_answered_with_a_document(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="waiting")
    client = signed_in(alice)
    page = client.get(page_of(member_request)).content.decode()
    assert "서류를 한 번 더 보내 주세요." in page
    form = {"text": "다시 보냅니다.", "file_personal_seal_certificate": a_scan()}
    assert client.post(page_of(member_request, "send/"), form)["Location"] == page_of(member_request)
    assert fresh(member_request).state == State.IN_REVIEW
    assert member_request.documents.count() == 2
    assert "다시 보냅니다." in client.get(page_of(member_request)).content.decode()


def test_an_answer_with_a_bad_file_is_not_sent_and_its_words_stay(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="waiting")
    form = {"text": "다시 보냅니다.", "file_personal_seal_certificate": a_scan("x.pdf", b"MZ")}
    response = signed_in(alice).post(page_of(member_request, "send/"), form)
    page = response.content.decode()
    assert "다시 보냅니다.</textarea>" in page
    assert 'id="file_personal_seal_certificate-error"' in page
    assert fresh(member_request).state == State.WAITING


def test_an_empty_answer_is_told(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="waiting")
    page = signed_in(alice).post(page_of(member_request, "send/"), {"text": " "}).content.decode()
    assert 'id="text-error"' in page


def test_a_message_and_a_document_are_added_while_it_is_looked_at(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="in_review")
    client = signed_in(alice)
    client.post(page_of(member_request, "send/"), {"text": "하나 더 있습니다."})
    client.post(page_of(member_request, "send/"), {"file_personal_seal_certificate": a_scan()})
    assert [message.text.open_unseen() for message in member_request.messages.all()] == ["하나 더 있습니다."]
    assert member_request.documents.count() == 2


def test_a_document_with_a_message_that_is_too_long_is_not_sent_by_half(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="in_review")
    form = {"text": "x" * 5001, "file_personal_seal_certificate": a_scan()}
    page = signed_in(alice).post(page_of(member_request, "send/"), form).content.decode()
    assert 'id="text-error"' in page
    assert member_request.documents.count() == 1
    assert not member_request.messages.exists()


def test_what_the_desk_writes_is_read_on_the_page(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("general_inquiry", alice, state="in_review")
    workflow.write(member_request, "살펴보고 있습니다.", actor=staff_acting(the_agent(), "website"))
    page = signed_in(alice).get(page_of(member_request)).content.decode()
    assert "살펴보고 있습니다." in page
    assert "desk.agent@cloud.example" not in page


def test_cancelling_says_beforehand_what_is_destroyed_and_destroys_it(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice)
    client = signed_in(alice)
    before = client.get(page_of(member_request, "cancel/"))
    assert "서류.pdf" in before.content.decode()
    assert before.context["ends_consent"]
    assert fresh(member_request).state == State.RECEIVED  # a GET does nothing
    document = member_request.documents.get()
    for _twice in range(2):
        assert client.post(page_of(member_request, "cancel/"))["Location"] == page_of(member_request)
    assert fresh(member_request).state == State.CANCELLED
    assert member_request.events.filter(kind="cancelled").count() == 1
    document.data_key.refresh_from_db()
    assert document.data_key.is_destroyed
    assert Consent.objects.get(member=alice).state == "withdrawn"
    page = client.post(page_of(member_request), {"show": "all"}).content.decode()
    assert "홍길순" not in page
    assert "서류.pdf" not in page


def test_what_is_decided_is_not_cancelled(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("general_inquiry", alice, state="approved")
    client = signed_in(alice)
    assert client.get(page_of(member_request, "cancel/"))["Location"] == page_of(member_request)
    client.post(page_of(member_request, "cancel/"))
    assert fresh(member_request).state == State.APPROVED


def test_the_page_of_the_consent_says_that_withdrawing_cancels_the_request(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice)
    client = signed_in(alice)
    path = "/my/consents/general.basic_information_change.individual/"
    assert member_request.reference in client.get(path).content.decode()
    client.post(path + "withdraw/")
    assert fresh(member_request).state == State.CANCELLED
    assert not member_request.documents.filter(data_key__wrapped_key__isnull=False).exists()


def test_a_refusal_tells_ground_reason_and_how_to_object(alice: Member, signed_in: SignedIn) -> None:
    """Q4, Q14."""
    member_request = a_request("access", alice, state="refused")
    page = signed_in(alice).get(page_of(member_request)).content.decode()
    assert "살펴본 결과를 알려 드립니다." in page
    assert page_of(member_request, "object/") in page


def test_an_objection_is_filed_from_the_page_of_what_was_refused(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("access", alice, state="refused")
    client = signed_in(alice)
    path = page_of(member_request, "object/")
    told = client.post(path, {"asked_details": ""}).context["form"]
    assert told.asked.has_error("asked_details", "required")
    form = {
        "asked_details": "다시 보아 주세요.",
        "submission": str(told.submission),
        "file_evidence": a_scan("근거.jpg"),
    }
    response = client.post(path, form)
    objection = MemberRequest.objects.get(kind="objection")
    assert response["Location"] == page_of(objection)
    assert (objection.member, objection.objects_to) == (alice, member_request)
    assert member_request.decided_by in objection.not_decided_by
    assert objection.documents.get().item == "evidence"
    assert objection.reference in client.get(page_of(member_request)).content.decode()
    assert client.get(path)["Location"] == page_of(member_request)  # no second one


def test_after_the_time_to_object_the_page_says_so(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("access", alice, state="refused")
    client = signed_in(alice)
    with pretending(now() + timedelta(days=91)):
        page = client.get(page_of(member_request)).content.decode()
        assert page_of(member_request, "object/") not in page
        assert client.get(page_of(member_request, "object/"))["Location"] == page_of(member_request)


def test_what_was_prepared_for_access_is_downloaded_until_its_last_day(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("access", alice, state="approved")
    client = signed_in(alice)
    path = page_of(member_request, "package/")
    assert client.get(path)["Location"] == page_of(member_request)  # a GET does nothing
    assert not member_request.events.filter(kind="downloaded").exists()
    response: Any = client.post(path)
    content = io.BytesIO(b"".join(response.streaming_content))
    assert zipfile.ZipFile(content).namelist()
    assert response["Content-Disposition"] == f'attachment; filename="{member_request.reference}.zip"'
    assert member_request.events.filter(kind="downloaded").count() == 1
    with pretending(now() + timedelta(days=15)):
        assert client.post(path)["Location"] == page_of(member_request)
        assert not client.get(page_of(member_request)).context["package_is_there"]


def test_a_decision_that_waits_for_a_second_person_is_not_told(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("deletion", alice, state="to_confirm")
    response = signed_in(alice).get(page_of(member_request))
    assert not response.context["shows_decision"]
    assert "살펴본 결과를 알려 드립니다." not in response.content.decode()


def test_only_what_concerns_the_member_is_told_of_what_happened(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("deletion", alice, state="approved")
    told = [one.event.kind for one in signed_in(alice).get(page_of(member_request)).context["happenings"]]
    assert told[-1] == "received"
    assert {"assigned", "handed_over", "sent_back"}.isdisjoint(told)
    assert "taken" in told


def test_of_a_partly_approved_request_both_parts_are_told(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request("access", alice, state="partly_approved")
    outcome = signed_in(alice).get(page_of(member_request)).context["outcome"]
    assert (len(outcome.granted), len(outcome.left_out)) == (1, 1)
    page = signed_in(alice).get(page_of(member_request)).content.decode()
    assert outcome.granted[0] in page
    assert outcome.left_out[0] in page


def test_the_amount_to_be_refunded_is_told(alice: Member, signed_in: SignedIn) -> None:
    page = signed_in(alice).get(page_of(a_request("duplicate_payment", alice, state="approved"))).content.decode()
    assert "33,000" in page


def test_what_law_keeps_after_a_deletion_is_told(alice: Member, signed_in: SignedIn) -> None:
    """Q7."""
    code = "general.one_time_payment.bank_transfer"
    a_consent(alice, code, bank_name="한빛은행", account_number="110-234-567890")
    member_request = a_request("deletion", alice, state="approved", asked={"held": [code]})
    page = signed_in(alice).get(page_of(member_request))
    assert page.context["outcome"].kept == ["payment_records"]
    assert str(RetentionRule.objects.in_force(localdate(now())).get(code="payment_records")) in page.content.decode()


def test_the_page_takes_no_more_queries_for_more_messages_and_documents(alice: Member, signed_in: SignedIn) -> None:
    member_request = a_request(CHANGE, alice, state="in_review")
    client = signed_in(alice)
    client.get(page_of(member_request))  # what is cached for good is cached from here on
    counts = []
    for more in (1, 4):
        for number in range(more):
            workflow.write(member_request, f"{number}", actor=acting(alice))
        if more > 1:
            scans = [a_scan(f"{number}.jpg") for number in range(3)]
            client.post(page_of(member_request, "send/"), {"file_personal_seal_certificate": scans})
            assert member_request.documents.count() == 4
        with CaptureQueriesContext(connection) as queries:
            client.get(page_of(member_request))
        counts.append(len(queries))
    assert counts[0] == counts[1]
