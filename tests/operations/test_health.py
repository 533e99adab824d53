"""`/healthz` and `/readyz`: answers for probes, which know no host name, speak no TLS and hold no session."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.test import Client, override_settings

from members.models import Member
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.vault import destruction_list

ADDRESSES = ["/healthz", "/readyz", "/metrics"]


@pytest.fixture
def silent_port() -> Iterator[int]:
    """A server that takes connections and says nothing."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def test_the_process_lives_and_asks_nothing_of_the_database() -> None:
    response = Client().get("/healthz")  # the tests' database is closed to this test
    assert (response.status_code, response.json()) == (200, {"alive": True})


@pytest.mark.django_db
def test_a_portal_that_may_be_asked_is_ready() -> None:
    response = Client().get("/readyz")
    assert (response.status_code, response.json()) == (200, {"ready": True, "failed": []})


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
@override_settings(SECURE_SSL_REDIRECT=True, ALLOWED_HOSTS=["privacy.cloud.example"])
def test_a_probe_needs_no_tls_and_no_host_name_and_gets_no_cookie(address: str) -> None:
    response = Client().get(address, headers={"host": "10.1.2.3:8000"})
    assert response.status_code == 200
    assert not response.cookies
    assert response["Cache-Control"] == "no-store"


@pytest.mark.django_db
@pytest.mark.parametrize("address", ADDRESSES)
def test_a_probe_is_never_on_the_access_log(address: str, alice: Member, signed_in: Callable[[Member], Client]) -> None:
    before = AccessEntry.objects.count(), OwnAccessEntry.objects.count()
    assert signed_in(alice).get(address).status_code == 200
    assert (AccessEntry.objects.count(), OwnAccessEntry.objects.count()) == before


@pytest.mark.parametrize("address", ADDRESSES)
def test_nothing_can_be_sent_to_them(address: str) -> None:
    assert Client().post(address).status_code == 405


@pytest.mark.django_db
def test_a_database_that_does_not_answer_is_told_within_the_time_of_a_probe(
    silent_port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(connection.settings_dict, "HOST", "127.0.0.1")
    monkeypatch.setitem(connection.settings_dict, "PORT", silent_port)
    begun = time.monotonic()
    response = Client().get("/readyz")
    assert time.monotonic() - begun < 4
    assert (response.status_code, response.json()) == (503, {"ready": False, "failed": ["database"]})
    assert b"portal_database_up 0.0" in Client().get("/metrics").content
    assert Client().get("/healthz").status_code == 200


@pytest.mark.django_db
def test_a_migration_that_is_not_applied_is_told() -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM django_migrations WHERE app = 'consents'")
    assert Client().get("/readyz").json()["failed"] == ["migrations"]


@pytest.mark.django_db
def test_migrations_of_a_newer_version_beside_it_do_no_harm() -> None:
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO django_migrations (app, name, applied) VALUES ('consents', '0099_later', now())")
    assert Client().get("/readyz").status_code == 200


@pytest.mark.django_db
def test_a_missing_list_of_destructions_is_told_by_name_only(settings: Any, tmp_path: Path) -> None:
    settings.DESTRUCTION_LIST = str(tmp_path / "destructions.jsonl")
    destruction_list.write()
    (tmp_path / "destructions.jsonl").unlink()
    response = Client().get("/readyz")
    assert (response.status_code, response.json()["failed"]) == (503, ["destruction_list"])
    assert str(tmp_path) not in response.content.decode()


@pytest.mark.django_db
def test_a_keyring_that_does_not_open_is_told(settings: Any, tmp_path: Path) -> None:
    settings.VAULT_KEYRING = str(tmp_path / "nowhere.json")
    assert Client().get("/readyz").json()["failed"] == ["keyring"]
