"""The queue as a file: for officers, with a reason, masked, on the access log."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry
from requests import workflow
from tests.factories import a_member, a_request, staff_acting
from tests.in_admin import FULL_VALUES, opened
from tests.requests.desk_pages import QUEUE

SignIn = Callable[[Member | Account], Client]
EXPORT = f"{QUEUE}export/"


def exported(response: Any) -> list[list[str]]:
    text = b"".join(response.streaming_content).decode("utf-8-sig")
    assert [value for value in FULL_VALUES if value in text] == []
    return list(csv.reader(io.StringIO(text)))


@pytest.mark.parametrize("queue", ["all", "unassigned", "mine"])
def test_the_file_holds_what_the_queue_lists_with_the_same_days_left(
    queue: str, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    a_request("sales_inquiry", alice)
    workflow.take(a_request("correction", alice), seen=1, actor=staff_acting(officer))
    a_request("access", alice, state="refused")
    client = signed_in(officer)
    rows = list(client.get(QUEUE, {"queue": queue}).context["cl"].result_list)
    response = client.post(f"{EXPORT}?queue={queue}", {"reason": "월간 점검"})
    assert response.streaming
    lines = exported(response)[1:]
    assert [line[0] for line in lines] == [row.reference for row in rows]
    assert [line[3] for line in lines] == ["" if row.days_left() is None else str(row.days_left()) for row in rows]
    assert {line[6] for line in lines} == {"김*늘"}


def test_the_file_holds_what_a_search_found(
    alice: Member, charlie: Member, officer: Account, signed_in: SignIn
) -> None:
    mine, _other = a_request("sales_inquiry", alice), a_request("sales_inquiry", charlie)
    client = signed_in(officer)
    page = client.post(QUEUE, {"exact": "alice@example.com"}, follow=True)
    address = page.context["cl"].export_url
    assert "alice" not in address
    assert [line[0] for line in exported(client.post(address, {"reason": "민원"}))[1:]] == [mine.reference]


def test_everybody_in_the_file_is_on_record_with_the_reason(
    alice: Member, charlie: Member, officer: Account, signed_in: SignIn
) -> None:
    for member in (alice, charlie):
        a_request("sales_inquiry", member)
    exported(signed_in(officer).post(f"{EXPORT}?queue=all", {"reason": "월간 점검"}))
    entry = AccessEntry.objects.latest("id")
    assert (entry.what, set(entry.people)) == ("export", {alice.pk, charlie.pk})
    assert entry.evidence is not None
    assert entry.evidence.open()["reason"] == "월간 점검"


def test_without_a_reason_there_is_no_file(alice: Member, officer: Account, signed_in: SignIn) -> None:
    a_request("sales_inquiry", alice)
    opened(signed_in(officer), EXPORT)
    response = signed_in(officer).post(EXPORT, {"reason": "  "})
    assert response.status_code == 200
    assert not response.streaming


@pytest.mark.parametrize("who", ["agent", "auditor"])
def test_only_officers_export(who: str, signed_in: SignIn, request: pytest.FixtureRequest) -> None:
    client = signed_in(request.getfixturevalue(who))
    assert client.get(EXPORT).status_code == client.post(EXPORT, {"reason": "x"}).status_code == 403
    assert EXPORT not in client.get(QUEUE).content.decode()


def test_a_name_that_looks_like_a_formula_is_no_formula(officer: Account, signed_in: SignIn) -> None:
    a_request("sales_inquiry", a_member(name="=1+1 HYPERLINK"))
    [line] = exported(signed_in(officer).post(f"{EXPORT}?queue=all", {"reason": "점검"}))[1:]
    assert not line[6].startswith("=")
