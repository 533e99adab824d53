"""Before anything is destroyed or exported staff show their second factor again; their password is no proof."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.retention import runs
from privacy_portal.retention.models import DestructionRun
from tests import second_factor
from tests.factories import a_request, fresh
from tests.in_admin import page_of
from tests.requests.desk_pages import step
from tests.retention.lives import an_ended_consent, later

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
LONG_AGO = 1200


@pytest.fixture
def client(officer: Account, signed_in: SignIn) -> Client:
    """An officer who showed the second factor some time ago."""
    second_factor.an_app(officer)
    client = signed_in(officer)
    second_factor.shows_it(client, officer, ago=LONG_AGO)
    return client


def doors(alice: Member) -> dict[str, str]:
    return {
        "evidence of a member": page_of(alice, "evidence"),
        "export of the queue": reverse("admin:requests_memberrequest_export"),
    }


@pytest.mark.parametrize("door", ["evidence of a member", "export of the queue"])
def test_an_export_asks_when_its_form_opens_and_again_when_that_took_too_long(
    door: str, alice: Member, officer: Account, client: Client
) -> None:
    address = doors(alice)[door]
    form = {"reason": " ", "why": ""}  # goes no further than the form itself
    first = client.get(address, follow=True).redirect_chain[-1][0]
    assert first.startswith(reverse("mfa_reauthenticate"))
    sent: Any = client.post(address, form)
    assert sent.status_code == 302
    assert sent["Location"].startswith(reverse("account_reauthenticate"))

    back = client.post(first, {"code": second_factor.code_of(officer)})
    assert back["Location"] == address
    assert client.get(address).status_code == 200
    # The proof is six minutes old: no longer enough to open the form, still enough to send it.
    second_factor.shows_it(client, officer, ago=360)
    assert client.get(address).status_code == 302
    assert client.post(address, form).status_code == 200


def test_a_destruction_is_approved_only_with_a_fresh_second_factor(
    alice: Member, officer: Account, client: Client
) -> None:
    an_ended_consent(alice)
    with later(years=6):
        run = runs.propose()
    assert run is not None
    client.cookies["django_language"] = "en"

    asked = client.post(page_of(run, "approve"), follow=True)

    assert "Nothing was done yet" in asked.content.decode()
    assert DestructionRun.objects.get(pk=run.pk).state == "proposed"
    address = asked.redirect_chain[-1][0]
    assert client.post(address, {"code": second_factor.code_of(officer)})["Location"] == page_of(run)
    client.post(page_of(run, "approve"))
    assert DestructionRun.objects.get(pk=run.pk).approved_by == officer.pk


def test_a_deletion_is_confirmed_only_with_a_fresh_second_factor(
    alice: Member, officer: Account, client: Client
) -> None:
    deletion = a_request("deletion", alice, state="to_confirm")

    asked = step(client, deletion, "confirm")

    assert asked["Location"].startswith(reverse("account_reauthenticate"))
    assert fresh(deletion).state == "to_confirm"
    second_factor.shows_it(client, officer)
    step(client, deletion, "confirm")
    assert fresh(deletion).state in ("approved", "done")


def test_the_password_is_no_proof_for_staff(alice: Member, officer: Account, client: Client) -> None:
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        *session[AUTHENTICATION_METHODS_SESSION_KEY],
        {"method": "password", "at": time.time(), "reauthenticated": True},
    ]
    session.save()
    assert client.get(page_of(alice, "evidence")).status_code == 302
    # Nor is it asked for: the page of the password leads on to that of the second factor.
    chain = client.get(reverse("account_reauthenticate"), follow=True).redirect_chain
    assert chain[-1][0].startswith(reverse("mfa_reauthenticate"))
