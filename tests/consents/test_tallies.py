"""Events are counted once a day and kind; the home page reads the counts, never the events."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from consents.models import DailyTally
from consents.tallies import by_collection, count_days, in_weeks
from consents.withdrawal import withdraw
from members.models import Account, Member
from members.staff import add_staff
from tests.factories import PASSWORD, SYSTEM, a_consent, a_member, acting

SignedIn = Callable[[Account], Client]


def tallies() -> dict[tuple[date, str], int]:
    return {(tally.day, tally.kind): tally.count for tally in DailyTally.objects.all()}


def test_events_are_counted_by_their_day_in_seoul(db: None, time_machine: Any) -> None:
    time_machine.move_to("2027-11-20 14:59:59+00:00", tick=False)  # a second before midnight in Seoul
    consent = a_consent(a_member(), "general.newsletter", without=("company_name",))
    time_machine.move_to("2027-11-20 15:00:00+00:00", tick=False)
    withdraw(consent, language="ko", actor=acting(consent.member))
    a_consent(a_member(), "general.newsletter", without=("company_name",))
    count_days.call()
    assert tallies() == {
        (date(2027, 11, 20), "given"): 1,
        (date(2027, 11, 21), "withdrawn"): 1,
        (date(2027, 11, 21), "given"): 1,
    }


def test_counting_again_changes_nothing_and_takes_in_what_is_new(alice: Member, time_machine: Any) -> None:
    time_machine.move_to("2027-11-20 10:00:00+09:00")
    a_consent(alice, "general.newsletter", without=("company_name",))
    count_days.call()
    count_days.call()
    assert list(tallies().values()) == [1]
    a_consent(a_member(), "general.newsletter", without=("company_name",))
    count_days.call()
    assert list(tallies().values()) == [2]


def test_nothing_is_missed_however_long_no_worker_ran(alice: Member, charlie: Member, time_machine: Any) -> None:
    time_machine.move_to("2027-11-01 10:00:00+09:00")
    a_consent(alice, "general.newsletter", without=("company_name",))
    count_days.call()
    time_machine.move_to("2027-11-05 10:00:00+09:00")
    a_consent(charlie, "general.newsletter", without=("company_name",))
    time_machine.move_to("2027-11-20 10:00:00+09:00")
    count_days.call()
    assert tallies() == {(date(2027, 11, 1), "given"): 1, (date(2027, 11, 5), "given"): 1}


def test_weeks_and_collections_add_up(alice: Member, charlie: Member, time_machine: Any) -> None:
    time_machine.move_to("2027-11-03 10:00:00+09:00")
    a_consent(alice, "general.newsletter", without=("company_name",))
    time_machine.move_to("2027-11-20 10:00:00+09:00")
    a_consent(charlie, "general.newsletter", without=("company_name",))
    a_consent(charlie, "services.hello.subscription", nickname="Lottie")
    count_days.call()
    assert in_weeks(date(2027, 11, 1), 3)["given"] == [1, 0, 2]
    assert by_collection(date(2027, 11, 10)) == {
        "general.newsletter": {"given": 1},
        "services.hello.subscription": {"given": 1},
    }


def test_the_officers_home_page_shows_them_with_links_and_as_a_table(
    officer: Account, alice: Member, signed_in: SignedIn, settings: Any, tmp_path: Path
) -> None:
    settings.DESTRUCTION_LIST = str(tmp_path / "destructions.jsonl")  # of no earlier test
    a_consent(alice, "general.newsletter", without=("company_name",))
    count_days.call()
    client = signed_in(officer)
    page = client.get("/admin/", headers={"accept-language": "en"}).content.decode()
    assert 'class="chart"' in page
    assert "The same as a table" in page
    assert page.count('data-label="withdrawn"') == 12 + 1  # each count says on a phone what it counts
    assert "/admin/consents/consentevent/?at_from=" in page
    assert "Newsletter" in page
    with CaptureQueriesContext(connection) as queries:
        client.get("/admin/")
    assert not [query for query in queries if 'FROM "consents_consentevent"' in query["sql"]]


def test_whoever_may_not_see_consents_sees_no_figures_of_them(db: None, signed_in: SignedIn) -> None:
    newcomer = add_staff("new@cloud.example", name="신입", password=PASSWORD, groups=[], actor=SYSTEM)
    page = signed_in(newcomer).get("/admin/").content.decode()
    assert 'class="chart"' not in page
