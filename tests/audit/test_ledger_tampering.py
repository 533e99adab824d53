"""Somebody with every right in the database changes what is closed: each time it is found, and named.

Each is looked for in the database and in a dump of it.
"""

from __future__ import annotations

from pathlib import Path

import pytest
from django.conf import settings
from pytest_django import Settings

from privacy_portal.audit import signing
from privacy_portal.audit.models import AccessEntry, Checkpoint
from privacy_portal.audit.months import key_for
from privacy_portal.clock import now
from tests.ledger import COPIED, DESTRUCTIONS, EVENTS, close, events, execute, found, found_in_dump, tamper

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows() -> list[int]:
    """Three checkpoints of consent events, closing four rows, four and two; two of destructions."""
    numbers: list[int] = []
    for pairs in (2, 2, 1):
        numbers += events(pairs)
        close()
    assert [one.rows for one in Checkpoint.objects.filter(table=EVENTS)] == [4, 4, 2]
    return numbers


# What is done to the sixth event, which is the second of checkpoint 2 (its neighbour is the seventh), and what is said.
TO_ROWS = {
    "a value is changed": (
        ["UPDATE {events} SET at = at + interval '1 microsecond' WHERE id = {row}"],
        ["Row {row} of {events} was changed since checkpoint 2 closed it."],
    ),
    "a value is made empty": (
        ["UPDATE {events} SET evidence = NULL WHERE id = {row}"],
        ["Row {row} of {events} was changed since checkpoint 2 closed it."],
    ),
    "a row is deleted": (
        ["DELETE FROM {events} WHERE id = {row}"],
        ["Row {row} of {events} is missing; checkpoint 2 had closed it."],
    ),
    "a row is inserted among the closed ones": (
        [
            "INSERT INTO {events} (id, written_in, reference, {copied}) SELECT 777777, written_in, gen_random_uuid(),"
            " {copied} FROM {events} WHERE id = {row}"
        ],
        ["Row 777777 of {events} was inserted after checkpoint 2 was made."],
    ),
    "two rows exchange what they say": (
        [
            "UPDATE {events} one SET kind = two.kind, at = two.at FROM {events} two"
            " WHERE one.id IN ({row}, {next}) AND two.id IN ({row}, {next}) AND one.id <> two.id"
        ],
        [
            "Row {row} of {events} was changed since checkpoint 2 closed it.",
            "Row {next} of {events} was changed since checkpoint 2 closed it.",
        ],
    ),
    "two rows exchange their numbers": (
        [
            "UPDATE {events} SET id = 888888 WHERE id = {row}",
            "UPDATE {events} SET id = {row} WHERE id = {next}",
            "UPDATE {events} SET id = {next} WHERE id = 888888",
        ],
        [
            "Row {next} of {events} was changed since checkpoint 2 closed it.",
            "Row {row} of {events} was changed since checkpoint 2 closed it.",
        ],
    ),
    "a row is moved behind all others": (
        ["UPDATE {events} SET written_in = (SELECT max(written_in::text) FROM {events})::uuid WHERE id = {row}"],
        [
            "Row {row} of {events} was moved to another place in the order since checkpoint 2 closed it.",
            "Row {row} of {events} was inserted after checkpoint 3 was made.",
        ],
    ),
    "a row is deleted and made again later": (
        [
            "CREATE TEMPORARY TABLE kept AS SELECT * FROM {events} WHERE id = {row}",
            "DELETE FROM {events} WHERE id = {row}",
            "INSERT INTO {events} (id, reference, {copied}) SELECT id, reference, {copied} FROM kept",
            "DROP TABLE kept",
        ],
        ["Row {row} of {events} was moved to another place in the order since checkpoint 2 closed it."],
    ),
    "the newest rows are cut off": (
        ["DELETE FROM {events} WHERE id >= {row}"],
        [
            "Row {row} of {events} is missing; checkpoint 2 had closed it.",
            "Row {next} of {events} is missing; checkpoint 2 had closed it.",
        ],
    ),
    "everything is emptied": (
        ["TRUNCATE {events}"],
        ["Row {first} of {events} is missing; checkpoint 1 had closed it."],
    ),
    "a column is dropped": (
        ["ALTER TABLE {events} RENAME COLUMN language TO tongue"],
        ["{events} has lost the column language, which checkpoint 1 covers."],
    ),
}


