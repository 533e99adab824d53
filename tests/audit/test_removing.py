"""The access log is kept by its rule's period; then a month goes, and the ledger can tell that from a theft."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import DatabaseError, connection, transaction
from django.test import Client
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st

from members.models import Account, Member
from privacy_portal.audit import removing
from privacy_portal.audit.ledger import removals
from privacy_portal.audit.ledger.months import number_of
from privacy_portal.audit.models import AccessEntry, AccessRemoval, Checkpoint, OwnAccessEntry
from privacy_portal.audit.months import key_for, keys_of
from privacy_portal.audit.sight import Sight, Viewer
from privacy_portal.audit.tables import ledgered_models
from privacy_portal.clock import pretending
from privacy_portal.retention import due, holds, runs
from privacy_portal.retention.models import LegalHold
from privacy_portal.retention.schedule import rule_in_force
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import SYSTEM, staff_acting
from tests.in_admin import list_of, opened, page_of
from tests.ledger import close, execute, found, found_in_dump, tamper
from tests.retention.test_killed import child_killed
from tests.the_log import (
    DUE,
    FEBRUARY,
    JANUARY,
    LAST_OF_JANUARY,
    LOG,
    OWN,
    SEOUL,
    a_log,
    destroy,
    left,
    own_seen,
    seen,
)

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def rows(officer: Account) -> dict[str, list[int]]:
    """A log whose January was destroyed by the schedule, and its rows removed; all of it closed."""
    rows = a_log()
    with pretending(DUE):
        destroy(officer)
        close()
    return rows


def test_a_month_goes_when_its_period_is_over_and_the_ledger_agrees(officer: Account, tmp_path: Path) -> None:
    rows = a_log()
    with pretending(DUE - timedelta(minutes=1)):
        assert runs.propose() is None
    with pretending(DUE):
        said = destroy(officer)
    assert "6 rows of destroyed months removed from the access log." in said
    assert (left(), left(OwnAccessEntry)) == ([*rows["february"], *rows["april"], *rows["young"]], [])
    assert AccessEntry.objects.get(pk=rows["february"][0]).opened_evidence() == {"address": "203.0.113.8"}
    record = DestructionRecord.objects.get(ground="access_log")
    assert (record.rule, record.approved_by, record.ground_id) == (
        "access_log",
        [officer.pk],
        number_of(date(2030, 1, 1)),
    )
    told = list(
        AccessRemoval.objects.order_by("pk").values_list("table", "checkpoint", "rows", "places", "destruction")
    )
    assert told == [(LOG, 1, 3, "0-2", record.pk), (LOG, 2, 2, "0,2", record.pk), (OWN, 1, 1, "0", record.pk)]
    [live] = found()
    assert "agree. Removed by rule, and on record: 6 rows." in live
    assert found_in_dump(tmp_path / "dump.sql") == [live]
    close()
    [live] = found()
    assert "Removed by rule" in live
    assert found_in_dump(tmp_path / "dump.sql") == [live]


def test_what_it_says_of_the_last_month_is_due_after_its_last_day(officer: Account) -> None:
    a_log()
    rule = rule_in_force("access_log")
    with pretending(DUE):
        [key] = due.due(rule, DUE)
        assert due.SOURCES["access_log"].due_since(rule, key.since) == DUE  # type: ignore[attr-defined]
    with pretending(DUE.replace(month=3)):
        assert due.due(rule, DUE.replace(month=3)).count() == 2


REMOVAL = (
    'INSERT INTO audit_accessremoval ("table", checkpoint, month, destruction_id, rows, places, listing_digest,'
    " digests, at) VALUES (%s, %s, %s, %s, %s, %s, %s, %s, now())"
)


def forge(
    checkpoint: int,
    places: str,
    month: str = "2030-01-01",
    *,
    table: str = LOG,
    of: str | None = None,
    digest: bytes = b"",
) -> int:
    """Somebody with every right in the database writes a removal of his own; returns its number."""
    listing = bytes(Checkpoint.objects.get(table=table, number=checkpoint).listing)
    which = removals.read(places, 99)
    whole = hashlib.sha256(b"?").digest() * len(which)
    destruction = DestructionRecord.objects.filter(ground=of or "access_log").values_list("pk", flat=True)[0]
    digest = digest or removals.listing_digest(listing, which)
    execute(REMOVAL, table, checkpoint, month, destruction, len(which), places, digest, whole)
    return AccessRemoval.objects.latest("pk").pk


def is_found(tmp_path: Path, *sentences: str) -> None:
    live = found()
    assert live[: len(sentences)] == list(sentences)
    assert "problem" in live[-1]
    assert found_in_dump(tmp_path / "dump.sql") == live


def test_one_more_row_deleted_than_recorded_is_missing(rows: dict[str, list[int]], tmp_path: Path) -> None:
    tamper(f"DELETE FROM {LOG} WHERE id = %s", rows["february"][1])
    is_found(tmp_path, f"Row {rows['february'][1]} of {LOG} is missing; checkpoint 2 had closed it.")


def test_a_row_changed_beside_removed_ones_is_named(rows: dict[str, list[int]], tmp_path: Path) -> None:
    tamper(f"UPDATE {LOG} SET page = 'y' WHERE id = %s", rows["february"][1])
    is_found(tmp_path, f"Row {rows['february'][1]} of {LOG} was changed since checkpoint 2 closed it.")


def test_a_removal_that_is_itself_removed_leaves_its_rows_missing(rows: dict[str, list[int]], tmp_path: Path) -> None:
    first = AccessRemoval.objects.order_by("pk")[0]
    tamper("DELETE FROM audit_accessremoval WHERE id = %s", first.pk)
    is_found(
        tmp_path,
        *[f"Row {row} of {LOG} is missing; checkpoint 1 had closed it." for row in rows["january"][:3]],
        f"Row {first.pk} of audit_accessremoval is missing; checkpoint 1 had closed it.",
    )


def test_a_removal_made_to_cover_another_row_is_found(rows: dict[str, list[int]], tmp_path: Path) -> None:
    second = AccessRemoval.objects.get(table=LOG, checkpoint=2)
    tamper(f"DELETE FROM {LOG} WHERE id = %s", rows["february"][0])
    tamper("UPDATE audit_accessremoval SET places = '0-2', rows = 3 WHERE id = %s", second.pk)
    named = f"Removal {second.pk} does not fit checkpoint 2 of {LOG}: it names rows that were not closed there."
    is_found(tmp_path, named)
    assert f"Row {second.pk} of audit_accessremoval was changed since checkpoint 1 closed it." in found()


def test_a_young_row_is_not_hidden_behind_an_old_month(rows: dict[str, list[int]], tmp_path: Path) -> None:
    row = rows["young"][0]
    tamper(f"DELETE FROM {LOG} WHERE id = %s", row)
    forged = forge(4, "0")
    close()
    is_found(
        tmp_path,
        f"Removal {forged} says that rows of checkpoint 4 of {LOG} went with the month 2030-01, but that checkpoint "
        "closed no rows of that month.",
        f"Row {row} of {LOG} is missing; checkpoint 4 had closed it.",
    )


def test_a_removal_needs_the_destruction_of_its_month(rows: dict[str, list[int]], tmp_path: Path) -> None:
    row = rows["february"][0]
    tamper(f"DELETE FROM {LOG} WHERE id = %s", row)
    forged = forge(2, "1", "2030-02-01")  # it names the destruction of January
    close()
    is_found(
        tmp_path,
        f"Removal {forged} says that rows of checkpoint 2 of {LOG} went with the month 2030-02, but no "
        "destruction of that month is on record.",
        f"Row {row} of {LOG} is missing; checkpoint 2 had closed it.",
    )


def test_a_destruction_that_is_taken_away_takes_its_removals_along(rows: dict[str, list[int]], tmp_path: Path) -> None:
    first = AccessRemoval.objects.order_by("pk")[0]
    tamper("DELETE FROM vault_destructionrecord WHERE id = %s", first.destruction_id)
    is_found(
        tmp_path,
        f"Removal {first.pk} says that rows of checkpoint 1 of {LOG} went with the month 2030-01, but no "
        "destruction of that month is on record.",
        f"Row {rows['january'][0]} of {LOG} is missing; checkpoint 1 had closed it.",
    )


def test_a_removal_of_rows_that_are_there_is_named(officer: Account, tmp_path: Path) -> None:
    rows = a_log()
    destroy_ground(DataKey.Ground.ACCESS_LOG, number_of(date(2030, 1, 1)), because="tests", actor=SYSTEM)
    forged = forge(1, "0-1")
    is_found(
        tmp_path,
        *[
            f"Row {row} of {LOG}, closed by checkpoint 1, is there, but removal {forged} says it went."
            for row in rows["january"][:2]
        ],
    )


def test_nothing_but_the_access_log_loses_rows(rows: dict[str, list[int]], tmp_path: Path) -> None:
    [row] = DestructionRecord.objects.filter(ground="access_log").values_list("pk", flat=True)
    checkpoint = Checkpoint.objects.filter(table="vault_destructionrecord").latest("number").number
    forged = forge(checkpoint, "0", table="vault_destructionrecord")
    tamper("DELETE FROM vault_destructionrecord WHERE id = %s", row)
    said = found()
    assert f"Row {row} of vault_destructionrecord is missing; checkpoint {checkpoint} had closed it." in said
    assert (
        f"Removal {forged} names checkpoint {checkpoint} of vault_destructionrecord, from which no rows go by rule."
        in said
    )
    assert found_in_dump(tmp_path / "dump.sql") == said


@pytest.mark.parametrize("table", [LOG, OWN])
def test_the_database_lets_only_rows_of_a_destroyed_month_go(table: str, officer: Account) -> None:
    a_log()
    with pretending(FEBRUARY):
        own_seen()
    january, february = (keys_of(date(2030, month, 1)).get() for month in (1, 2))
    refused(f"DELETE FROM {table} WHERE data_key_id = '{january.pk}'")
    # Another table of that name, in front of the right one, changes nothing.
    execute("CREATE TEMPORARY TABLE vault_datakey AS SELECT id, ground, NULL::bytea AS wrapped_key FROM vault_datakey")
    try:
        refused(f"DELETE FROM {table} WHERE data_key_id = '{january.pk}'")
    finally:
        execute("DROP TABLE pg_temp.vault_datakey")
    destroy_ground(DataKey.Ground.ACCESS_LOG, january.ground_id, because="tests", actor=SYSTEM)
    refused(f"UPDATE {table} SET page = 'y' WHERE data_key_id = '{january.pk}'")
    refused(f"UPDATE {table} SET data_key_id = '{january.pk}' WHERE data_key_id = '{february.pk}'")
    refused(f"DELETE FROM {table} WHERE data_key_id = '{february.pk}'")
    refused(f"TRUNCATE {table}")
    execute(f"DELETE FROM {table} WHERE data_key_id = '{january.pk}'")
    assert execute(f"SELECT count(*) FROM {table} WHERE data_key_id = '{january.pk}'") == [(0,)]


def refused(statement: str) -> None:
    with pytest.raises(DatabaseError, match="Cannot update or delete|stay"), transaction.atomic():
        execute(statement)


def test_the_tables_that_lose_rows_are_those_whose_triggers_let_them() -> None:
    losing = {
        model._meta.db_table
        for model in ledgered_models()
        for trigger in model._meta.triggers  # type: ignore[attr-defined]
        if hasattr(trigger, "ground")
    }
    assert losing == removals.REMOVABLE == {log._meta.db_table for log in removing.LOGS}


def test_rows_that_are_not_closed_yet_wait(officer: Account) -> None:
    with pretending(JANUARY):
        row = seen()
    with pretending(DUE):
        assert "1 rows stay until the ledger has closed them" in destroy(officer)
        assert left() == [row]
        close()
        assert removing.remove() == 1
    assert "agree" in found()[0]
    assert left() == []


def test_a_row_that_was_tampered_with_stays_to_be_found(officer: Account, tmp_path: Path) -> None:
    rows = a_log()
    changed = rows["january"][1]
    tamper(f"UPDATE {LOG} SET page = 'y' WHERE id = %s", changed)
    with pretending(DUE):
        destroy(officer)
    assert left() == [changed, *rows["february"], *rows["april"], *rows["young"]]
    is_found(tmp_path, f"Row {changed} of {LOG} was changed since checkpoint 1 closed it.")


def test_a_hold_on_somebody_keeps_every_month_in_which_they_were_seen(officer: Account, alice: Member) -> None:
    with pretending(JANUARY):
        seen(alice.pk)
        seen()
    with pretending(FEBRUARY):
        seen()
        close()
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    later = DUE.replace(month=6)
    with pretending(later):
        assert [key.created_at for key in due.due(rule_in_force("access_log"), later)] == [FEBRUARY]
        assert due.held_back(later) == {"access_log": 1}
        january = keys_of(date(2030, 1, 1)).get()
        assert destroy_ground(DataKey.Ground.ACCESS_LOG, january.ground_id, because="tests", actor=SYSTEM) == []
        holds.lift(hold, actor=staff_acting(officer))
        assert "3 rows" in destroy(officer)
    assert left() == []


def test_a_hold_on_somebody_who_looked_at_their_own_keeps_the_month_too(officer: Account, alice: Member) -> None:
    with pretending(JANUARY):
        own_seen(alice.pk)
        close()
    with pretending(DUE):
        run = runs.approve(runs.propose(), actor=staff_acting(officer))  # type: ignore[arg-type]
        holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
        runs.destroy(run)
        assert run.items.get().outcome == "held"


def test_a_hold_placed_once_the_month_is_destroyed_still_keeps_its_rows(officer: Account, alice: Member) -> None:
    with pretending(JANUARY):
        seen(alice.pk)
        close()
    destroy_ground(DataKey.Ground.ACCESS_LOG, number_of(date(2030, 1, 1)), because="tests", actor=SYSTEM)
    holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    assert removing.remove() == 0
    assert len(left()) == 1


def test_killed_at_any_step_it_is_finished_by_the_next(db: None) -> None:
    step, was_killed = -2, True
    while was_killed:
        step += 3
        at = datetime(2030, 1, 5, tzinfo=SEOUL) + timedelta(days=11 * step)
        with pretending(at):
            own_seen()
            others = [seen(), seen()]
            close()
            others.append(seen())
            close()
        destroy_ground(DataKey.Ground.ACCESS_LOG, key_for(at).ground_id, because="tests", actor=SYSTEM)
        was_killed = child_killed(step, removing.remove)
        with transaction.atomic():  # the server takes a moment to notice that the killed one is gone
            execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", removing.REMOVING_LOCK, LOG)
            execute("SELECT pg_advisory_xact_lock(%s, hashtext(%s))", removing.REMOVING_LOCK, OWN)
        assert "agree" in found()[0]
        assert left() in ([], others[2:], others)
        removing.remove()
        assert (left(), left(OwnAccessEntry)) == ([], [])
    assert step > 20
    assert "agree" in found()[0]


def test_two_writers_at_midnight_make_one_key(db: None) -> None:
    barrier, keys = threading.Barrier(4), []

    def write() -> None:
        try:
            barrier.wait(5)
            with pretending(FEBRUARY):
                keys.append(key_for(FEBRUARY).pk)
        finally:
            connection.close()

    threads = [threading.Thread(target=write) for _number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(keys) == 4
    assert len(set(keys)) == 1
    assert DataKey.objects.filter(ground="access_log").count() == 1


def test_months_are_those_of_seoul_and_each_has_a_key_of_its_own(db: None) -> None:
    with pretending(LAST_OF_JANUARY):
        first = AccessEntry.objects.get(pk=seen())
    with pretending(FEBRUARY):
        second = AccessEntry.objects.get(pk=seen())
    assert (first.data_key.ground_id, second.data_key.ground_id) == (
        number_of(date(2030, 1, 1)),
        number_of(date(2030, 2, 1)),
    )


@pytest.mark.parametrize("signed_in_as", ["officer", "nobody"])
def test_to_write_an_entry_takes_two_statements(signed_in_as: str, officer: Account) -> None:
    actor = staff_acting(officer) if signed_in_as == "officer" else SYSTEM
    viewer = Viewer(actor, "admin:members_member_change", "", AccessEntry.What.VIEW)
    Sight(lambda: viewer, {uuid4(): None}).write()
    with CaptureQueriesContext(connection) as captured:
        Sight(lambda: viewer, {uuid4(): None}).write()
    assert [query["sql"].split()[0] for query in captured] == ["SELECT", "INSERT"]


def test_the_evidence_outlives_the_account_that_looked(officer: Account) -> None:
    Sight(
        lambda: Viewer(staff_acting(officer), "admin:members_member_change", "", AccessEntry.What.VIEW), {uuid4(): None}
    ).write()
    destroy_ground(DataKey.Ground.STAFF, officer.pk, because="account.closed", actor=SYSTEM)
    assert AccessEntry.objects.get().opened_evidence()


def test_the_pages_of_the_log_open_when_rows_are_gone(
    rows: dict[str, list[int]], auditor: Account, signed_in: Callable[[Account], Client]
) -> None:
    client = signed_in(auditor)
    assert "2030-02-01" in opened(client, list_of("audit_accessentry"))
    opened(client, list_of("audit_ownaccessentry"))
    opened(client, list_of("audit_checkpoint"))
    opened(client, page_of(DestructionRecord.objects.get(ground="access_log")))
    opened(client, page_of(Checkpoint.objects.get(table=LOG, number=1)))
    with pretending(DUE):
        opened(client, "/admin/audit/accessreview/month/2030-1/")


@given(st.sets(st.integers(0, 60), min_size=1))
def test_places_are_read_as_they_were_written(places: set[int]) -> None:
    assert removals.read(removals.written(sorted(places)), 61) == sorted(places)


@pytest.mark.parametrize("text", ["", "x", "3-1", "1,1", "2,1", "0-9", "-1", "0,"])
def test_places_that_are_none_are_not_read(text: str) -> None:
    with pytest.raises(ValueError, match="in order|invalid literal"):
        removals.read(text, 5)
