from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from members.models import Member
from tests.factories import a_member

SignedIn = Callable[[Member], Client]


def test_a_member_is_spoken_to_in_the_language_chosen_at_sign_up(signed_in: SignedIn, db: None) -> None:
    client = signed_in(a_member(language="en"))
    response = client.get("/my/", headers={"accept-language": "ko"})
    assert response["Content-Language"] == "en"


def test_a_language_switched_to_is_remembered_for_pages_and_e_mails(alice: Member, signed_in: SignedIn) -> None:
    signed_in(alice).post("/language/", {"language": "en"})
    alice.refresh_from_db()
    assert alice.account is not None
    assert (alice.language, alice.account.language) == ("en", "en")
    row = alice.history.latest()
    assert (row.actor_kind, row.history_user_id) == ("member", alice.account_id)
    assert signed_in(alice).get("/my/")["Content-Language"] == "en"


@pytest.mark.parametrize("language", ["", "xx", "en\x00", "../en"])
def test_a_language_nobody_speaks_here_changes_nothing(alice: Member, signed_in: SignedIn, language: str) -> None:
    assert signed_in(alice).post("/language/", {"language": language}).status_code == 302
    alice.refresh_from_db()
    assert alice.language == "ko"


def test_a_stranger_switches_for_the_browser_alone(client: Client, db: None) -> None:
    client.post("/language/", {"language": "en"})
    assert client.get("/")["Content-Language"] == "en"


def test_the_switch_never_leads_to_another_site(client: Client, db: None) -> None:
    response = client.post("/language/", {"language": "en", "next": "https://evil.example/"})
    assert "evil" not in response["Location"]
