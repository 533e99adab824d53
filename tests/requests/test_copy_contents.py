"""What is in a member's own copy: everything held, for programs and for people, and nothing of anybody else's."""

from __future__ import annotations

import csv
import io
import json
from datetime import datetime
from typing import Any
from zipfile import ZipFile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.audit.sight import Sight, Viewer, What
from privacy_portal.vault import file_store
from privacy_portal.vault.files import SealedFile
from requests import business_licence, deciding, workflow
from requests.copies import asking
from requests.copies.models import DataCopy
from requests.copies.spreadsheets import GUARD, cell, plain, table
from requests.models import Document
from tests.factories import (
    a_business,
    a_consent,
    a_file,
    a_request,
    acting,
    staff_acting,
    the_agent,
    the_officer,
)

pytestmark = pytest.mark.django_db
PARTS = (
    "members",
    "values",
    "consents",
    "consent_events",
    "notices",
    "requests",
    "request_events",
    "messages",
    "drafts",
    "documents",
    "destructions",
    "access",
    "own_access",
)


class Opened:
    """A copy, opened: its data, its tables, its files."""

    def __init__(self, member: Member, language: str = "ko") -> None:
        copy = DataCopy.objects.get(pk=asking.ask(member, language=language, actor=acting(member)).pk)
        assert isinstance(copy.file, SealedFile)
        self.copy = copy
        with copy.file.open_unseen() as file, ZipFile(file) as archive:
            assert archive.testzip() is None
            self.files = {name: archive.read(name) for name in archive.namelist()}
        self.data: dict[str, Any] = json.loads(self.files["data.json"])

    def table(self, name: str) -> list[dict[str, str]]:
        text = self.files[f"{name}.csv"].decode("utf-8-sig")
        return list(csv.DictReader(io.StringIO(text, newline="")))

    @property
    def text(self) -> str:
        return "".join(content.decode(errors="replace") for content in self.files.values())


def unguarded(text: str) -> str:
    return text[1:] if text.startswith(GUARD) else text


@pytest.fixture
def lived(alice: Member) -> Member:
    """Alice after some time: consents, one withdrawn; requests, with documents and messages; somebody who looked."""
    a_consent(alice, "general.sales_inquiry", company_name="=하늘상사")
    withdraw(a_consent(alice, "general.newsletter", company_name="바다상사"), language="ko", actor=acting(alice))
    correction = a_request("correction", alice, documents=[a_file("evidence", b"%PDF-1.7 the evidence", "증빙.pdf")])
    workflow.write(correction, "-확인 부탁드립니다.", actor=acting(alice))
    a_request("general_inquiry", alice, state="refused")
    agent = staff_acting(the_agent())
    Sight(lambda: Viewer(agent, "admin:members_member_change", "", What.VIEW), {alice.pk: None}, {"name"}).write()
    return alice


def test_json_and_csv_say_the_same_of_everything_held(lived: Member) -> None:
    opened = Opened(lived)
    assert [name for name in opened.data if isinstance(opened.data[name], list)] == list(PARTS)
    for name in PARTS:
        lines = [{key: unguarded(text) for key, text in line.items()} for line in opened.table(name)]
        assert lines == [{key: plain(value) for key, value in row.items()} for row in opened.data[name]]
    assert {name for name in PARTS if not opened.data[name]} <= {"drafts", "own_access"}
    assert opened.data["format"] == "privacy-portal.my-data/1"
    assert datetime.fromisoformat(opened.data["made_at"]).utcoffset() is not None


def test_every_value_is_in_it_as_held_and_the_destroyed_ones_with_when(lived: Member) -> None:
    values = Opened(lived).data["values"]
    held = {(one["item"], one["value"]) for one in values if one["state"] == "held"}
    for code, sealed in lived.held_items().items():
        assert (code, sealed.open_unseen()) in held
    assert ("company_name", "=하늘상사") in held
    phone = next(one for one in values if one["item"] == "mobile_phone" and one["ground"] == "membership")
    assert (phone["value"], phone["written"]) == ("+821012345678", "010-1234-5678")
    gone = [one for one in values if one["state"] == "destroyed" and one["item"] == "company_name"]
    assert [(one["value"], one["written"]) for one in gone] == [(None, None)]
    assert datetime.fromisoformat(gone[0]["destroyed_at"]).utcoffset() is not None
    assert "바다상사" not in Opened(lived).text


