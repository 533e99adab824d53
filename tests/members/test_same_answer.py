"""No door tells who is a member: known and unknown addresses get the same answer for the same work.

Compared is the work done (statements, hashing, the cache), never the clock, which would tell only now and then.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import unified_diff
from itertools import count
from typing import Any, ClassVar
from unittest.mock import patch

import pytest
from django.contrib.auth.hashers import MD5PasswordHasher
from django.core import mail
from django.core.cache import cache, caches
from django.core.cache.backends.locmem import LocMemCache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django_tasks_db.models import DBTaskResult

from members.addresses import alias_of
from members.models import Account, Member
from members.signup import notice_for
from privacy_portal import settings as real
from tests.factories import PASSWORD, a_member, a_request, a_staff_account
from tests.second_factor import an_app

SignIn = Callable[[Member | Account], Client]
WRONG = "not the password at all"
LOCKED_OUT = 5  # wrong passwords from one place for one account, before it has to wait
LITERALS = [
    (re.compile(r"'(?:[^']|'')*'(::\w+)?"), "?"),
    (re.compile(r'"s\d+_x\d+"'), "?"),
    (re.compile(r"(?<!IS )(?<!NOT )NULL"), "?"),
    (re.compile(r"\b\d+(\.\d+)?\b"), "?"),
]
# Keeping and undoing what was written since a savepoint is one statement, and nothing is written by either.
ENDS_OF_SAVEPOINT = re.compile(r"^(RELEASE SAVEPOINT|ROLLBACK TO SAVEPOINT) \?$")


class Counted(MD5PasswordHasher):
    """A quick hasher that counts how often a password is hashed, to store it or to check it."""

    hashed: ClassVar[int] = 0

    def encode(self, password: str, salt: str) -> str:
        Counted.hashed += 1
        return super().encode(password, salt)


@dataclass
class Work:
    """What one request did and what it answered."""

    statements: list[str] = field(default_factory=list)
    hashed: int = 0
    cache: list[str] = field(default_factory=list)
    status: int = 0
    headers: dict[str, str] = field(default_factory=dict)
    cookies: dict[str, list[str]] = field(default_factory=dict)
    session: list[str] = field(default_factory=list)
    body: str = ""


def work_of(path: str, typed: dict[str, str], client: Client | None = None) -> Work:
    """What it takes to answer `typed`, without what differs between any two requests."""
    client = client or Client()
    client.get(path)  # with a page seen before, and what the process keeps
    work, hashed_before = Work(), Counted.hashed
    with CaptureQueriesContext(connection) as queries, recorded(work.cache):
        answer = client.post(path, typed)
    work.statements = [_statement(one["sql"]) for one in queries.captured_queries]
    work.hashed = Counted.hashed - hashed_before
    work.status = answer.status_code
    # The moment it was made, and the length of the address that a form shows again, tell nothing.
    # Apart from what is another with every answer, whoever asks.
    left_out = ("Expires", "Content-Length", "X-Request-ID")
    work.headers = {name: text for name, text in answer.headers.items() if name not in left_out}
    work.cookies = {name: sorted(set(one) - {"expires"}) for name, one in answer.cookies.items()}
    work.session = sorted(client.session.keys())
    body = answer.content.decode()
    for value in sorted(typed.values(), key=len, reverse=True):
        body = body.replace(value, "…") if value else body
    work.body = re.sub(r'name="csrfmiddlewaretoken" value="\w+"', "", body)
    return work


def assert_same(one: Work, other: Work) -> None:
    assert "\n".join(unified_diff(one.statements, other.statements, lineterm="", n=1)) == ""
    assert one == other


def _statement(sql: str) -> str:
    for literal, sign in LITERALS:
        sql = literal.sub(sign, sql)
    return ENDS_OF_SAVEPOINT.sub("END OF SAVEPOINT", sql)


class recorded:
    """Notes what is asked of the cache, which is a table in production."""

    def __init__(self, operations: list[str]) -> None:
        self.operations = operations
        self.patches = [patch.object(LocMemCache, name, self._noting(name)) for name in ("get", "set", "add", "delete")]

    def _noting(self, name: str) -> Any:
        real_one = getattr(LocMemCache, name)

        def noting(cache_: Any, *args: Any, **kwargs: Any) -> Any:
            self.operations.append(name)
            return real_one(cache_, *args, **kwargs)

        return noting

    def __enter__(self) -> None:
        for one in self.patches:
            one.start()

    def __exit__(self, *exception: object) -> None:
        for one in self.patches:
            one.stop()


@pytest.fixture(autouse=True)
def as_in_production(settings: Any) -> Iterator[None]:
    """The limits of production; tasks are rows that the worker takes up later, here never."""
    settings.PASSWORD_HASHERS = [f"{__name__}.Counted"]
    settings.ACCOUNT_RATE_LIMITS = real.ACCOUNT_RATE_LIMITS
    settings.TASKS = real.TASKS
    cache.clear()
    yield
    cache.clear()


def unconfirmed() -> Account:
    account = a_member("unconfirmed@example.com").account
    assert account is not None
    account.emailaddress_set.update(verified=False)  # type: ignore[attr-defined]
    return account


def closed() -> Account:
    account = a_member("closed@example.com").account
    assert account is not None
    Account.objects.filter(pk=account.pk).update(is_active=False)
    return account


def without_password() -> Account:
    account = a_member("without@example.com").account
    assert account is not None
    account.set_unusable_password()
    Account.objects.filter(pk=account.pk).update(password=account.password)
    return account


def with_a_second_factor() -> Account:
    account = a_member("factor@example.com").account
    assert account is not None
    an_app(account)
    return account


KNOWN: dict[str, Callable[[], object]] = {
    "member@example.com": lambda: a_member("member@example.com"),
    "english@example.com": lambda: a_member("english@example.com", language="en"),
    "staff@cloud.example": lambda: a_staff_account("staff@cloud.example", "Support agent"),
    "unconfirmed@example.com": unconfirmed,
    "closed@example.com": closed,
    "without@example.com": without_password,
    "factor@example.com": with_a_second_factor,
}
numbers = count()


def nobody() -> str:
    return f"nobody{next(numbers)}@example.com"


def joining(address: str) -> dict[str, str]:
    return {
        "age": "14_or_over",
        "email": address,
        "password1": PASSWORD,
        "name": "박민지",
        "mobile_phone": "010-5555-6666",
        "address": "서울특별시 마포구 양화로 45",
        "country_of_residence": "KR",
        "notice": str(notice_for("individual").pk),
    }


@pytest.fixture(params=KNOWN)
def known(request: pytest.FixtureRequest, db: None) -> str:
    KNOWN[request.param]()
    work_of("/account/login/", {"login": nobody(), "password": WRONG})  # what is only done once
    return str(request.param)


def test_signing_in_with_a_wrong_password(known: str) -> None:
    assert_same(
        work_of("/account/login/", {"login": known, "password": WRONG}),
        work_of("/account/login/", {"login": nobody(), "password": WRONG}),
    )


def test_being_locked_out(known: str) -> None:
    unknown = nobody()
    for number in range(LOCKED_OUT + 2):
        cache_of_the_place_forgotten()
        tried = [work_of("/account/login/", {"login": one, "password": WRONG}) for one in (known, unknown)]
        assert_same(*tried)
        assert tried[0].hashed == (1 if number < LOCKED_OUT else 0)


def cache_of_the_place_forgotten() -> None:
    """Forget the limit of one network address for all accounts; those of the accounts stay."""
    for key in [key.removeprefix(":1:") for key in caches["default"]._cache if ":ip:" in key]:  # type: ignore[attr-defined]
        cache.delete(key)


def test_having_a_new_password_mailed(known: str) -> None:
    work_of("/account/password/reset/", {"email": nobody()})
    assert_same(
        work_of("/account/password/reset/", {"email": known}),
        work_of("/account/password/reset/", {"email": nobody()}),
    )


def test_joining(known: str) -> None:
    work_of("/sign-up/individual/", joining(nobody()))
    accounts = Account.objects.count()
    with_known = work_of("/sign-up/individual/", joining(known))
    assert Account.objects.count() == accounts
    assert_same(with_known, work_of("/sign-up/individual/", joining(nobody())))


def test_having_the_link_to_a_request_mailed_again(db: None) -> None:
    filed = a_request("general_inquiry", None)
    path = "/requests/follow/"
    typed = [
        {"reference": filed.reference, "email": "visitor@example.com"},
        {"reference": filed.reference, "email": "another@example.com"},
        {"reference": "R-2026-999999", "email": "visitor@example.com"},
    ]
    work_of(path, typed[0])
    right, wrong_address, wrong_reference = (work_of(path, one) for one in typed)
    assert_same(right, wrong_address)
    assert_same(right, wrong_reference)


def test_asking_for_an_address(known: str, signed_in: SignIn) -> None:
    def asking(member: Member, address: str) -> Work:
        client = signed_in(member)
        client.post("/account/reauthenticate/", {"password": PASSWORD})
        return work_of("/my/account/address/", {"email": address}, client)

    first, second, third = (a_member(f"asking{number}@example.com") for number in range(3))
    asking(first, nobody())
    mail.outbox.clear()
    assert_same(asking(second, known), asking(third, nobody()))


def test_what_waits_for_the_worker_names_no_address(known: str, signed_in: SignIn) -> None:
    filed = a_request("general_inquiry", None)
    work_of("/account/password/reset/", {"email": known})
    work_of("/requests/follow/", {"reference": filed.reference, "email": known})
    work_of("/sign-up/individual/", joining(known))
    work_of("/sign-up/individual/", joining(nobody()))
    waiting = str(list(DBTaskResult.objects.values_list("args_kwargs", flat=True)))
    assert alias_of(known) in waiting
    assert not re.search(r"@(?!sealed\.invalid)", waiting)
