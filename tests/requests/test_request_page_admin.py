"""The page of a request: what a decision needs, masked, and buttons for the steps allowed now."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client

from members.models import Account, Member
from requests import kinds
from tests.factories import a_request
from tests.in_admin import opened, page_of

SignIn = Callable[[Member | Account], Client]

MEMBERS_OWN = [code for code, kind in kinds.kinds().items() if "individual" in kind.who]


@pytest.mark.parametrize("state", ["received", "in_review", "waiting", "to_confirm", "refused", "done", "cancelled"])
@pytest.mark.parametrize("kind", MEMBERS_OWN)
def test_every_kind_in_every_state_has_its_page_and_shows_no_value_in_full(
    kind: str, state: str, alice: Member, officer: Account, signed_in: SignIn
) -> None:
    if state == "to_confirm" and not kinds.kind(kind).four_eyes:
        pytest.skip("nobody confirms decisions of this kind")
    text = opened(signed_in(officer), page_of(a_request(kind, alice, state=state)))
    assert "홍길순" not in text
