"""By when a request is answered, at every edge of the calendar (Q1, Q5, Q19)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from members.models import Member
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from requests import deadlines, kinds, steps, workflow
from requests.models import MemberRequest
from tests.factories import a_request, acting, fresh, staff_acting, the_agent

SEOUL = ZoneInfo("Asia/Seoul")


def seoul(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=SEOUL)


@dataclass
class Counting:
    """A period to count, without a request around it."""

    counts_from: date
    period_days: int = 10
    paused_days: int = 0
    extended_days: int = 0
    paused_at: datetime | None = None
    due_on: date = date.max

    def __post_init__(self) -> None:
        self.due_on = deadlines.due_day(self)


@pytest.mark.parametrize(
    ("received", "due"),
    [
        ("2026-11-02", "2026-11-12"),  # a Monday: the tenth day is a Thursday
        ("2026-11-04", "2026-11-16"),  # the tenth day is a Saturday
        ("2026-11-05", "2026-11-16"),  # the tenth day is a Sunday
        ("2026-01-31", "2026-02-10"),  # from the last day of a month
        ("2024-02-19", "2024-02-29"),  # on the day that leap years have
        ("2024-02-29", "2024-03-11"),  # from it; 10 March 2024 is a Sunday
        ("2025-02-18", "2025-02-28"),
        ("2026-02-06", "2026-02-19"),  # the tenth day is the eve of Seollal; the 17th and 18th are off too
        ("2025-01-17", "2025-01-31"),  # 27 January 2025 was off by decree, then Seollal: 28 to 30
        ("2026-09-15", "2026-09-28"),  # Chuseok, 24 to 26 September 2026, and then a Sunday
        ("2025-12-22", "2026-01-02"),  # over the new year
    ],
)
def test_the_last_day_moves_on_over_days_off(received: str, due: str) -> None:
    assert deadlines.due_day(Counting(date.fromisoformat(received))) == date.fromisoformat(due)


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("moment", "counted_from"),
    [("2026-11-02T23:59:59", "2026-11-02"), ("2026-11-03T00:00:01", "2026-11-03")],
)
def test_midnight_in_seoul_is_where_a_day_ends(alice: Member, moment: str, counted_from: str) -> None:
    with pretending(seoul(moment)):
        member_request = a_request("access", alice)
    assert member_request.counts_from == date.fromisoformat(counted_from)
    assert member_request.due_on == member_request.counts_from + timedelta(days=10)


def test_the_due_day_shows_0_and_is_overdue_from_midnight_on() -> None:
    counting = Counting(date(2026, 11, 2))
    assert deadlines.days_left(counting, seoul("2026-11-02T09:00:00")) == 10
    assert deadlines.days_left(counting, seoul("2026-11-12T00:00:00")) == 0
    assert deadlines.days_left(counting, seoul("2026-11-12T23:59:59")) == 0
    assert deadlines.days_left(counting, seoul("2026-11-13T00:00:00")) == -1


@pytest.mark.django_db
def test_the_queues_agree_with_the_days_left(alice: Member) -> None:
    with pretending(seoul("2026-11-02T10:00:00")):
        member_request = a_request("access", alice)
    for moment, soon, overdue in (
        ("2026-11-09T23:59:59", False, False),
        ("2026-11-10T00:00:00", True, False),
        ("2026-11-12T23:59:59", True, False),
        ("2026-11-13T00:00:00", False, True),
    ):
        at = seoul(moment)
        assert MemberRequest.objects.due_soon(at).exists() == soon, moment
        assert MemberRequest.objects.overdue(at).exists() == overdue == member_request.is_overdue(at), moment


@pytest.mark.django_db
def test_the_period_rests_while_the_member_is_asked_several_times_and_over_the_due_day(alice: Member) -> None:
    agent = staff_acting(the_agent(), "website")
    with pretending(seoul("2040-11-05T10:00:00")):
        member_request = a_request("information_change_individual", alice, state="in_review")
        assert member_request.due_on == date(2040, 11, 12)
    for asked, answered, due in (
        ("2040-11-06T23:50:00", "2040-11-07T00:10:00", "2040-11-13"),  # one midnight: one day
        ("2040-11-08T09:00:00", "2040-11-08T18:00:00", "2040-11-13"),  # none
        ("2040-11-13T09:00:00", "2040-11-28T09:00:00", "2040-11-28"),  # asked on the due day, answered long after
    ):
        with pretending(seoul(asked)):
            left = member_request.days_left()
            workflow.ask(member_request, "한 장 더 보내 주세요.", seen=member_request.version, actor=agent)
            member_request = fresh(member_request)
        with pretending(seoul(answered)):
            assert member_request.days_left() == left
            assert not member_request.is_overdue()
            workflow.answer(member_request, "보냈습니다.", actor=acting(alice))
            member_request = fresh(member_request)
            assert member_request.due_on == date.fromisoformat(due)
            assert member_request.days_left() == left


@pytest.mark.django_db
def test_a_period_that_law_sets_does_not_rest(alice: Member) -> None:
    assert not any(kind.pausing for kind in kinds.kinds().values() if kind.periods[0].by_law)
    with pretending(seoul("2026-11-02T10:00:00")):
        member_request = a_request("access", alice, state="waiting")
    assert member_request.days_left(seoul("2026-11-12T10:00:00")) == 0
    with pretending(seoul("2026-11-12T10:00:00")):
        workflow.answer(member_request, "네.", actor=acting(alice))
    assert fresh(member_request).due_on == date(2026, 11, 12)


@pytest.mark.django_db
def test_access_is_extended_once_with_a_reason_and_before_it_is_overdue(alice: Member) -> None:
    agent = staff_acting(the_agent(), "website")
    with pretending(seoul("2026-11-02T10:00:00")):
        member_request = a_request("access", alice, state="in_review")
    with pretending(seoul("2026-11-12T23:59:00")):
        assert steps.next_due_day(member_request) == "2026-11-23"  # the twentieth day is a Sunday
        with pytest.raises(PortalError) as without_reason:
            workflow.extend(member_request, "  ", seen=member_request.version, actor=agent)
        assert without_reason.value.code == "nothing_written"
        workflow.extend(member_request, "자료가 많아 더 걸립니다.", seen=member_request.version, actor=agent)
        member_request = fresh(member_request)
        assert member_request.due_on == date(2026, 11, 23)
        with pytest.raises(PortalError) as twice:
            workflow.extend(member_request, "더 걸립니다.", seen=member_request.version, actor=agent)
        assert twice.value.code == "extended_already"


@pytest.mark.django_db
def test_what_is_overdue_or_may_not_be_extended_is_not(alice: Member) -> None:
    agent = staff_acting(the_agent(), "website")
    with pretending(seoul("2026-11-02T10:00:00")):
        late = a_request("access", alice, state="in_review")
        correction = a_request("correction", alice, state="in_review")
    with pretending(seoul("2026-11-13T00:00:00")):
        for member_request, code in ((late, "overdue"), (correction, "no_extension")):
            with pytest.raises(PortalError) as refused:
                workflow.extend(member_request, "더 걸립니다.", seen=member_request.version, actor=agent)
            assert refused.value.code == code


days = st.dates(date(2015, 1, 1), date(2035, 1, 1))


@given(days, st.integers(1, 60), st.integers(0, 60), st.integers(0, 30))
def test_the_last_day_is_a_working_day_and_never_early(day: date, period: int, paused: int, extended: int) -> None:
    due = deadlines.due_day(Counting(day, period, paused, extended))
    plain = day + timedelta(days=period + paused + extended)
    assert due >= plain
    assert not deadlines.is_day_off(due)
    assert all(deadlines.is_day_off(plain + timedelta(days=n)) for n in range((due - plain).days))


@given(days, st.integers(1, 30), st.integers(0, 40), st.integers(0, 40))
def test_a_rest_never_costs_the_desk_a_day(day: date, period: int, into: int, length: int) -> None:
    counting = Counting(day, period)
    asked = datetime(day.year, day.month, day.day, 23, 59, tzinfo=SEOUL) + timedelta(days=into)
    answered = asked + timedelta(days=length)
    left = deadlines.days_left(counting, asked)
    counting.paused_at = asked
    assert deadlines.days_left(counting, answered) == left
    counting.paused_days += deadlines.rested(counting, answered)
    counting.paused_at, before = None, counting.due_on
    counting.due_on = deadlines.due_day(counting)
    assert counting.due_on >= before
    plain_left = period - into  # by the calendar alone
    assert deadlines.days_left(counting, answered) >= plain_left
