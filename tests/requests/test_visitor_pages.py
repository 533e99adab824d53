"""Asking without an account, and following the request by the mailed link."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client

from consents.models import Consent
from members.models import Member
from privacy_portal.clock import now, pretending
from requests import kinds, links
from requests.models import MemberRequest, State
from tests.factories import a_request, fresh
from tests.requests.at_the_page import a_form, a_scan

pytestmark = pytest.mark.django_db
VISITOR_KINDS = ["infringement_report", "general_inquiry", "sales_inquiry"]
INQUIRY = "/requests/new/general_inquiry/"


def followed(member_request: MemberRequest, step: str = "") -> str:
    return f"/requests/follow/{links.sign(member_request)}/{step}"


@pytest.mark.parametrize("kind_code", VISITOR_KINDS)
def test_a_visitor_files_and_is_mailed_a_link_that_opens_the_request(
    client: Client, kind_code: str, django_capture_on_commit_callbacks: Any
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        response = client.post(f"/requests/new/{kind_code}/", a_form(kind_code, None))
    assert response["Location"] == "/requests/filed/"
    member_request = MemberRequest.objects.get()
    assert member_request.member.kind == Member.Kind.VISITOR
    assert member_request.reference in client.get("/requests/filed/").content.decode()
    assert mail.outbox[-1].to == ["visitor@example.com"]
    link = re.search(r"https?://[^/]+(/requests/follow/\S+)", str(mail.outbox[-1].body))
    assert link
    page = Client().get(link[1])
    assert page.status_code == 200
    assert member_request.reference in page.content.decode()
    assert page["Cache-Control"] == "no-store, private"


def test_only_what_visitors_may_ask_for_is_offered(client: Client) -> None:
    page = client.get("/requests/new/").content.decode()
    for kind in kinds.kinds().values():
        assert (f"/requests/new/{kind.code}/" in page) == (kind.code in VISITOR_KINDS)
    assert client.get("/requests/new/access/").status_code == 404
    assert client.get("/requests/new/objection/").status_code == 404


def test_bad_input_is_told_and_what_was_typed_stays(client: Client) -> None:
    form = a_form("infringement_report", None, value_email="not an address")
    response = client.post("/requests/new/infringement_report/", form)
    told = response.context["form"]
    assert told.consent.has_error("value_email", "email_invalid")
    assert form["asked_details"] in response.content.decode()
    assert told.slots["masked_id_copy"].error  # to be chosen again
    assert not MemberRequest.objects.exists()
    assert not Member.objects.exists()


def test_a_file_that_is_not_taken_is_told_in_its_place(client: Client) -> None:
    form = a_form("infringement_report", None, file_masked_id_copy=a_scan("x.pdf", b"MZ"))
    told = client.post("/requests/new/infringement_report/", form).context["form"]
    assert told.slots["masked_id_copy"].error
    assert not MemberRequest.objects.exists()


def test_the_same_form_sent_twice_is_one_request(client: Client) -> None:
    form = a_form("general_inquiry", None)
    for _twice in range(2):
        assert client.post(INQUIRY, form)["Location"] == "/requests/filed/"
    assert MemberRequest.objects.count() == 1


def test_opening_the_link_changes_nothing(client: Client) -> None:
    member_request = a_request("general_inquiry", None, state="waiting")
    before = (fresh(member_request).version, member_request.events.count())
    for step in ("", "cancel/", "send/", "package/"):
        assert client.get(followed(member_request, step)).status_code in (200, 302)
    assert (fresh(member_request).version, member_request.events.count()) == before
    assert fresh(member_request).state == State.WAITING


def test_a_visitor_answers_and_cancels_by_the_link(client: Client) -> None:
    member_request = a_request("infringement_report", None, state="waiting")
    form = {"text": "다시 보냅니다.", "file_masked_id_copy": a_scan()}
    assert client.post(followed(member_request, "send/"), form).status_code == 302
    assert fresh(member_request).state == State.IN_REVIEW
    assert member_request.documents.count() == 2
    client.post(followed(member_request, "cancel/"))
    assert fresh(member_request).state == State.CANCELLED
    assert not member_request.documents.filter(data_key__wrapped_key__isnull=False).exists()


def test_a_visitor_objects_by_the_link(client: Client) -> None:
    member_request = a_request("general_inquiry", None, state="refused")
    response = client.post(followed(member_request, "object/"), {"asked_details": "다시 보아 주세요."})
    objection = MemberRequest.objects.get(kind="objection")
    assert (objection.member, objection.objects_to) == (member_request.member, member_request)
    assert objection.reference in client.get(response["Location"]).content.decode()


def test_a_visitor_withdraws_the_consent_after_the_decision_too(client: Client) -> None:
    """W6: there is no page of consents without an account."""
    member_request = a_request("infringement_report", None, state="refused")
    page = followed(member_request)
    path = f"{page}withdraw/"
    assert path in client.get(page).content.decode()
    assert client.get(path).status_code == 302  # a GET does nothing
    assert Consent.objects.get(member=member_request.member).state == "given"
    client.post(path)
    assert Consent.objects.get(member=member_request.member).state == "withdrawn"
    assert not member_request.documents.filter(data_key__wrapped_key__isnull=False).exists()
    assert path not in client.get(page).content.decode()


def test_values_are_masked_on_the_followed_page_too(client: Client) -> None:
    member_request = a_request("general_inquiry", None)
    page = client.get(followed(member_request)).content.decode()
    assert "visitor@example.com" not in page
    page = client.post(followed(member_request), {"show": "given.email"}).content.decode()
    assert "visitor@example.com" in page


@pytest.mark.parametrize("step", ["", "send/", "cancel/", "object/"])
def test_an_expired_link_opens_nothing_and_says_how_to_get_a_new_one(client: Client, step: str) -> None:
    member_request = a_request("general_inquiry", None)
    path = followed(member_request, step)
    with pretending(now() + timedelta(days=31)):
        for response in (client.get(path), client.post(path, {"text": "x"})):
            assert response.status_code == 410
            assert "/requests/follow/" in response.content.decode()
            assert member_request.reference not in response.content.decode()
    assert fresh(member_request).state == State.RECEIVED


def test_a_link_that_was_changed_opens_nothing(client: Client) -> None:
    path = followed(a_request("general_inquiry", None))
    assert client.get(path[:-3] + "x/").status_code == 410


def test_the_link_of_a_member_opens_nothing(client: Client, alice: Member) -> None:
    """What a member asked for is behind sign-in."""
    assert client.get(followed(a_request("general_inquiry", alice))).status_code == 410


def test_a_new_link_goes_to_the_address_given_and_the_answer_never_tells(
    client: Client, alice: Member, django_capture_on_commit_callbacks: Any
) -> None:
    ours, members = a_request("general_inquiry", None), a_request("general_inquiry", alice)
    answers = set()
    for reference, email in (
        (ours.reference, " Visitor@Example.com"),
        (ours.reference, "somebody@example.com"),
        ("R-2026-999999", "visitor@example.com"),
        (members.reference, "alice@example.com"),
        (ours.reference, "not an address"),
    ):
        mail.outbox.clear()
        with django_capture_on_commit_callbacks(execute=True):
            response = client.post("/requests/follow/", {"reference": reference, "email": email})
        answers.add((response.status_code, re.sub(r'value="\w{64}"', "", response.content.decode())))
        is_right = email == " Visitor@Example.com"
        assert [one.to for one in mail.outbox] == ([["visitor@example.com"]] if is_right else [])
        if is_right:
            link = re.search(r"https?://[^/]+(/requests/follow/\S+)", str(mail.outbox[0].body))
            assert link
            assert Client().get(link[1]).status_code == 200
    assert len(answers) == 1


@pytest.mark.parametrize(
    ("path", "form", "limit"),
    [
        (INQUIRY, {"asked_question": "?"}, 10),
        ("/requests/follow/", {"reference": "R-2026-000001", "email": "visitor@example.com"}, 5),
    ],
)
def test_strangers_are_held_to_a_number_of_attempts(
    client: Client, settings: Any, path: str, form: dict[str, str], limit: int
) -> None:
    from privacy_portal import settings as real

    settings.ACCOUNT_RATE_LIMITS = real.ACCOUNT_RATE_LIMITS
    cache.clear()
    assert [client.post(path, form).status_code for _attempt in range(limit + 1)] == [200] * limit + [429]


def test_members_are_led_to_their_own_pages(alice: Member, signed_in: Any) -> None:
    client = signed_in(alice)
    assert client.get("/requests/new/")["Location"] == "/my/requests/new/"
    assert client.get(INQUIRY)["Location"] == "/my/requests/new/general_inquiry/"


def test_a_visitor_without_a_filed_request_is_led_to_the_choice(client: Client) -> None:
    assert client.get("/requests/filed/")["Location"] == "/requests/new/"