def put_back(act: str) -> None:
    if act == "a column is dropped":
        execute(f"ALTER TABLE {EVENTS} RENAME COLUMN tongue TO language")


@pytest.mark.parametrize("act", TO_ROWS)
def test_what_is_done_to_rows_is_named(act: str, rows: list[int], tmp_path: Path) -> None:
    statements, sentences = TO_ROWS[act]
    names = {"events": EVENTS, "copied": COPIED, "first": rows[0], "row": rows[5], "next": rows[6]}
    for statement in statements:
        tamper(statement.format(**names))
    expected = [sentence.format(**names) for sentence in sentences]
    live, dumped = found(), found_in_dump(tmp_path / "dump.sql")
    put_back(act)
    assert live[: len(expected)] == expected
    assert "verified: " in live[-1]
    assert dumped == live


TO_CHECKPOINTS = {
    "it is changed": (
        "UPDATE audit_checkpoint SET rows = 3, total = 7 WHERE {second}",
        ["Checkpoint 2 of {events} was changed or replaced: its signature does not fit."],
    ),
    "its list of rows is changed": (
        r"UPDATE audit_checkpoint SET listing = set_byte(listing, 9, get_byte(listing, 9) # 1) WHERE {second}",
        ["Checkpoint 2 of {events} was changed or replaced: its signature does not fit."],
    ),
    "it is deleted": (
        "DELETE FROM audit_checkpoint WHERE {second}",
        ["Checkpoint 2 of {events} is missing."],
    ),
    "it is renumbered": (
        "UPDATE audit_checkpoint SET number = 9 WHERE {second}",
        [
            "Checkpoint 2 of {events} is missing.",
            "Checkpoint 4 of {events} is missing.",
            "Checkpoint 9 of {events} was changed or replaced: its signature does not fit.",
        ],
    ),
    "it is replaced by that of another table": (
        "UPDATE audit_checkpoint one SET rows_digest = two.rows_digest, listing = two.listing, rows = two.rows,"
        " signature = two.signature FROM audit_checkpoint two WHERE one.{second} AND two.number = 2"
        ' AND two."table" <> one."table"',
        ["Checkpoint 2 of {events} was changed or replaced: its signature does not fit."],
    ),
}


@pytest.mark.parametrize("act", TO_CHECKPOINTS)
def test_what_is_done_to_checkpoints_is_named(act: str, rows: list[int], tmp_path: Path) -> None:
    statement, sentences = TO_CHECKPOINTS[act]
    second = f"id = {Checkpoint.objects.get(table=EVENTS, number=2).pk}"
    tamper(statement.format(second=second))
    live = found()
    assert live[:-1] == [sentence.format(events=EVENTS) for sentence in sentences]
    assert found_in_dump(tmp_path / "dump.sql") == live


def test_a_row_and_its_checkpoint_made_anew_without_the_key_are_found(rows: list[int]) -> None:
    """As the portal itself would close it, but signed with a key of the forger's own, under the name of ours."""
    tamper(f"UPDATE {EVENTS} SET kind = 'refused' WHERE id = %s", rows[5])
    tamper('DELETE FROM audit_checkpoint WHERE "table" = %s AND number >= 2', EVENTS)
    own = Path(settings.LEDGER_SIGNING_KEYS)
    keys = signing.load(own)
    kept = own.read_text()
    own.unlink()
    forged = signing.create(own)
    own.write_text(own.read_text().replace(forged.active, keys.active))
    close()
    own.write_text(kept)
    assert found()[0] == f"Checkpoint 2 of {EVENTS} was changed or replaced: its signature does not fit."


