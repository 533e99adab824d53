"""The part `audit`: what access logging costs a page, and how fast the ledger and destruction go."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from statistics import median
from typing import NoReturn, TypeVar

from django.conf import settings
from django.db import connection
from django.test import Client, override_settings
from django.urls import reverse
from tqdm import tqdm

from consents.models import ConsentEvent
from members.admin import MemberAdmin
from members.models import Account, Member
from members.staff import PRIVACY_OFFICER, add_staff
from privacy_portal.actors import Actor
from privacy_portal.audit import closing, verification
from privacy_portal.audit.models import AccessEntry
from privacy_portal.audit.tables import LedgerTable
from privacy_portal.retention import runs
from privacy_portal.serving.progress import step
from privacy_portal.vault import fields as sealed_fields
from tests import second_factor

from . import inserting
from .figures import BenchError, Figure
from .installation import OFFICER, PASSWORD
from .population import fill

T = TypeVar("T")

ACCESS_LOG = "privacy_portal.audit.middleware.access_log"
PEOPLE_A_PAGE = 100
MOST_FOR_LOGGING = 1.15
LEAST_ROWS_A_SECOND = 50_000
LEAST_DESTROYED_A_SECOND = 300


def measure(events: int) -> list[Figure]:
    """Fill in so many consent events, then measure one thing after the other."""
    with _bar(events, "Filling in", "event") as bar:
        made = fill(events, progress=bar.update)
    with step("Telling PostgreSQL what is there"), connection.cursor() as cursor:
        cursor.execute("VACUUM ANALYZE")
    print(f"{made.members:,} members, {made.consents:,} consents, {made.events:,} events")
    officer = add_staff(
        OFFICER, name="Officer", password=PASSWORD, groups=[PRIVACY_OFFICER], actor=Actor.system("bench")
    )
    return [
        *access_logging(officer, rounds=min(max(events // 10_000, 5), 100)),
        *ledger(),
        *destruction(officer),
        *inserts(officer, entries=min(max(events // 50, 200), 20_000)),
    ]


def access_logging(officer: Account, *, rounds: int) -> list[Figure]:
    """The same list of people opened in turns with the access log and without, by one officer in one process."""
    MemberAdmin.list_per_page = PEOPLE_A_PAGE  # for good: this process serves nobody
    shown = min(PEOPLE_A_PAGE, Member.objects.count())
    with override_settings(MIDDLEWARE=[one for one in settings.MIDDLEWARE if one != ACCESS_LOG]):
        plain = _signed_in(officer)
        with _nobody_told():
            _open_list(plain)
    logged = _signed_in(officer)
    _open_list(logged)
    before, with_log, without = AccessEntry.objects.count(), [], []
    with _bar(rounds, "Opening lists", "page") as bar:
        for number in range(rounds):
            for is_logged in (number % 2 == 0, number % 2 == 1):  # neither is always the first
                if is_logged:
                    with_log.append(_open_list(logged))
                else:
                    with _nobody_told():
                        without.append(_open_list(plain))
            bar.update()
    entries = AccessEntry.objects.order_by("-id")
    if entries.count() != before + rounds or any(len(entry.people) != shown for entry in entries[:rounds]):
        raise BenchError("Not every page, and only these, put everybody shown on the record.")
    ratio = median(with_log) / median(without)
    return [
        Figure(f"list of {shown} people, with access log", median(with_log) * 1000, "ms"),
        Figure(f"list of {shown} people, without", median(without) * 1000, "ms"),
        Figure("with, compared to without", ratio, "times", at_most=MOST_FOR_LOGGING),
    ]


def ledger() -> list[Figure]:
    """Closing the consent events into checkpoints, then verifying the whole ledger."""
    table = LedgerTable(ConsentEvent._meta.db_table)
    with _bar(ConsentEvent.objects.count(), "Closing", "row") as bar:
        closed, seconds = _timed(lambda: closing.close(table, progress=bar.update))
    closing.close_all.call()  # what the other tables have: a few rows
    problems: list[str] = []
    with _bar(verification.rows_to_verify(), "Verifying", "row") as bar:
        done, seconds_of_verifying = _timed(
            lambda: verification.verify(lambda problem: problems.append(str(problem)), bar.update)
        )
    if problems or done.unclosed or done.rows < closed:
        raise BenchError(f"The ledger does not agree: {problems[:1]}, {done.unclosed} rows are not closed.")
    return [
        Figure(f"closing {closed:,} events", closed / seconds, "rows a second", at_least=LEAST_ROWS_A_SECOND),
        Figure(
            f"verify_ledger, {done.rows:,} rows",
            done.rows / seconds_of_verifying,
            "rows a second",
            at_least=LEAST_ROWS_A_SECOND,
        ),
    ]


def destruction(officer: Account) -> list[Figure]:
    """Destroying what has fallen due: the evidence of consents that ended more than 36 months ago."""
    with step("Proposing what is due"):
        run, seconds_of_proposing = _timed(runs.propose)
    if run is None:
        raise BenchError("Nothing is due.")
    due = sum(run.counts.values())
    runs.approve(run, actor=Actor("staff", officer.pk))
    with _bar(due, "Destroying", "record") as bar:
        _nothing, seconds = _timed(lambda: runs.destroy(run, bar.update))
    if set(runs.outcomes(run)) != {("consent_evidence", "destroyed")}:
        raise BenchError(f"Not everything due was destroyed: {runs.outcomes(run)}")
    return [
        Figure(f"proposing {due:,} due records", due / seconds_of_proposing, "records a second"),
        Figure(f"destroy_due, {due:,} records", due / seconds, "records a second", at_least=LEAST_DESTROYED_A_SECOND),
    ]


def inserts(officer: Account, *, entries: int) -> list[Figure]:
    """Writing to the access log from several threads, alone and while the closing job runs without a pause."""
    people = list(Member.objects.order_by("-joined_at", "-id").values_list("pk", flat=True)[:PEOPLE_A_PAGE])
    with _bar(entries, "Inserting alone", "entry") as bar:
        alone = inserting.insert(officer, people, entries, bar.update)
    with inserting.closing_job() as job, _bar(entries, "Inserting beside the job", "entry") as bar:
        beside = inserting.insert(officer, people, entries, bar.update)
    if not job.rounds:
        raise BenchError("The closing job did not run.")
    what = f"{entries:,} access entries by {inserting.THREADS} threads"
    return [
        Figure(f"{what}, alone: longest", max(alone) * 1000, "ms"),
        Figure(f"{what}, alone: 99th percentile", inserting.percentile_99(alone) * 1000, "ms"),
        Figure(
            f"{what}, closing {job.rounds} times meanwhile: longest",
            max(beside) * 1000,
            "ms",
            at_most=inserting.LONGEST_MS,
        ),
        Figure("the same: 99th percentile", inserting.percentile_99(beside) * 1000, "ms", at_most=inserting.MOST_MS),
    ]


def _signed_in(officer: Account) -> Client:
    client = Client(SERVER_NAME="127.0.0.1")
    client.force_login(officer, backend=settings.AUTHENTICATION_BACKENDS[0])
    second_factor.shows_it(client, officer)
    client.handler.load_middleware()  # as the settings are now
    return client


def _open_list(client: Client) -> float:
    """Open the list of members; returns how many seconds it took."""
    response, seconds = _timed(lambda: client.get(reverse("admin:members_member_changelist")))
    if response.status_code != 200:
        raise BenchError(f"The list answered {response.status_code}.")
    return seconds


@contextmanager
def _nobody_told() -> Iterator[None]:
    """Within the block no opened value is noted by anybody."""
    told = sealed_fields.when_read[:]
    sealed_fields.when_read.clear()
    try:
        yield
    finally:
        sealed_fields.when_read.extend(told)


def _timed(work: Callable[[], T]) -> tuple[T, float]:
    begun = time.perf_counter()
    found = work()
    return found, time.perf_counter() - begun


def _bar(total: int, what: str, unit: str) -> tqdm[NoReturn]:
    return tqdm(total=total, desc=what, unit=unit, unit_scale=True)
