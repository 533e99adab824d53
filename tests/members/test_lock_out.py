"""Wrong passwords are held back, and nobody can lock somebody else out by typing them (A3)."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.core.cache import cache
from django.test import Client

from members.models import Member
from privacy_portal import settings as real
from tests.factories import PASSWORD

BEGINNING = datetime.now(UTC) + timedelta(hours=1)  # the policy is loaded after this line is read
HERE, ELSEWHERE = "203.0.113.1", "198.51.100.7"


def minutes_later(minutes: float) -> time_machine.travel:
    return time_machine.travel(BEGINNING + timedelta(minutes=minutes), tick=False)


@pytest.fixture(autouse=True)
def limits_of_production(settings: Any) -> Iterator[None]:
    settings.ACCOUNT_RATE_LIMITS = real.ACCOUNT_RATE_LIMITS
    cache.clear()
    with minutes_later(0):
        yield
    cache.clear()


def is_let_in(password: str, place: str, address: str = "alice@example.com") -> bool:
    answer = Client(REMOTE_ADDR=place).post("/account/login/", {"login": address, "password": password})
    return bool(answer.status_code == 302)


def tried_from_many_places(times: int) -> None:
    for number in range(times):
        assert not is_let_in("wrong", f"192.0.2.{number}")


def test_five_wrong_passwords_from_one_place_make_it_wait_five_minutes(alice: Member) -> None:
    for _attempt in range(5):
        assert not is_let_in("wrong", HERE)
    assert not is_let_in(PASSWORD, HERE)
    with minutes_later(4.9):
        assert not is_let_in(PASSWORD, HERE)
    with minutes_later(5.1):
        assert is_let_in(PASSWORD, HERE)


def test_somebody_who_types_wrong_passwords_elsewhere_locks_nobody_out(alice: Member) -> None:
    for _attempt in range(7):
        is_let_in("wrong", ELSEWHERE)
    assert is_let_in(PASSWORD, HERE)


def test_an_account_tried_from_many_places_is_slowed_but_never_closed(alice: Member) -> None:
    tried_from_many_places(20)
    assert not is_let_in("wrong", HERE)  # the one attempt of this minute
    assert not is_let_in(PASSWORD, HERE)
    assert is_let_in(PASSWORD, ELSEWHERE)  # which each place has for itself
    for minutes in range(2, 10, 2):
        with minutes_later(minutes):
            assert is_let_in(PASSWORD, HERE)
            tried_from_many_places(3)


def test_right_passwords_are_not_counted(alice: Member) -> None:
    for _attempt in range(8):
        assert is_let_in(PASSWORD, HERE)
    assert not is_let_in("wrong", HERE)
    assert is_let_in(PASSWORD, HERE)


def test_one_place_that_tries_many_accounts_has_to_wait_as_well(alice: Member) -> None:
    for number in range(10):
        is_let_in("wrong", HERE, f"somebody{number}@example.com")
    assert not is_let_in(PASSWORD, HERE)
    assert is_let_in(PASSWORD, ELSEWHERE)
