"""Services and their keys: what an officer may say, that a key is told once, and two at a time."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction

from consents.models import ServiceClient, ServiceKey
from consents.services import clients, keys, limits
from members.models import Account
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from tests.consents.services.calling import NEWSLETTER, a_key, a_service
from tests.factories import SYSTEM, staff_acting

pytestmark = pytest.mark.django_db


def refused(code: str, field: str | None = None) -> pytest.RaisesExc[PortalError]:
    return pytest.raises(PortalError, check=lambda error: (error.code, error.field) == (code, field))


def test_an_officer_adds_a_service_and_the_history_names_the_officer(officer: Account) -> None:
    service = a_service(actor=staff_acting(officer), address_ranges=["203.0.113.0/24", " 2001:db8::/32 ", "10.0.0.1"])
    assert service.address_ranges == ["203.0.113.0/24", "2001:db8::/32", "10.0.0.1/32"]
    assert service.scopes == ["consents:check"]
    row = service.history.get()
    assert (row.history_user_id, row.history_change_reason) == (officer.pk, "service added")


def test_an_agent_adds_no_service(agent: Account) -> None:
    with refused("not_allowed"):
        a_service(actor=staff_acting(agent))


@pytest.mark.parametrize(
    ("changed", "code", "field"),
    [
        ({"name": "  "}, "name_missing", "name"),
        ({"name": "taken"}, "name_taken", "name"),
        ({"scopes": ["consents:check", "everything"]}, "unknown_scope", "scopes"),
        ({"collections": [NEWSLETTER, "general.nothing"]}, "unknown_collection", "collections"),
        ({"collections": ["membership.individual_signup"]}, "not_a_consent", "collections"),
        ({"rate_limit": 0}, "bad_rate_limit", "rate_limit"),
        ({"address_ranges": ["203.0.113.7/24"]}, "bad_address_range", "address_ranges"),
        ({"address_ranges": ["example.com"]}, "bad_address_range", "address_ranges"),
    ],
)
def test_what_makes_no_sense_is_refused_by_its_field(changed: dict[str, Any], code: str, field: str) -> None:
    a_service("taken")
    with refused(code, field):
        a_service(**changed)
    assert ServiceClient.objects.count() == 1


def test_the_database_knows_the_scopes_too() -> None:
    service = a_service()
    service.scopes = ["everything"]
    with pytest.raises(IntegrityError), transaction.atomic():
        service.save()


def test_a_key_is_kept_as_a_digest_and_recognised() -> None:
    service = a_service()
    token = a_key(service)
    key = ServiceKey.objects.get()
    assert keys.recognised(token, at=now()) == key
    assert len(token.partition(".")[2]) == 43  # 256 bits
    with connection.cursor() as cursor:
        cursor.execute("SELECT to_jsonb(k)::text FROM consents_servicekey k")
        [(row,)] = cursor.fetchall()
        cursor.execute("SELECT to_jsonb(k)::text FROM consents_historicalservicekey k")
        [(past,)] = cursor.fetchall()
    secret = token.partition(".")[2]
    assert secret not in row + past
    assert keys.digest_of(secret).hex() in row
    assert keys.digest_of(secret).hex() not in past


def test_no_other_key_is_recognised() -> None:
    service = a_service()
    token = a_key(service)
    prefix, _dot, secret = token.partition(".")
    other = a_key(service)
    for wrong in (
        "",
        ".",
        prefix,
        f"{prefix}.",
        f"{prefix}.{secret[:-1]}",
        f"{prefix}.{other.partition('.')[2]}",
        f"{prefix[:-1]}.{secret}",
        f"{prefix}.{secret}.",
        f"\x00{prefix}.{secret}",
        f"{prefix}.{secret}" * 50,
        f"{prefix}.ñ",
    ):
        assert keys.recognised(wrong, at=now()) is None, wrong


def test_a_key_ends_when_it_expires_is_revoked_or_its_service_may_not_call() -> None:
    service = a_service()
    token = a_key(service, days=30)
    key = ServiceKey.objects.get()
    assert keys.recognised(token, at=key.expires_at - timedelta(seconds=1)) is not None
    assert keys.recognised(token, at=key.expires_at) is None
    terms = clients.Terms("billing", [], [], 1)
    clients.change(service, terms, is_active=False, actor=SYSTEM)
    assert keys.recognised(token, at=now()) is None
    clients.change(service, terms, is_active=True, actor=SYSTEM)
    assert keys.recognised(token, at=now()) is not None
    clients.revoke_key(key, actor=SYSTEM)
    assert keys.recognised(token, at=now()) is None


def test_revoking_twice_is_revoking_once() -> None:
    a_key(a_service())
    key = ServiceKey.objects.get()
    first = clients.revoke_key(key, actor=SYSTEM).revoked_at
    assert clients.revoke_key(key, actor=SYSTEM).revoked_at == first
    assert [row.history_change_reason for row in key.history.all()] == ["key revoked", "key made"]


def test_two_keys_are_valid_at_a_time_and_a_third_waits() -> None:
    service = a_service()
    a_key(service)
    a_key(service)
    with refused("two_keys"):
        a_key(service)
    clients.revoke_key(service.keys.first(), actor=SYSTEM)  # type: ignore[arg-type]
    a_key(service)
    with pretending(now() + timedelta(days=31)):  # the others have expired
        a_key(service)


def test_a_key_lasts_a_year_at_most(settings) -> None:
    service = a_service()
    with refused("expiry_past", "expires_at"):
        a_key(service, days=0)
    with refused("expiry_too_late", "expires_at"):
        a_key(service, days=settings.SERVICE_KEY_DAYS + 2)


def test_use_is_noted_once_a_minute() -> None:
    service = a_service()
    token = a_key(service)
    at = now()

    def used(seconds: int) -> int:
        key = keys.recognised(token, at=at)
        assert key is not None
        keys.note_use(key, at=at + timedelta(seconds=seconds))
        last = ServiceKey.objects.get().last_used_at
        assert last is not None
        return round((last - at).total_seconds())

    assert [used(seconds) for seconds in (0, 30, 59, 60, 90)] == [0, 0, 0, 60, 60]
    assert ServiceKey.history.count() == 1  # type: ignore[attr-defined]


def test_a_service_calls_as_often_as_it_may_in_a_minute_and_again_in_the_next() -> None:
    service = a_service(rate_limit=3)
    at = now().replace(second=40, microsecond=0)
    assert [limits.seconds_to_wait(service, at=at) for _call in range(5)] == [0, 0, 0, 20, 20]
    assert limits.seconds_to_wait(service, at=at + timedelta(seconds=20)) == 0
    # A process whose clock is behind counts in the minute that runs.
    assert [limits.seconds_to_wait(service, at=at) for _call in range(3)] == [0, 0, 20]


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("203.0.113.7", True),
        ("::ffff:203.0.113.7", True),
        ("203.0.114.7", False),
        ("2001:db8::1", True),
        ("2001:db9::1", False),
        ("", False),
        ("unknown", False),
    ],
)
def test_a_service_calls_from_its_own_addresses(address: str, may: bool) -> None:
    service = a_service(address_ranges=["203.0.113.0/24", "2001:db8::/32"])
    assert clients.may_call_from(service, address) is may
    assert clients.may_call_from(a_service("anywhere"), address)


@pytest.mark.django_db(transaction=True)
def test_of_calls_at_once_none_is_lost_and_of_keys_at_once_two_are_made() -> None:
    service = a_service(rate_limit=25)
    at = now()
    waits: list[int] = []
    made: list[str] = []

    def call() -> None:
        try:
            for _call in range(10):
                waits.append(limits.seconds_to_wait(service, at=at))
            try:
                made.append(a_key(service))
            except PortalError as error:
                made.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=call) for _thread in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(waits) == 60
    assert waits.count(0) == 25
    assert made.count("two_keys") == 4
    assert service.keys.valid().count() == 2
