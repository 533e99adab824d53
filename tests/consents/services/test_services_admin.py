"""Services in the admin: officers add them and make keys, auditors look on, nobody sees a key twice."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consents.models import ServiceClient, ServiceKey
from consents.services import keys
from members.models import Account, Member
from privacy_portal.clock import now
from tests import second_factor
from tests.consents.services.calling import NEWSLETTER, SALES, a_key, a_service
from tests.in_admin import list_of, opened, page_of, queries

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
LIST = list_of("consents_serviceclient")


def key_page(service: ServiceClient) -> str:
    return reverse("admin:consents_serviceclient_key", args=[service.pk])


def typed(**changed: Any) -> dict[str, Any]:
    return {
        "name": "billing",
        "scopes": ["consents:check"],
        "collections": [NEWSLETTER, SALES],
        "rate_limit": "600",
        "address_ranges": "203.0.113.0/24\r\n10.0.0.1",
        **changed,
    }


def test_an_officer_adds_a_service(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    page = reverse("admin:consents_serviceclient_new")
    assert page in opened(client, LIST)
    opened(client, page)
    assert client.post(page, typed()).status_code == 302
    service = ServiceClient.objects.get()
    assert (service.name, service.rate_limit, service.scopes) == ("billing", 600, ["consents:check"])
    assert service.address_ranges == ["203.0.113.0/24", "10.0.0.1/32"]
    assert set(service.collections) == {NEWSLETTER, SALES}
    assert "billing" in opened(client, LIST)
    assert "203.0.113.0/24" in opened(client, page_of(service))
    assert service.history.get().history_user_id == officer.pk


def test_what_is_wrong_is_told_beside_its_field_and_nothing_is_lost(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    response = client.post(reverse("admin:consents_serviceclient_new"), typed(address_ranges="203.0.113.7/24"))
    text = response.content.decode()
    assert response.status_code == 200
    assert 'id="id_address_ranges_error"' in text
    assert "203.0.113.7/24" in text
    assert not ServiceClient.objects.exists()


def test_an_officer_changes_what_a_service_may_do(officer: Account, signed_in: SignIn) -> None:
    client, service = signed_in(officer), a_service()
    page = reverse("admin:consents_serviceclient_terms", args=[service.pk])
    assert 'value="billing"' in opened(client, page)
    assert client.post(page, typed(name="payments", collections=[SALES])).status_code == 302
    service.refresh_from_db()
    assert (service.name, service.collections, service.is_active) == ("payments", [SALES], False)
    opened(client, page_of(service, "history"))


def test_a_key_is_shown_once_after_the_second_factor_was_asked_for_again(officer: Account, signed_in: SignIn) -> None:
    service, client = a_service(), signed_in(officer)
    second_factor.shows_it(client, officer, ago=3600)
    response = client.get(key_page(service))
    assert response.status_code == 302
    assert response["Location"].startswith(reverse("account_reauthenticate"))
    assert client.post(key_page(service), {"last_day": "2027-01-01"}).status_code == 302
    assert not ServiceKey.objects.exists()

    second_factor.shows_it(client, officer)
    opened(client, key_page(service))
    last_day = timezone.localdate(now()) + timedelta(days=10)
    response = client.post(key_page(service), {"last_day": last_day.isoformat()})
    assert response.status_code == 200
    assert "no-store" in response["Cache-Control"]
    [token] = re.findall(r'value="(\w{12}\.[\w-]{43})"', response.content.decode())
    key = keys.recognised(token, at=now())
    assert key is not None
    assert timezone.localtime(key.expires_at - timedelta(seconds=1)).date() == last_day
    secret = token.partition(".")[2]
    for page in (LIST, page_of(service), page_of(service, "history"), key_page(service)):
        assert secret not in opened(client, page)
    page = opened(client, page_of(service))
    assert key.prefix in page
    assert f"· {officer.staff_name}" in page  # who made it


def test_a_third_key_and_a_day_gone_by_are_refused_in_words(officer: Account, signed_in: SignIn) -> None:
    service, client = a_service(), signed_in(officer)
    response = client.post(key_page(service), {"last_day": "2020-01-01"})
    assert 'id="id_last_day_error"' in response.content.decode()
    a_key(service)
    a_key(service)
    day = (timezone.localdate(now()) + timedelta(days=10)).isoformat()
    response = client.post(key_page(service), {"last_day": day})
    assert 'role="alert"' in response.content.decode()
    assert ServiceKey.objects.count() == 2


def test_an_officer_revokes_a_key(officer: Account, signed_in: SignIn) -> None:
    service = a_service()
    token = a_key(service)
    client = signed_in(officer)
    [address] = re.findall(r'action="([^"]+/revoke/)"', opened(client, page_of(service)))
    assert client.get(address).status_code == 405
    assert client.post(address).status_code == 302
    assert keys.recognised(token, at=now()) is None
    assert "/revoke/" not in opened(client, page_of(service))
    key = ServiceKey.objects.get()
    assert key.history.latest().history_user_id == officer.pk  # type: ignore[attr-defined]


def test_an_auditor_looks_on(auditor: Account, signed_in: SignIn) -> None:
    service = a_service()
    a_key(service)
    client = signed_in(auditor)
    for page in (LIST, page_of(service), page_of(service, "history")):
        text = opened(client, page)
        assert "/revoke/" not in text
        assert reverse("admin:consents_serviceclient_new") not in text
    key = service.keys.get()
    for address in (
        reverse("admin:consents_serviceclient_new"),
        reverse("admin:consents_serviceclient_terms", args=[service.pk]),
        key_page(service),
        reverse("admin:consents_serviceclient_revoke", args=[key.pk]),
    ):
        assert client.post(address, typed()).status_code == 403
    assert ServiceKey.objects.valid().count() == 1


def test_pages_cost_the_same_however_many_there_are(officer: Account, signed_in: SignIn) -> None:
    client, service = signed_in(officer), a_service()
    before = queries(client, LIST), queries(client, page_of(service))
    for number in range(5):
        a_service(f"service {number}")
    a_key(service)
    a_key(service)
    assert (queries(client, LIST), queries(client, page_of(service))) == before
