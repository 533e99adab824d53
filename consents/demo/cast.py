"""The demo's named people (`cast.yaml`): staff and members whose passwords are known."""

from __future__ import annotations

import random
from typing import Any

from members.addresses import account_with
from members.second_factor.factors import app_secret
from privacy_portal.actors import Actor
from privacy_portal.policy.models import MemberKind

from .data import read
from .lives import Life, Notices
from .people import BROWSERS, Person

PASSWORD = "member-demo-pass"  # noqa: S105 (of every member of the demo; the demo listens on this machine only)


def staff() -> list[dict[str, str]]:
    return list(read("cast")["staff"])


def sign_ins() -> list[dict[str, str]]:
    """Role, e-mail address and password of each, members first; of staff the secret of their authenticator app too."""
    members = [
        {"role": member["role"], "email": member["values"]["email"], "password": PASSWORD}
        for member in read("cast")["members"]
    ]
    return members + [_sign_in_of_staff(person) for person in staff()]


def _sign_in_of_staff(person: dict[str, str]) -> dict[str, str]:
    sign_in = {part: person[part] for part in ("role", "email", "password")}
    account = account_with(person["email"])
    secret = app_secret(account) if account else None
    return sign_in | ({"totp_secret": secret} if secret else {})


def lives(agent: Actor, notices: Notices) -> list[Life]:
    return [_life(member, agent, notices, number) for number, member in enumerate(read("cast")["members"])]


def _life(member: dict[str, Any], agent: Actor, notices: Notices, number: int) -> Life:
    person = Person(
        kind=MemberKind(member["kind"]),
        country=member["values"]["country_of_residence"],
        language=member["language"],
        values=member["values"],
        delegate={},
        shares_optional_items=True,
        joined=member["deeds"][0]["ago"],
        address=f"203.0.113.{251 + number}",
        browser=BROWSERS[number],
        rng=random.Random(number),  # noqa: S311
    )
    return Life(person, agent, notices, member["deeds"], is_written=True)
