"""What an evidence bundle holds, and what it does not."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation

from consents.models import ConsentEvent
from consents.refusing import refuse
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.audit import revealing, sections
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.audit.sight import Sight, Viewer
from privacy_portal.clock import now
from privacy_portal.evidence import making
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Notice
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey, DestructionRecord
from requests.models import RequestEvent
from tests.evidence.bundles import all_text, files_of, made, rows_of, verdict
from tests.factories import (
    SYSTEM,
    a_child,
    a_consent,
    a_member,
    a_request,
    acting,
    an_agreed_representative,
    notice,
    staff_acting,
)
from tests.in_admin import FULL_VALUES
from tests.ledger import close, copies

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def story(officer: Account, alice: Member, charlie: Member) -> Member:
    """Alice gave two consents, withdrew one, was looked at alone and in a list with Charlie, and revealed."""
    a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    withdraw(a_consent(alice, "general.newsletter", company_name="하늘상사"), language="ko", actor=acting(alice))
    a_consent(charlie, "general.newsletter", company_name="Brown & Co")
    actor = staff_acting(officer)
    looking = Viewer(actor, "admin:members_member_change", "", AccessEntry.What.VIEW)
    for people in ([alice.pk], [alice.pk, charlie.pk], [charlie.pk]):
        Sight(lambda: looking, dict.fromkeys(people), {"name"}).write()
    revealing.reveal(alice.pk, items=[], why="identity", remark="본인 확인 전화", reference="R-7", actor=actor)
    assert alice.account_id is not None
    OwnAccessEntry.objects.create(
        person_id=alice.pk, account_id=alice.account_id, data_key=key_for(now()), page="consents:data", items=["name"]
    )
    return alice


def test_it_holds_all_there_is_about_the_person_and_nobody_else(
    officer: Account, story: Member, charlie: Member
) -> None:
    bundle = made(officer, story.pk)
    [person] = rows_of(bundle, "person")
    assert (person["person"], person["kind"], person["masked_name"]) == (str(story.pk), "individual", "김*늘")
    assert {(row["collection"], row["standing"]) for row in rows_of(bundle, "consents")} == {
        ("general.sales_inquiry", "given"),
        ("general.newsletter", "withdrawn"),
    }
    events = rows_of(bundle, "events")
    assert [row["row"] for row in events] == sorted(
        ConsentEvent.objects.filter(consent__member=story).values_list("pk", flat=True)
    )
    assert [row["columns"]["kind"] for row in events] == ["given", "given", "withdrawn"]
    assert {row["row"] for row in rows_of(bundle, "destructions")} == set(
        DestructionRecord.objects.values_list("pk", flat=True)
    )
    assert len(rows_of(bundle, "access")) == 3  # alone, in a list, and revealed
    assert len(rows_of(bundle, "own_access")) == 1
    [reveal] = rows_of(bundle, "reveals")
    assert (reveal["why"], reveal["request_reference"]) == ("identity", "R-7")
    assert str(charlie.pk) not in all_text(bundle)
    assert "Charl" not in all_text(bundle)


def test_the_bundle_of_a_child_holds_the_record_of_the_representatives_consent(officer: Account) -> None:
    child = a_child(representative=an_agreed_representative("parent@example.com"))
    bundle = made(officer, child.pk)
    events = rows_of(bundle, "representative")
    assert [row["columns"]["kind"] for row in events] == ["asked", "given", "used"]
    assert events[1]["columns"]["method"] == "email"
    assert events[1]["evidence"]["state"] == "masked"
    text = all_text(bundle)
    assert [value for value in ("이보호", "parent@example.com", "203.0.113.7") if value in text] == []


def test_notices_are_whole_in_both_languages_with_their_digest(officer: Account, story: Member) -> None:
    notices = {row["notice"]: row for row in rows_of(made(officer, story.pk), "notices")}
    resting = set(ConsentEvent.objects.filter(consent__member=story).values_list("notice", flat=True))
    assert set(notices) == {str(number) for number in [*resting, story.notice_id]}
    for one in Notice.objects.filter(pk__in=resting):
        row = notices[str(one.pk)]
        assert row["content"] == json.loads(json.dumps(publishing.content(one)))
        assert row["digest"] == one.digest == publishing.digest(one)
        assert (row["content"]["purpose_ko"], row["content"]["purpose_en"]) == (one.purpose_ko, one.purpose_en)


def test_of_one_consent_it_holds_only_what_is_about_that_consent(officer: Account, story: Member) -> None:
    consent = story.consents.get(collection="general.newsletter")
    Sight(
        lambda: Viewer(staff_acting(officer), "admin:x", "", AccessEntry.What.VIEW), {story.pk: None}, {"address"}
    ).write()
    bundle = made(officer, consent=consent.pk)
    assert [row["consent"] for row in rows_of(bundle, "consents")] == [str(consent.pk)]
    assert {row["columns"]["consent_id"] for row in rows_of(bundle, "events")} == {str(consent.pk)}
    assert [row["content"]["collection"] for row in rows_of(bundle, "notices")] == ["general.newsletter"]
    assert {row["columns"]["ground_id"] for row in rows_of(bundle, "destructions")} == {str(consent.pk)}
    seen = [row["columns"]["items"] for row in rows_of(bundle, "access")]
    assert seen
    assert "{address}" not in seen  # which this consent never asked for
    assert json.loads(files_of(bundle)["manifest.json"])["about"]["consent"] == str(consent.pk)


def test_a_consent_that_was_only_ever_refused_has_a_bundle_too(officer: Account, alice: Member, tmp_path: Path) -> None:
    current = notice("general.newsletter")
    event = refuse(alice, current.collection, notice=current, language="ko", actor=acting(alice))
    bundle = made(officer, consent=event.consent_id)
    assert [row["columns"]["kind"] for row in rows_of(bundle, "events")] == ["refused"]
    assert rows_of(bundle, "access") == []
    assert verdict(bundle, tmp_path)[0]


def test_nothing_of_the_person_can_be_read_that_is_masked_elsewhere(officer: Account, story: Member) -> None:
    text = all_text(made(officer, story.pk))
    assert [value for value in (*FULL_VALUES, "하늘상사", "본인 확인 전화", "소송 대응") if value in text] == []
    assert "김*늘" in text
    assert "203.0.***" in text or "203.0.113.***" in text


def test_evidence_is_told_in_full_only_if_asked_for_and_the_log_says_so(officer: Account, story: Member) -> None:
    bundle = made(officer, story.pk, opened=True)
    [event, *_others] = rows_of(bundle, "events")
    assert event["evidence"] == {"state": "opened", "address": "203.0.113.7", "browser": "Mozilla/5.0 (tests)"}
    assert rows_of(bundle, "reveals")[0]["remark"] == "본인 확인 전화"
    text = all_text(bundle)
    assert "203.0.113.8" not in text  # from where colleagues looked is never told
    assert [value for value in ("김하늘", "alice@example.com", "010-1234-5678", "테헤란로") if value in text] == []
    assert AccessEntry.objects.latest("id").in_full


def test_what_is_destroyed_is_told_to_be(officer: Account, story: Member) -> None:
    consent = story.consents.get(collection="general.newsletter")
    destroy_ground(DataKey.Ground.EVIDENCE, consent.pk, because="tests", actor=SYSTEM)
    destroy_ground(DataKey.Ground.MEMBERSHIP, story.pk, because="tests", actor=SYSTEM)
    bundle = made(officer, consent=consent.pk, opened=True)
    assert {row["evidence"]["state"] for row in rows_of(bundle, "events")} == {"destroyed"}
    assert "destroyed" in files_of(made(officer, consent=consent.pk, language="en"))["report.html"].decode()


@pytest.mark.parametrize("language", ["ko", "en"])
def test_the_report_reads_alone_in_the_language_chosen(language: str, officer: Account, story: Member) -> None:
    with translation.override("en" if language == "ko" else "ko"):
        report = files_of(made(officer, story.pk, language=language))["report.html"].decode()
    assert f'<html lang="{language}">' in report
    assert not re.search(r"<script|<link|<img|src=|https?://|url\(|@import", report)
    assert "@media print" in report
    collection = story.consents.get(collection="general.newsletter").collection
    assert str(getattr(collection, f"title_{language}")) in report
    for one in Notice.objects.filter(consents__member=story):
        assert one.digest in report
        assert one.purpose_ko in report
        assert one.purpose_en.replace("'", "&#x27;") in report
    assert "2026가합1234" in report
    assert officer.staff_name in report


def test_what_was_typed_stays_text_in_the_report(officer: Account, story: Member) -> None:
    report = files_of(made(officer, story.pk, reference="<img src=x>"))["report.html"].decode()
    assert "<img" not in report
    assert "&lt;img src=x&gt;" in report


def test_who_else_is_in_a_list_is_kept_back(officer: Account, story: Member, tmp_path: Path) -> None:
    close()
    bundle = made(officer, story.pk)
    listed = [row for row in rows_of(bundle, "access") if "kept_back" in row]
    assert [(row["kept_back"], row["columns"]["people"], row["people_shown"]) for row in listed] == [
        (["people"], "", 2)
    ]
    passes, said = verdict(bundle, tmp_path)
    assert passes, said
    assert any("1 row also about other people" in sentence for sentence in said)


def test_rows_are_proven_by_their_checkpoints_and_newer_ones_are_named(
    officer: Account, story: Member, tmp_path: Path
) -> None:
    close()
    newer = withdraw(story.consents.get(collection="general.sales_inquiry"), language="ko", actor=acting(story))
    bundle = made(officer, story.pk)
    checkpoints = {row["row"]: row["checkpoint"] for row in rows_of(bundle, "events")}
    assert checkpoints.pop(newer.pk) is None
    assert set(checkpoints.values()) == {1}
    passes, said = verdict(bundle, tmp_path)
    assert passes, said
    assert any("Not closed into a checkpoint yet" in line and f"{newer.pk} of consents_con" in line for line in said)
    close()
    passes, said = verdict(made(officer, story.pk), tmp_path)
    assert passes
    assert not any(f"{newer.pk} of consents_con" in line for line in said)


def test_thousands_of_events_take_more_queries_only_by_the_batch(
    officer: Account, story: Member, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    looking = Viewer(staff_acting(officer), "admin:members_member_change", "", AccessEntry.What.VIEW)

    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            made(officer, story.pk)
        return len(captured)

    close()
    queries()  # what is asked once and kept
    before = queries()
    copies(200)
    for _time in range(30):
        Sight(lambda: looking, {story.pk: None}, {"name"}).write()
    close()
    more = queries()
    # Two more checkpoints; nothing for 200 more events and 30 more entries.
    assert more <= before + 4
    monkeypatch.setattr(making, "ROWS_AT_ONCE", 50)
    assert queries() <= more + 4 * 8
    passes, said = verdict(made(officer, story.pk), tmp_path)
    assert passes, said


def test_a_room_adds_a_section_of_its_own(
    officer: Account, story: Member, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(sections, "_sections", dict(sections._sections))
    sections.register(
        sections.Section(
            "newest",
            "Newest first",
            ("kind",),
            lambda subject: ConsentEvent.objects.filter(consent__member=subject.person_id, kind="withdrawn"),
            lambda rows, opened: [sections.Line([row.kind], {"told": "의심 없음"}) for row in rows],
        )
    )
    close()
    bundle = made(officer, story.pk)
    [row] = rows_of(bundle, "newest")
    assert (row["columns"]["kind"], row["told"], row["checkpoint"]) == ("withdrawn", "의심 없음", 1)
    assert '<section id="newest">' in files_of(bundle)["report.html"].decode()
    assert verdict(bundle, tmp_path)[0]


def test_it_tells_of_requests_and_each_step_proven_by_the_ledger(officer: Account, alice: Member) -> None:
    refused = a_request("access", alice, state="refused")
    change = a_request("information_change_individual", alice)
    a_request("general_inquiry", a_member(), state="done")
    close()
    bundle = made(officer, alice.pk)
    assert [(row["reference"], row["decision"]) for row in rows_of(bundle, "requests")] == [
        (refused.reference, "refused"),
        (change.reference, ""),
    ]
    steps = rows_of(bundle, "request_events")
    assert [row["row"] for row in steps] == sorted(
        RequestEvent.objects.filter(member_request__member=alice).values_list("pk", flat=True)
    )
    assert all(row["checkpoint"] for row in steps)
    of_consent = made(officer, consent=change.consent_id)
    assert [row["reference"] for row in rows_of(of_consent, "requests")] == [change.reference]
