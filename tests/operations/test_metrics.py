"""`/metrics`: who may read it, what it says, and that saying it costs the same however much there is."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.test import Client, override_settings
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client.parser import text_string_to_metric_families

from consents.tallies import count_days
from members.models import Member
from privacy_portal.audit.ledger_models import LedgerClosing
from privacy_portal.clock import now, pretending
from privacy_portal.operations import metrics
from privacy_portal.outbox.models import Mail
from privacy_portal.retention.models import DueTally
from requests.models import MemberRequest
from tests import factories
from tests.ledger import close

ROOT = Path(__file__).parents[2]
TOKEN = "a-token-that-only-the-tests-use"


def read(client: Client | None = None) -> dict[tuple[str, str], float]:
    """Every sample by its name and the value of its (last) label."""
    text = (client or Client()).get("/metrics").content.decode()
    samples = [sample for family in text_string_to_metric_families(text) for sample in family.samples]
    return {(one.name, next(iter(one.labels.values()), "")): one.value for one in samples}


def wait_for_the_post(member: Member) -> None:
    """An e-mail that is not sent yet; the tests' queue would send a posted one at once."""
    Mail.objects.create(to="a@example.com", subject="s", text="t", data_key=member.data_key)


@pytest.fixture
def work(alice: Member) -> None:
    """Something of everything that is measured."""
    with pretending(now() - timedelta(days=400)):
        factories.a_request("access", alice)
    factories.a_consent(alice, "general.newsletter", company_name="하늘상사")
    count_days.call()
    wait_for_the_post(alice)
    DueTally.objects.create(code="visitors", due=7, held=2, overdue=3, counted_at=now() - timedelta(hours=1))
    close()


@pytest.mark.django_db
def test_only_loopback_may_read_it_unless_told_otherwise() -> None:
    assert Client().get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="::1").get("/metrics").status_code == 200
    assert Client(REMOTE_ADDR="203.0.113.9").get("/metrics").status_code == 404
    assert Client(REMOTE_ADDR="").get("/metrics").status_code == 404


def test_what_a_proxy_on_this_machine_passes_on_is_not_taken_for_loopback() -> None:
    assert Client().get("/metrics", headers={"x-forwarded-for": "127.0.0.1"}).status_code == 404
    assert Client().get("/metrics", headers={"forwarded": "for=127.0.0.1"}).status_code == 404


@pytest.mark.django_db
@override_settings(METRICS_TOKEN=TOKEN, METRICS_ADDRESSES=[])
def test_whoever_has_the_token_may_read_it_from_anywhere() -> None:
    stranger = Client(REMOTE_ADDR="203.0.113.9")
    assert stranger.get("/metrics", headers={"authorization": f"Bearer {TOKEN}"}).status_code == 200
    for wrong in ("", TOKEN, "Bearer", "Bearer ", f"Bearer {TOKEN}x", f"Basic {TOKEN}", "Bearer 토큰"):
        assert stranger.get("/metrics", headers={"authorization": wrong}).status_code == 404, wrong


@override_settings(METRICS_TOKEN="", METRICS_ADDRESSES=[])
def test_without_a_token_an_empty_one_opens_nothing() -> None:
    assert Client().get("/metrics", headers={"authorization": "Bearer "}).status_code == 404


@pytest.mark.django_db
def test_it_tells_what_waits_and_what_is_late(work: None) -> None:
    DBTaskResult.objects.create(
        task_path="x", args_kwargs={}, backend_name="default", run_after=timezone.now() - timedelta(minutes=3)
    )
    DBTaskResult.objects.update(enqueued_at=timezone.now() - timedelta(minutes=3))
    LedgerClosing.objects.update(at=now() - timedelta(minutes=20))
    LedgerClosing.objects.filter(table="audit_accessentry").delete()
    found = read()
    assert found["portal_database_up", ""] == 1
    assert found["portal_tasks_waiting", ""] == 1
    assert found["portal_tasks_oldest_seconds", ""] == pytest.approx(180, abs=10)
    assert found["portal_mails_waiting", ""] == 1
    assert 0 <= found["portal_mails_oldest_seconds", ""] < 60
    assert found["portal_ledger_lag_seconds", "consents_consentevent"] == pytest.approx(1200, abs=10)
    assert found["portal_ledger_lag_seconds", "audit_accessentry"] == float("inf")
    assert found["portal_ledger_verified_seconds", ""] == float("inf")
    assert found["portal_consent_events_today", "given"] >= 1
    assert found["portal_consent_events_today", "withdrawn"] == 0
    assert found["portal_destructions_due", "visitors"] == 7
    assert found["portal_destructions_held", "visitors"] == 2
    assert found["portal_destructions_overdue", "visitors"] == 3
    assert found["portal_destructions_counted_seconds", ""] == pytest.approx(3600, abs=10)
    assert found["portal_requests_overdue", ""] == MemberRequest.objects.overdue().count() == 1


@pytest.mark.django_db
def test_reading_it_costs_the_same_however_much_there_is(
    work: None, alice: Member, monkeypatch: pytest.MonkeyPatch
) -> None:
    with CaptureQueriesContext(connection) as before:
        read()
    for number in range(4):
        wait_for_the_post(alice)
        DueTally.objects.create(code=f"rule_{number}", due=1, held=0, overdue=0)
    others = [factories.a_member() for _number in range(3)]
    with pretending(now() - timedelta(days=400)):
        for other in others:
            factories.a_request("access", other)
    monkeypatch.setattr(metrics, "MOST", 3)
    with CaptureQueriesContext(connection) as after:
        found = read()
    assert len(after) == len(before) <= 8
    assert found["portal_mails_waiting", ""] == found["portal_requests_overdue", ""] == 3, (
        "no more than MOST are counted"
    )


@pytest.mark.django_db
def test_requests_are_measured_by_route_and_never_by_address() -> None:
    client = Client()
    client.get("/my/consents/general.newsletter/?token=tell-nobody")
    client.get("/no/such/page/tell-nobody")
    text = client.get("/metrics").content.decode()
    assert 'view="consents:detail"' in text
    assert "tell-nobody" not in text
    assert "general.newsletter" not in text


@pytest.mark.django_db
def test_every_name_of_the_portals_own_is_explained(work: None) -> None:
    documented = (ROOT / "docs" / "operations.md").read_text()
    names = {name for name, _label in read() if name.startswith("portal_") and not name.endswith("_created")}
    assert len(names) > 12
    assert not [name for name in names if f"`{name}`" not in documented]
