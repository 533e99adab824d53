"""The state of the ledger in the admin: how far it is closed, when it was verified, and what was wrong."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.urls import reverse

from members.models import Account
from privacy_portal.audit import verification
from privacy_portal.audit.ledger.problems import SENTENCES, Problem
from privacy_portal.audit.ledger_state import state
from privacy_portal.audit.models import LedgerClosing, LedgerVerification
from privacy_portal.audit.tables import ledgered_tables
from privacy_portal.clock import now
from tests.in_admin import list_of, opened, page_of, queries
from tests.ledger import EVENTS, a_checkpoint, close, events, execute, found, tamper

SignIn = Callable[[Account], Client]
LATE = "New rows have not been closed for more than 15 minutes."
NEVER = "The ledger has never been verified."


@pytest.fixture
def english(officer: Account, signed_in: SignIn) -> Client:
    client = signed_in(officer)
    client.cookies["django_language"] = "en"
    return client


def closed_now() -> None:
    for table in ledgered_tables():
        LedgerClosing.objects.create(table=table.name, reached="00000000-0000-0000-0000-000000000001")


def test_where_nothing_runs_yet_both_warnings_are_given_here_and_at_home(english: Client) -> None:
    for page in (list_of("audit_checkpoint"), reverse("admin:index")):
        text = opened(english, page)
        assert LATE in text
        assert NEVER in text


def test_where_all_is_well_there_is_none(english: Client) -> None:
    closed_now()
    LedgerVerification.recorded(rows=12345, checkpoints=67, problems=0, first=None)
    text = opened(english, list_of("audit_checkpoint"))
    assert "all is as it was closed (12,345 rows, 67 checkpoints)" in text
    assert "up to date" in text
    for warning in (LATE, NEVER, "behind", "record-note"):
        assert warning not in text


def test_a_verification_of_some_days_ago_is_told(english: Client) -> None:
    closed_now()
    LedgerVerification.recorded(rows=1, checkpoints=1, problems=0, first=None)
    LedgerVerification.objects.update(at=now() - timedelta(days=3))
    assert "It should be verified every night." in opened(english, list_of("audit_checkpoint"))


def test_what_was_found_wrong_is_told_here_and_at_home(english: Client) -> None:
    problem = Problem("row_missing", EVENTS, 2, 1234)
    LedgerVerification.recorded(rows=1, checkpoints=1, problems=3, first=problem)
    for page in (list_of("audit_checkpoint"), reverse("admin:index")):
        text = opened(english, page)
        assert f"Row 1234 of {EVENTS} is missing; checkpoint 2 had closed it." in text
        assert "3 problems were found in all." in text


@pytest.mark.parametrize("kind", SENTENCES)
def test_every_problem_is_told_in_korean(kind: str, officer: Account, signed_in: SignIn) -> None:
    LedgerVerification.recorded(
        rows=1, checkpoints=1, problems=1, first=Problem(kind, EVENTS, 7070707, 8080808, detail="some_detail")
    )
    text = opened(signed_in(officer), list_of("audit_checkpoint"))
    assert EVENTS in text
    for named, words in (("%(checkpoint)s", "7070707"), ("%(row)s", "8080808"), ("%(detail)s", "some_detail")):
        assert (words in text) == (named in SENTENCES[kind])
    assert str(Problem(kind, EVENTS, 7070707, 8080808, detail="some_detail")) not in text


def test_support_agents_are_shown_nothing_of_it(agent: Account, signed_in: SignIn) -> None:
    client = signed_in(agent)
    assert client.get(list_of("audit_checkpoint")).status_code == 403
    assert "record-note" not in opened(client, reverse("admin:index"))


def test_a_checkpoint_can_be_compared_with_the_anchors_file(english: Client) -> None:
    one = a_checkpoint()
    text = opened(english, page_of(one))
    assert one.as_signed().digest.hex() in text
    assert bytes(one.signature).hex() in text
    assert "Checkpoint 1: consent events" in text


def test_the_list_is_narrowed_to_one_record(english: Client) -> None:
    one, other = a_checkpoint(), a_checkpoint("vault_destructionrecord")
    text = opened(english, f"{list_of('audit_checkpoint')}?table=vault_destructionrecord")
    assert page_of(other) in text
    assert f'href="{page_of(one)}' not in text.partition("result_list")[2]


def test_the_list_costs_the_same_however_long_it_is(english: Client) -> None:
    one = a_checkpoint()
    before = queries(english, list_of("audit_checkpoint"))
    for number in range(2, 9):
        execute(
            "INSERT INTO audit_checkpoint SELECT nextval('audit_checkpoint_id_seq'), \"table\", %s, previous, columns,"
            " begins_in, begins_at, ends_in, ends_at + %s, rows, total, rows_digest, listing, made_at, key, signature"
            " FROM audit_checkpoint WHERE id = %s",
            number,
            number,
            one.pk,
        )
    assert queries(english, list_of("audit_checkpoint")) == before


@pytest.fixture
def open_transaction(transactional_db: None) -> Iterator[Any]:
    """Somebody's transaction that has written and does not end."""
    with psycopg.connect(**connection.get_connection_params()) as other:
        other.execute("SELECT pg_current_xact_id()")
        yield other


def test_a_transaction_that_stays_open_holds_closing_up_and_this_is_seen(open_transaction: Any) -> None:
    close()
    events(1)
    LedgerClosing.objects.update(at=now() - timedelta(minutes=20))
    close()
    assert state(now()).is_late
    open_transaction.rollback()
    close()
    assert not state(now()).is_late


@pytest.mark.django_db(transaction=True)
def test_what_a_verification_found_is_kept() -> None:
    first, _second = events(1)
    close()
    assert found()[-1].endswith("agree.")
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", first)
    found()
    sound, broken = LedgerVerification.objects.order_by("at")
    assert (sound.problems, sound.rows, sound.checkpoints) == (0, 3, 2)
    assert broken.as_problem() == Problem("row_missing", EVENTS, 1, first)
    assert state(now()).is_broken


@pytest.mark.django_db(transaction=True)
def test_the_daily_task_does_not_verify_again_each_time_a_worker_starts() -> None:
    verification.verify_daily.call()
    verification.verify_daily.call()
    assert LedgerVerification.objects.count() == 1
    LedgerVerification.objects.update(at=now() - timedelta(hours=13))
    verification.verify_daily.call()
    assert LedgerVerification.objects.count() == 2
