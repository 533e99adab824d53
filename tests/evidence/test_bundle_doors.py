"""How an officer comes to a bundle: from a member's page, from a consent's page, and at the command line."""

from __future__ import annotations

from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from django.urls import reverse

from consents.models import Consent
from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry
from privacy_portal.errors import PortalError
from privacy_portal.evidence.making import Asked, make_bundle
from tests.evidence.bundles import rows_of, verdict
from tests.factories import SYSTEM, a_consent, acting, staff_acting
from tests.in_admin import opened, page_of, takes_a_request_of
from tests.ledger import close

SignIn = Callable[[Member | Account], Client]
FORM: dict[str, Any] = {"why": "dispute", "reference": "2026가합1234", "remark": "소송 대응", "language": "ko"}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def consent(alice: Member) -> Consent:
    return a_consent(alice, "general.newsletter", company_name="하늘상사")


def exports() -> list[AccessEntry]:
    return list(AccessEntry.objects.filter(what="export").order_by("id"))


def form_of(row: Member | Consent) -> str:
    return page_of(row, "evidence")


@pytest.mark.parametrize("about", ["alice", "consent"])
def test_an_officer_downloads_it_from_the_page_of_a_member_or_a_consent(
    about: str, consent: Consent, alice: Member, officer: Account, signed_in: SignIn, tmp_path: Path
) -> None:
    row: Any = alice if about == "alice" else consent
    client = signed_in(officer)
    assert form_of(row) in opened(client, page_of(row))
    opened(client, form_of(row))
    response: Any = client.post(form_of(row), FORM)
    assert response.status_code == 200
    assert response["Content-Type"] == "application/zip"
    assert response["Content-Disposition"].startswith('attachment; filename="evidence-')
    assert response["X-Content-Type-Options"] == "nosniff"
    assert {"no-store", "private"} <= set(response["Cache-Control"].split(", "))
    bundle = response.getvalue()
    response.close()
    assert verdict(bundle, tmp_path)[0]
    assert [one["consent"] for one in rows_of(bundle, "consents")] == [str(consent.pk)]


def test_making_it_is_on_record_with_its_reason(
    consent: Consent, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.post(form_of(alice), FORM, headers={"user-agent": "Mozilla/5.0 (staff)"}).close()
    [entry] = exports()
    assert (entry.account_id, entry.page) == (officer.pk, "admin:members_member_evidence")
    assert alice.pk in entry.people
    assert entry.request_reference == "2026가합1234"
    assert entry.opened_evidence()["reason"] == "dispute · 소송 대응"
    assert not entry.in_full


def test_a_bundle_that_cannot_be_put_on_record_is_not_handed_out(
    alice: Member, officer: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(**facts: Any) -> None:
        raise RuntimeError("the log is full")

    monkeypatch.setattr(AccessEntry.objects, "create", broken)
    with pytest.raises(RuntimeError):
        make_bundle(alice.pk, asked=Asked(**FORM), actor=staff_acting(officer))


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"why": ""}, "why"),
        ({"why": "curiosity"}, "why"),
        ({"why": "request", "reference": " "}, "reference"),
        ({"why": "authority", "reference": ""}, "reference"),
        ({"why": "other", "remark": " "}, "remark"),
        ({"language": "fr"}, "language"),
    ],
)
def test_what_is_missing_is_told_beside_its_field_and_nothing_is_made(
    change: dict[str, str], field: str, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    response = signed_in(officer).post(form_of(alice), {**FORM, **change})
    assert response.status_code == 200
    assert list(response.context["form"].errors) == [field]
    assert exports() == []


@pytest.mark.parametrize("who", ["auditor", "agent"])
def test_auditors_and_agents_have_neither_button_nor_form(
    who: str, consent: Consent, alice: Member, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    if who == "agent":
        takes_a_request_of(request.getfixturevalue(who), alice)
    for row in (alice, consent):
        assert form_of(row) not in opened(client, page_of(row))
        assert client.get(form_of(row)).status_code == 403
        assert client.post(form_of(row), FORM).status_code == 403
    assert exports() == []


def test_members_and_strangers_are_kept_out(alice: Member, charlie: Member, signed_in: SignIn) -> None:
    assert signed_in(charlie).post(form_of(alice), FORM, follow=True).status_code == 403
    assert Client().post(form_of(alice), FORM).status_code == 302
    assert exports() == []


def test_the_verb_asks_for_the_right_itself(alice: Member, auditor: Account, agent: Account) -> None:
    for actor in (staff_acting(auditor), staff_acting(agent), acting(alice), SYSTEM):
        with pytest.raises(PortalError) as refused:
            make_bundle(alice.pk, asked=Asked(**FORM), actor=actor)
        assert refused.value.code == "not_allowed"


def test_nobody_has_a_bundle_of_nobody(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    for page in ("members_member_evidence", "consents_consent_evidence"):
        assert client.get(reverse(f"admin:{page}", args=[uuid4()])).status_code == 404
    with pytest.raises(PortalError) as refused:
        make_bundle(uuid4(), asked=Asked(**FORM), actor=staff_acting(officer))
    assert refused.value.code == "not_found"


def commanded(*arguments: str | Path) -> str:
    said = StringIO()
    call_command("export_evidence", *map(str, arguments), stdout=said, stderr=StringIO())
    return said.getvalue()


def test_the_command_writes_it_in_an_officer_s_name(
    consent: Consent, alice: Member, officer: Account, tmp_path: Path
) -> None:
    close()
    out = tmp_path / "out.zip"
    why = ("--reason", "authority", "--reference", "수사-2026-17", "--by", "officer@cloud.example", "--out", out)
    assert "covered by 1 checkpoints" in commanded("--member", str(alice.pk), *why)
    assert out.stat().st_mode & 0o777 == 0o600
    assert verdict(out.read_bytes(), tmp_path)[0]
    [entry] = exports()
    assert (entry.account_id, entry.actor_name, entry.people) == (officer.pk, "export_evidence", [alice.pk])
    assert entry.opened_evidence() == {"reason": "authority"}
    assert entry.request_reference == "수사-2026-17"
    with pytest.raises(CommandError, match="not replaced"):
        commanded("--consent", str(consent.pk), *why)
    commanded("--consent", str(consent.pk), *why[:-1], tmp_path / "consent.zip")
    assert len(exports()) == 2


@pytest.mark.parametrize("by", ["auditor@cloud.example", "alice@example.com", "nobody@cloud.example", "no address"])
@pytest.mark.usefixtures("auditor", "officer")
def test_the_command_refuses_whoever_has_no_right(by: str, alice: Member, tmp_path: Path) -> None:
    out = tmp_path / "out.zip"
    with pytest.raises(CommandError):
        commanded("--member", str(alice.pk), "--reason", "inspection", "--by", by, "--out", out)
    assert not out.exists()
    assert exports() == []
