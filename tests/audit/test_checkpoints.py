"""Closing: nothing is missed, nobody waits, nothing forks."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from django.db import connection, transaction

from consents.models import ConsentEvent
from privacy_portal.audit import closing, signing
from privacy_portal.audit.closing import close_all
from privacy_portal.audit.ledger.checkpoint import listed
from privacy_portal.audit.ledger.problems import LedgerError
from privacy_portal.audit.models import Checkpoint, LedgerClosing
from privacy_portal.audit.tables import ledgered_tables, transactions
from tests.ledger import COPIED, DESTRUCTIONS, EVENTS, close, copies, events, execute, found

pytestmark = pytest.mark.django_db(transaction=True)

COPY_OF_LAST = (
    f"INSERT INTO {EVENTS} (reference, {COPIED}) SELECT gen_random_uuid(), {COPIED} FROM {EVENTS}"
    " ORDER BY id DESC LIMIT 1 RETURNING id"
)


@pytest.fixture
def other() -> Iterator[psycopg.Connection]:
    """A second connection to the database."""
    with psycopg.connect(**connection.get_connection_params()) as second:
        yield second


def test_each_table_has_a_chain_of_its_own() -> None:
    first = events(2)
    made = close()
    assert {(one.table, one.number, one.rows) for one in made} == {(EVENTS, 1, 4), (DESTRUCTIONS, 1, 2)}
    second = events(1)
    (again,) = [one for one in close() if one.table == EVENTS]
    assert (again.number, again.rows, again.total) == (2, 2, 6)
    assert bytes(again.previous) == Checkpoint.objects.get(table=EVENTS, number=1).as_signed().digest
    assert closed_by(again) == second != first
    assert found() == ["9 rows in 4 checkpoints of 2 tables agree."]


def closed_by(*checkpoints: Checkpoint) -> list[int]:
    """The rows that checkpoints name, in their order."""
    return [row for one in checkpoints for row, _digest in listed(bytes(one.listing))]


def test_when_nothing_was_written_no_checkpoint_is_made_but_the_job_is_seen_to_run() -> None:
    events(1)
    close()
    LedgerClosing.objects.update(at="2020-01-01T00:00:00Z")
    assert close() == []
    assert not LedgerClosing.objects.filter(at__year=2020).exists()


def test_rows_committed_late_by_a_long_transaction_are_closed_then(other: psycopg.Connection) -> None:
    early = events(1)
    ((late,),) = other.execute(COPY_OF_LAST).fetchall()
    later = events(1)  # begun after the long transaction, committed before it
    assert late < min(later)
    close()
    assert closed_by(*Checkpoint.objects.filter(table=EVENTS)) == early
    other.commit()
    close()
    assert closed_by(Checkpoint.objects.get(table=EVENTS, number=2)) == [late, *later]
    assert found()[-1].endswith("agree.")


def test_a_transaction_in_another_database_of_the_server_holds_nothing_up() -> None:
    with psycopg.connect(**{**connection.get_connection_params(), "dbname": "postgres"}) as elsewhere:
        elsewhere.execute("SELECT pg_current_xact_id()")
        events(1)
        close()
    assert found() == ["3 rows in 2 checkpoints of 2 tables agree."]


def test_what_was_rolled_back_leaves_nothing(other: psycopg.Connection) -> None:
    events(1)
    other.execute(COPY_OF_LAST)
    other.rollback()
    events(1)
    close()
    assert found() == ["6 rows in 2 checkpoints of 2 tables agree."]


def test_many_rows_make_many_checkpoints_also_those_of_one_transaction(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(closing, "ROWS_A_CHECKPOINT", 10)
    monkeypatch.setattr(closing, "ROWS_AT_ONCE", 25)
    events(1)
    copies(57)
    events(4)
    made = [one for one in close() if one.table == EVENTS]
    assert sum(one.rows for one in made) == 67
    assert [one.rows for one in made] == [10, 10, 5, 10, 10, 5, 10, 7]
    assert found() == ["72 rows in 9 checkpoints of 2 tables agree."]


def in_thread(act: Callable[[], object]) -> threading.Thread:
    def run() -> None:
        try:
            act()
        finally:
            connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def held(monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[threading.Event, threading.Event]]:
    """The job stops in the midst of closing, until it is let go: the first event says that it is there."""
    reached, go = threading.Event(), threading.Event()
    load = signing.load

    def wait(path: Any) -> signing.SigningKeys:
        reached.set()
        assert go.wait(20)
        return load(path)

    monkeypatch.setattr(signing, "load", wait)
    yield reached, go
    go.set()


def test_writing_does_not_wait_for_the_job(held: tuple[threading.Event, threading.Event]) -> None:
    reached, go = held
    events(1)
    job = in_thread(close_all.call)
    assert reached.wait(20)
    with transaction.atomic():
        execute("SET LOCAL lock_timeout = '200ms'")
        events(2)
    go.set()
    job.join()
    close()
    assert found()[-1].startswith("9 rows in ")
    assert found()[-1].endswith("of 2 tables agree.")


def test_of_two_jobs_at_once_the_second_leaves(held: tuple[threading.Event, threading.Event]) -> None:
    reached, go = held
    events(1)
    first, *_others = ledgered_tables()
    job = in_thread(lambda: closing.close(first))
    assert reached.wait(20)
    assert closing.close(first) == 0
    go.set()
    job.join()
    assert Checkpoint.objects.get().table == first.name


def test_many_jobs_and_writers_at_once_leave_one_chain() -> None:
    events(1)
    jobs = [in_thread(lambda: [close_all.call() for _time in range(6)]) for _job in range(3)]
    writers = [in_thread(lambda: [execute(COPY_OF_LAST) for _time in range(20)]) for _writer in range(3)]
    for thread in (*jobs, *writers):
        thread.join()
    close()
    numbers = Checkpoint.objects.filter(table=EVENTS).order_by("number").values_list("number", flat=True)
    assert list(numbers) == list(range(1, len(numbers) + 1))
    assert ConsentEvent.objects.count() == 62
    assert found()[-1].endswith("of 2 tables agree.")


def test_a_server_that_has_not_come_as_far_as_the_ledger_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    events(1)
    close()
    cluster, ended, following = transactions()
    monkeypatch.setattr(closing, "transactions", lambda: (cluster, ended - 1000, following))
    with pytest.raises(LedgerError, match=r"has not reached yet.*docs/ledger\.md"):
        close_all.call()


def test_a_row_says_in_which_transaction_of_which_cluster_it_was_written() -> None:
    events(1)
    ((cluster,),) = execute("SELECT system_identifier FROM pg_control_system()")
    given, withdrawn = ConsentEvent.objects.order_by("pk")
    assert given.written_in.int >> 64 == withdrawn.written_in.int >> 64 == cluster
    ((xmin,),) = execute(f"SELECT xmin::text::bigint FROM {EVENTS} WHERE id = %s", withdrawn.pk)
    assert given.written_in < withdrawn.written_in
    assert abs((withdrawn.written_in.int & 0xFFFFFFFF) - xmin) < 20  # written within savepoints of that transaction