def test_a_row_that_is_dated_into_the_future_is_named(rows: list[int]) -> None:
    tamper(
        f"INSERT INTO {EVENTS} (id, written_in, reference, {COPIED}) SELECT 777777,"
        f" (left(written_in::text, 19) || '0fff-ffffffffffff')::uuid, gen_random_uuid(), {COPIED}"
        f" FROM {EVENTS} WHERE id = %s",
        rows[5],
    )
    close()
    assert found()[0] == f"Row 777777 of {EVENTS} says it was written in a transaction that has not begun yet."


def test_a_changed_access_record_is_named(tmp_path: Path) -> None:
    entry = AccessEntry.objects.create(
        actor_kind="staff", role="support agent", data_key=key_for(now()), what="view", page="tests", in_full=True
    )
    close()
    tamper("UPDATE audit_accessentry SET in_full = false WHERE id = %s", entry.pk)
    assert found()[0] == f"Row {entry.pk} of audit_accessentry was changed since checkpoint 1 closed it."
    assert found_in_dump(tmp_path / "dump.sql") == found()


@pytest.fixture
def anchors(settings: Settings, tmp_path: Path) -> Path:
    settings.LEDGER_ANCHORS = str(tmp_path / "anchors.log")
    return tmp_path / "anchors.log"


CUT_OFF = "Checkpoint 3 of {} stands in the anchors file but is gone, and the newest rows may be too."


def test_the_newest_checkpoint_cut_off_with_its_rows_is_known_to_the_anchors(
    anchors: Path, rows: list[int], tmp_path: Path
) -> None:
    assert found()[-1].endswith("agree.")
    tamper('DELETE FROM audit_checkpoint WHERE "table" = %s AND number = 3', EVENTS)
    tamper(f"DELETE FROM {EVENTS} WHERE id >= %s", rows[8])
    assert found()[:-1] == [CUT_OFF.format(EVENTS)]
    dump = tmp_path / "dump.sql"
    assert found_in_dump(dump, anchors=str(anchors))[:-1] == [CUT_OFF.format(EVENTS)]
    assert found_in_dump(dump)[-1].endswith("agree.")


def test_one_that_is_made_in_its_place_is_known_too(anchors: Path, rows: list[int]) -> None:
    tamper('DELETE FROM audit_checkpoint WHERE "table" = %s AND number = 3', EVENTS)
    tamper(f"DELETE FROM {EVENTS} WHERE id >= %s", rows[8])
    events(1)
    close()
    assert found()[:-1] == [f"Checkpoint 3 of {EVENTS} is not the one in the anchors file."]


def test_everything_emptied_is_known_to_the_anchors(anchors: Path, rows: list[int]) -> None:
    tamper(f"TRUNCATE {EVENTS}, {DESTRUCTIONS}, audit_checkpoint")
    assert found()[:-1] == [CUT_OFF.format(table).replace("3", "1") for table in (EVENTS, DESTRUCTIONS)]


def test_an_anchors_file_that_was_changed_is_told_from_a_ledger_that_was(anchors: Path, rows: list[int]) -> None:
    lines = anchors.read_text().splitlines()
    second = next(line for line in lines if f" {EVENTS} 2 " in line)
    digest = second.split()[3]
    for changed, said in (
        ([line for line in lines if line != second], f"it lacks the line of checkpoint 2 of {EVENTS}."),
        (
            [line.replace(digest, digest[::-1]) for line in lines],
            f"what it says of checkpoint 2 of {EVENTS} is not signed.",
        ),
    ):
        anchors.write_text("\n".join(changed) + "\n")
        assert found()[:-1] == [f"The anchors file was changed: {said}"]


def test_an_anchors_file_is_made_whole_again(anchors: Path, rows: list[int]) -> None:
    whole = anchors.read_text()
    anchors.write_text(whole[:-30])  # a crash in the midst of the last line
    close()
    assert found()[-1].endswith("agree.")
    assert anchors.read_text().startswith(whole[:-30])
    anchors.unlink()
    assert "cannot be read" in found()[-1]
    close()
    assert sorted(anchors.read_text().splitlines()) == sorted(whole.splitlines())
