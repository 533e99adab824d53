from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from members.models import Account, Member

SignIn = Callable[[Member | Account], Client]


def test_my_account_shows_the_address_one_signs_in_with_masked_and_nobody_elses(
    alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    page = signed_in(alice).get(reverse("members:account")).content.decode()

    assert "al******@example.com" in page
    assert "alice@example.com" not in page
    assert "charlie" not in page


def test_my_account_is_for_those_who_are_signed_in(db: None, client: Client) -> None:
    answer = client.get(reverse("members:account"))

    assert answer.status_code == 302
    assert answer["Location"].startswith(reverse("account_login"))
