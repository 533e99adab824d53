"""The monthly review of the access log: what stands out, signing off, and what is overdue."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.audit import reviewing, rules, watch_list
from privacy_portal.audit.models import AccessEntry, AccessReview, WatchedPerson
from privacy_portal.audit.months import key_for
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from tests.factories import staff_acting
from tests.in_admin import list_of, opened, page_of

SignIn = Callable[[Member | Account], Client]
SEOUL = ZoneInfo("Asia/Seoul")
OCTOBER = date(2026, 10, 1)
MONTH = reverse("admin:audit_accessreview_month", args=[2026, 10])


def an_entry(account: Account, *people: uuid.UUID, day: int = 15, hour: int = 10, **facts: Any) -> AccessEntry:
    at = datetime(2026, 10, day, hour, tzinfo=SEOUL)
    return AccessEntry.objects.create(
        at=at,
        actor_kind="staff",
        account_id=account.pk,
        data_key=key_for(at),
        people=list(people),
        **{"what": "view", "page": "admin:members_member_change", **facts},
    )


def sign_off(officer: Account, note: str = "이상 없음") -> AccessReview:
    seen = reviewing.findings(OCTOBER).last_entry_id
    return reviewing.sign_off(OCTOBER, note=note, seen=seen, actor=staff_acting(officer))


def test_a_month_begins_and_ends_at_midnight_in_seoul(officer: Account) -> None:
    first, last = an_entry(officer, day=1, hour=0), an_entry(officer, day=31, hour=23)
    for at in (datetime(2026, 9, 30, 23, 59, tzinfo=SEOUL), datetime(2026, 11, 1, 0, 0, tzinfo=SEOUL)):
        AccessEntry.objects.create(
            at=at, actor_kind="staff", account_id=officer.pk, data_key=key_for(at), what="view", page="x"
        )
    assert set(reviewing.entries_of(OCTOBER)) == {first, last}


def test_whoever_saw_many_more_people_than_the_others_stands_out(
    officer: Account, agent: Account, auditor: Account
) -> None:
    few = [uuid.uuid4() for _number in range(5)]
    many = [uuid.uuid4() for _number in range(40)]
    an_entry(officer, *few)
    an_entry(auditor, *few)
    an_entry(agent, *many, what="list")
    an_entry(agent, *many, what="list")  # the same people again are no more people
    volumes = {one.account_id: one for one in reviewing.findings(OCTOBER).volumes}
    assert (volumes[agent.pk].entries, volumes[agent.pk].people) == (2, 40)
    assert [account for account, one in volumes.items() if one.is_unusual] == [agent.pk]


def test_work_at_night_is_counted_by_the_hour_in_seoul(officer: Account) -> None:
    for hour in (5, 6, 12, 21, 22):
        an_entry(officer, hour=hour)
    found = reviewing.findings(OCTOBER)
    assert found.volumes[0].at_night == 2
    assert [(hour, is_night) for hour, count, is_night in found.hours if count] == [
        (5, True),
        (6, False),
        (12, False),
        (21, False),
        (22, True),
    ]


def test_reveals_without_reference_and_exports_are_listed_with_their_reasons(
    officer: Account, agent: Account, signed_in: SignIn
) -> None:
    bare = an_entry(officer, what="reveal", evidence={"reason": "identity · 창구 확인"})
    an_entry(agent, what="reveal", request_reference="R-1")
    export = an_entry(agent, what="export", evidence={"reason": "수사 협조"})
    found = reviewing.findings(OCTOBER)
    assert found.without_reference == [bare]
    assert found.exports == [export]
    text = opened(signed_in(officer), MONTH)
    assert "창구 확인" in text
    assert "수사 협조" in text


def test_whoever_opens_the_record_of_a_watched_person_is_shown(
    officer: Account, agent: Account, alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    watch_list.watch(alice.pk, why="colleague", actor=staff_acting(officer))
    opening = an_entry(agent, alice.pk)
    an_entry(agent, charlie.pk)
    an_entry(agent, alice.pk, charlie.pk, what="list")
    assert [entry for entry, _watched in reviewing.findings(OCTOBER).to_watched] == [opening]
    assert "김*늘" in opened(signed_in(officer), MONTH)
    watch_list.stop_watching(alice.pk, actor=staff_acting(officer))
    assert reviewing.findings(OCTOBER).to_watched == []


def test_an_officer_signs_a_month_off_with_a_note(officer: Account, signed_in: SignIn) -> None:
    last = an_entry(officer)
    client = signed_in(officer)
    assert f'value="{last.pk}"' in opened(client, MONTH)
    client.post(MONTH, {"seen": last.pk, "note": "심야 접속 1건 확인함"})
    review = AccessReview.objects.get()
    assert (review.month, review.signed_off_by, review.entries) == (OCTOBER, officer.pk, 1)
    assert "심야 접속 1건 확인함" in opened(client, MONTH)
    assert review.history.count() == 1
    opened(client, page_of(review))
    opened(client, page_of(review, "history"))


@pytest.mark.parametrize("posted", [{"note": ""}, {"note": "fine", "seen": "0"}])
def test_without_a_note_or_with_entries_unseen_it_is_not_signed_off(
    posted: dict[str, str], officer: Account, signed_in: SignIn
) -> None:
    last = an_entry(officer)
    response = signed_in(officer).post(MONTH, {"seen": str(last.pk), **posted})
    assert response.status_code == 200
    assert not AccessReview.objects.exists()


def test_a_month_is_signed_off_once_and_only_when_it_is_over(officer: Account) -> None:
    an_entry(officer)
    with pretending(datetime(2026, 10, 31, 23, tzinfo=SEOUL)), pytest.raises(PortalError) as early:
        sign_off(officer)
    with pretending(datetime(2026, 11, 1, 0, tzinfo=SEOUL)):
        sign_off(officer)
        with pytest.raises(PortalError) as again:
            sign_off(officer)
    assert (early.value.code, again.value.code) == ("month_not_over", "signed_off")


def test_others_only_read_reviews(auditor: Account, agent: Account, signed_in: SignIn) -> None:
    last = an_entry(auditor)
    opened(signed_in(auditor), MONTH)
    assert signed_in(auditor).post(MONTH, {"seen": last.pk, "note": "fine"}).status_code == 403
    assert signed_in(agent).get(MONTH).status_code == 403


def test_a_review_is_overdue_after_the_day_of_the_rule_until_it_is_signed_off(officer: Account) -> None:
    an_entry(officer)
    assert reviewing.overdue_reviews(date(2026, 10, 31)) == []
    assert reviewing.overdue_reviews(date(2026, 11, 10)) == []
    assert reviewing.overdue_reviews(date(2026, 11, 11)) == [OCTOBER]
    with pretending(datetime(2026, 11, 12, tzinfo=SEOUL)):
        sign_off(officer)
    assert reviewing.overdue_reviews(date(2026, 11, 13)) == []


def test_an_overdue_review_is_said_on_the_first_page(officer: Account, agent: Account, signed_in: SignIn) -> None:
    an_entry(officer)
    with pretending(datetime(2026, 11, 11, 9, tzinfo=SEOUL)):
        assert MONTH in opened(signed_in(officer), reverse("admin:index"))
        assert MONTH not in opened(signed_in(agent), reverse("admin:index"))
        assert MONTH in opened(signed_in(officer), list_of("audit_accessreview"))


@pytest.mark.parametrize("month", [(2026, 13), (2026, 0), (1999, 1), (9999, 1)])
def test_what_is_no_month_is_no_page(month: tuple[int, int], officer: Account, signed_in: SignIn) -> None:
    address = reverse("admin:audit_accessreview_month", args=month)
    assert signed_in(officer).get(address).status_code == 404


def test_a_person_is_put_on_the_watch_list_and_taken_off(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    address = f"{reverse('admin:audit_watchedperson_watch')}?person={alice.pk}"
    client = signed_in(officer)
    assert address in opened(client, page_of(alice))
    opened(client, address)
    client.post(address, {"why": "well_known"})
    watched = WatchedPerson.objects.get()
    assert (watched.person_id, watched.why, watched.is_watched) == (alice.pk, "well_known", True)
    assert "김*늘" in opened(client, list_of("audit_watchedperson"))
    client.post(address, {"stop": "yes"})
    watched.refresh_from_db()
    assert not watched.is_watched
    assert watched.history.count() == 2
    assert signed_in(agent).post(address, {"why": "other"}).status_code == 403


def test_a_number_of_the_rules_holds_from_its_day(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [{"since": date(2024, 1, 1), "number": 10}, {"since": date(2026, 7, 1), "number": 5}]
    monkeypatch.setattr(rules, "_all", lambda: {"reveal_minutes": lines})
    days = (date(2020, 1, 1), date(2026, 6, 30), date(2026, 7, 1))
    assert [rules.number("reveal_minutes", day) for day in days] == [10, 10, 5]
