from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from io import StringIO
from typing import Any

import pytest
from allauth.account.internal.flows.login import record_authentication
from django.core.management import call_command
from django.db import connection
from django.http import HttpRequest
from django.test import Client, TransactionTestCase
from hypothesis import settings

from members.models import Account, Member
from members.staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT
from privacy_portal.vault import destruction_list
from tests import factories, second_factor

# Playwright runs an event loop in the tests' thread; the ORM is used beside it, not in it.
os.environ.setdefault("DJANGO_ALLOW_ASYNC_UNSAFE", "true")

# The same examples every time: a run that passed passes again. Set HYPOTHESIS_PROFILE=explore to look for new ones.
settings.register_profile("same", derandomize=True, database=None)
settings.register_profile("explore")
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "same"))

# What tests with real transactions leave in place: policy, retention schedule, groups and Django's own tables.
KEPT = (
    "policy_",
    "auth_",
    "retention_retentionrule",
    "retention_historicalretentionrule",
    "django_content_type",
    "django_migrations",
)


@pytest.fixture(scope="session")
def django_db_setup(django_db_setup: None, django_db_blocker: Any) -> None:
    """The policy is loaded once; every test sees it."""
    with django_db_blocker.unblock():
        call_command("load_policy", stdout=StringIO())
        call_command("load_retention", stdout=StringIO())


def _empty_tables(self: TransactionTestCase) -> None:
    """Empty what the test filled. Append-only tables refuse TRUNCATE, so their triggers are switched off for it."""
    with connection.cursor() as cursor:
        tables = [name for name in connection.introspection.table_names(cursor) if not name.startswith(KEPT)]
        names = ", ".join(f'"{name}"' for name in tables)
        # Draft and later versions of notices are the tests' own; the first ones are the policy.
        cursor.execute(
            f"BEGIN; SET LOCAL session_replication_role = replica; TRUNCATE {names};"
            " DELETE FROM policy_noticeitem WHERE notice_id IN (SELECT id FROM policy_notice WHERE version > 1);"
            " DELETE FROM policy_notice WHERE version > 1;"
            " UPDATE policy_collection SET asked_again_since = 1; COMMIT"
        )


@pytest.fixture(autouse=True, scope="session")
def transactional_tests_keep_the_policy() -> Iterator[None]:
    before = TransactionTestCase._fixture_teardown  # type: ignore[attr-defined]
    TransactionTestCase._fixture_teardown = _empty_tables  # type: ignore[attr-defined]
    yield
    TransactionTestCase._fixture_teardown = before  # type: ignore[attr-defined]


@pytest.fixture
def nothing_on_the_list_of_destructions(monkeypatch: pytest.MonkeyPatch) -> None:
    """For tests that count queries: how long the list is, and so what it is compared with, is up to other tests."""
    monkeypatch.setattr(destruction_list, "why_not_serve", lambda: "")


# The standing cast. Charlie is somebody else: she must never see anything of Alice's.
@pytest.fixture
def alice(db: None) -> Member:
    return factories.a_member(email="alice@example.com", name="김하늘")


@pytest.fixture
def charlie(db: None) -> Member:
    return factories.a_member(
        email="charlie@example.com",
        name="Charlotte Brown",
        country_of_residence="GB",
        mobile_phone="07400 123456",
        address="12 Rose Lane, Bath",
    )


@pytest.fixture
def business(db: None) -> Member:
    return factories.a_business(email="office@biz.example.com")


@pytest.fixture
def officer(db: None) -> Account:
    return factories.a_staff_account("officer@cloud.example", PRIVACY_OFFICER)


@pytest.fixture
def agent(db: None) -> Account:
    return factories.a_staff_account("agent@cloud.example", SUPPORT_AGENT)


@pytest.fixture
def auditor(db: None) -> Account:
    return factories.a_staff_account("auditor@cloud.example", AUDITOR)


@pytest.fixture
def signed_in() -> Callable[[Member | Account], Client]:
    """A test client signed in as a member or a staff account; staff have just shown their second factor."""

    def sign_in(who: Member | Account) -> Client:
        client = Client()
        account = who.account if isinstance(who, Member) else who
        assert account is not None
        client.force_login(account, backend="allauth.account.auth_backends.AuthenticationBackend")
        if account.is_staff:
            second_factor.shows_it(client, account)
        return client

    return sign_in


@pytest.fixture
def signed_in_again(signed_in: Callable[[Member | Account], Client]) -> Callable[[Member | Account], Client]:
    """The same, of somebody who has just proved once more that it is them (`members.access.asked_again`)."""

    def sign_in(who: Member | Account) -> Client:
        client = signed_in(who)
        account = who.account if isinstance(who, Member) else who
        request = HttpRequest()
        assert account is not None
        request.session, request.user = client.session, account
        record_authentication(request, account, method="password", reauthenticated=True)
        request.session.save()
        return client

    return sign_in
