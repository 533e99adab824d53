"""Who gets in at the services' door, what is told to whoever does not, and what the access log says of it."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from consents.models import ServiceClient, ServiceKey
from consents.services import clients
from members.models import Member
from privacy_portal.audit.models import AccessEntry
from privacy_portal.clock import now, pretending
from tests.consents.services.calling import ADDRESS, NEWSLETTER, SALES, Calls, a_caller, a_key, a_service, is_problem
from tests.factories import SYSTEM, a_consent

pytestmark = pytest.mark.django_db


def bodies_of(*responses: Any) -> set[bytes]:
    for response in responses:
        is_problem(response, 401, "not_authenticated")
        assert response["WWW-Authenticate"] == "Bearer"
    return {response.content for response in responses}


def test_a_key_that_is_missing_unknown_expired_or_revoked_gets_one_and_the_same_answer() -> None:
    service = a_service()
    token = a_key(service)
    prefix, _dot, _secret = token.partition(".")
    nothing = Client().get("/api/v1/collections")
    wrong = [
        Calls(text).get("collections")
        for text in ("", "x", f"{prefix}.wrong", "abcdefghjkmn.wrong", "\xe9", f"{token} {token}")
    ]
    basic = Client().get("/api/v1/collections", headers={"Authorization": f"Basic {token}"})
    with pretending(now() + timedelta(days=30)):
        expired = Calls(token).get("collections")
    clients.change(service, clients.Terms("billing", [], [], 1), is_active=False, actor=SYSTEM)
    inactive = Calls(token).get("collections")
    clients.change(service, clients.Terms("billing", [], [], 1), is_active=True, actor=SYSTEM)
    assert Calls(token).get("collections").status_code == 200
    clients.revoke_key(ServiceKey.objects.get(), actor=SYSTEM)
    revoked = Calls(token).get("collections")
    assert len(bodies_of(nothing, *wrong, basic, expired, inactive, revoked)) == 1


def test_a_session_opens_nothing_here(alice: Member, signed_in: Any) -> None:
    response = signed_in(alice).get("/api/v1/collections")
    is_problem(response, 401, "not_authenticated")


def test_a_service_calls_from_its_addresses_with_its_scopes_and_for_its_collections() -> None:
    service = a_service(scopes=["consents:read"], collections=[NEWSLETTER], address_ranges=["198.51.100.0/24"])
    token = a_key(service)
    is_problem(Calls(token, "203.0.113.99").get("collections"), 403, "address_not_allowed")
    calls = Calls(token, ADDRESS)
    assert calls.get("collections").status_code == 200
    is_problem(calls.get("consents/check"), 403, "scope_missing")
    is_problem(calls.get(f"notices/{SALES}"), 403, "collection_not_allowed")
    is_problem(calls.get(f"collections/{SALES}"), 403, "collection_not_allowed")


def test_a_service_that_calls_too_often_is_told_when_to_come_back() -> None:
    calls = a_caller(rate_limit=2)
    with pretending(now().replace(second=15)):
        assert [calls.get("collections").status_code for _call in range(2)] == [200, 200]
        response = calls.get("collections")
        is_problem(response, 429, "too_many_calls")
        assert response["Retry-After"] == "45"
    with pretending(now() + timedelta(minutes=2)):
        assert calls.get("collections").status_code == 200


def test_use_of_a_key_is_noted() -> None:
    a_caller().get("collections")
    assert ServiceKey.objects.get().last_used_at is not None


@pytest.mark.parametrize("language", ["ko", "en"])
def test_answers_are_english_set_no_cookie_and_are_kept_by_nobody(language: str) -> None:
    calls = a_caller()
    calls.client.cookies["django_language"] = language
    calls.client.cookies["sessionid"] = "x" * 32
    for response in (
        calls.get("consents/check", {"member": "x"}, **{"Accept-Language": language}),
        calls.get("collections", **{"Accept-Language": language}),
        calls.get("nothing", **{"Accept-Language": language}),
    ):
        assert not response.cookies
        assert response["Content-Language"] == "en"
        assert "Cookie" not in response["Vary"]
        assert response["Cache-Control"] in ("no-store", "private, no-cache")
        assert not any("가" <= letter <= "힣" for letter in response.json().get("detail", ""))


def test_a_call_that_reads_people_is_one_entry_that_names_them_and_the_service(alice: Member, charlie: Member) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    calls = a_caller()
    unknown = "00000000-0000-4000-8000-000000000000"
    asked = [(alice.pk, NEWSLETTER), (alice.pk, SALES), (charlie.pk, NEWSLETTER), (unknown, NEWSLETTER)]
    calls.check(*({"member": str(member), "collection": code} for member, code in asked))
    entry = AccessEntry.objects.get()
    assert set(entry.people) == {alice.pk, charlie.pk}
    assert (entry.actor_kind, entry.actor_name, entry.role) == ("service", "billing", "service:billing")
    assert (entry.what, entry.page, entry.account_id) == ("api_read", "api:check", ServiceClient.objects.get().pk)
    assert entry.opened_evidence() == {"address": ADDRESS, "browser": "billing/1.0"}
    assert entry.in_full is False


def test_what_reads_nobody_leaves_no_entry(alice: Member) -> None:
    calls = a_caller(collections=[NEWSLETTER])
    calls.get("collections")
    calls.get(f"notices/{NEWSLETTER}")
    calls.check({"member": str(alice.pk), "collection": SALES}, {"member": str(alice.pk), "collection": "no.such"})
    assert not AccessEntry.objects.exists()