def test_consents_with_their_events_and_the_notices_that_were_shown(lived: Member) -> None:
    opened = Opened(lived)
    states = {one["collection"]: one["state"] for one in opened.data["consents"]}
    assert states["general.sales_inquiry"] == "given"
    assert states["general.newsletter"] == "withdrawn"
    events = [one["what"] for one in opened.data["consent_events"] if one["collection"] == "general.newsletter"]
    assert events == ["given", "withdrawn"]
    assert {one["address"] for one in opened.data["consent_events"]} == {"203.0.113.7"}
    shown = {one["collection"] for one in opened.data["notices"]}
    assert {"general.newsletter", "general.sales_inquiry", "membership.individual_signup"} <= shown
    for one in opened.data["notices"]:
        korean, english = (opened.files[path].decode() for path in one["files"])
        assert one["digest"] in korean
        assert one["digest"] in english
    assert "회사명" in opened.files["notices/general.newsletter-v1.ko.txt"].decode()


def test_requests_with_what_was_written_and_the_documents_themselves(lived: Member) -> None:
    opened = Opened(lived)
    correction = next(one for one in opened.data["requests"] if one["kind"] == "correction")
    assert correction["asked"]["name"] == "홍길순"
    refused = next(one for one in opened.data["requests"] if one["kind"] == "general_inquiry")
    assert refused["reason"] == "살펴본 결과를 알려 드립니다."
    assert "-확인 부탁드립니다." in [one["text"] for one in opened.data["messages"]]
    (document,) = [one for one in opened.data["documents"] if one["item"] == "evidence"]
    assert opened.files[document["file"]] == b"%PDF-1.7 the evidence"
    assert document["file"].endswith("-증빙.pdf")


def test_a_decision_that_nobody_confirmed_is_not_told(alice: Member) -> None:
    a_request("deletion", alice, state="to_confirm")
    (one,) = Opened(alice).data["requests"]
    assert (one["decision"], one["reason"], one["granted"]) == (None, None, None)


def test_what_a_business_keeps_is_in_it() -> None:
    business = a_business()
    business_licence.keep(business, a_file("business_license_copy").taken, actor=acting(business))
    opened = Opened(business)
    assert [name for name in opened.files if name.startswith("documents/")]


def test_nobody_else_is_in_it(lived: Member, charlie: Member) -> None:
    a_consent(charlie, "general.newsletter", company_name="Rose Ltd")
    text = Opened(lived).text
    names = (the_agent().staff_name, the_officer().staff_name)
    hidden = ("Charlotte", "Rose Ltd", str(charlie.pk), "203.0.113.8", *names, str(the_agent().pk), "argon2", "md5$")
    assert [value for value in hidden if value in text] == []
    assert [one["role"] for one in Opened(lived).data["access"]] == ["Support agent"]


def test_the_note_in_it_is_in_both_languages_and_explains_every_file(lived: Member) -> None:
    opened = Opened(lived, language="en")
    note = opened.files["README.txt"].decode()
    assert note.startswith("Your data")
    assert all(note.count(f"\n{name}.csv: ") == 2 for name in PARTS)
    assert opened.files["values.csv"].startswith(b"\xef\xbb\xbf")


def test_a_file_that_is_missing_from_the_store_is_told_in_its_place(lived: Member) -> None:
    document = Document.objects.get(item="evidence")
    file_store.remove(document.file.name)
    opened = Opened(lived)
    assert [name for name in opened.files if name.endswith("-증빙.pdf.missing.txt")]


def test_a_finished_request_tells_what_was_destroyed(alice: Member) -> None:
    refund = a_request("duplicate_payment", alice, state="approved")
    deciding.finish(refund, seen=None, actor=staff_acting(the_agent(), "website"))
    destroyed = [one for one in Opened(alice).data["values"] if one["item"] == "account_number"]
    assert [one["state"] for one in destroyed] == ["destroyed"]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1, max_size=4))
def test_no_cell_is_a_formula_and_every_cell_comes_back(texts: list[str]) -> None:
    columns = [f"c{number}" for number in range(len(texts))]
    made = b"".join(table(columns, [dict(zip(columns, texts, strict=True))]))
    header, row = csv.reader(io.StringIO(made.decode("utf-8-sig"), newline=""))
    assert header == columns
    for text, found in zip(texts, row, strict=True):
        assert not found.lstrip().startswith(("=", "+", "-", "@", "|", "%", "＝", "＋", "－", "＠"))
        assert found[:1] not in ("\t", "\r", "\n", "\0")
        assert unguarded(found) == text


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+8210", "-2+3", "@SUM(A1)", "\t=1", "\r=1", " =1", "＝1", "|calc", "%0A", "'=1", "\n@x"],
)
def test_what_could_be_taken_for_a_formula_is_guarded(text: str) -> None:
    assert cell(text) == GUARD + text


@pytest.mark.parametrize("text", ["홍길동", "2026-11-25T10:00:00+09:00", "010-1234-5678", "3", "", "a=b", "true"])
def test_what_could_not_stays_as_it_is(text: str) -> None:
    assert cell(text) == text
