"""The demo's payment methods: cards, accounts and documents of some members, by the same verbs as everybody else's."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from stdnum import luhn

from members.addresses import account_with
from members.models import Member, PaymentKind, PaymentMethod
from members.payment_methods import adding, removing
from privacy_portal.actors import Actor
from privacy_portal.clock import pretending
from privacy_portal.policy.banks import banks
from requests import payment_documents
from requests.business_licence import ITEM

from .papers import a_paper

# Beginnings of numbers that card companies keep for tests.
TEST_CARDS = ("411111", "555555", "378282", "601111", "356600")
BUSINESS_NUMBER = "123-45-67891"
STRANGERS = 24
BROWSER = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Safari/604.1"


@transaction.atomic
def make(*, seed: int, until: datetime) -> None:
    """Add payment methods of some of the demo's members up to `until`, and remove a few: all of it, or nothing."""
    rng = random.Random(seed)  # noqa: S311 (the same seed tells the same)
    deeds: list[tuple[float, Callable[[], object]]] = []
    seoyeon, emma, business = (_member(email) for email in CAST)
    deeds += _card(rng, seoyeon, until, added=188.2, removed=74.4, good_for=700)
    deeds += _card(rng, seoyeon, until, added=74.3, good_for=1100)
    deeds += _card(rng, emma, until, added=402.6, good_for=340)  # expired, and not yet replaced
    deeds += _card(rng, business, until, added=310.5, good_for=900)
    deeds += _account(rng, business, added=211.7)
    deeds.append((211.6, lambda: _add_documents(business)))
    for member in _strangers(rng):
        since = min(200.0, (until - member.joined_at) / timedelta(days=1))
        added = since * rng.uniform(0.3, 0.9)
        removed = added * rng.uniform(0.1, 0.8) if rng.random() < 0.25 else None
        if member.kind == Member.Kind.BUSINESS and PaymentKind.ACCOUNT_TRANSFER in adding.kinds_for(member):
            deeds += _account(rng, member, added=added, removed=removed)
        else:
            deeds += _card(rng, member, until, added=added, removed=removed, good_for=rng.randint(210, 1500))
    for ago, deed in sorted(deeds, key=lambda one: -one[0]):
        with pretending(until - timedelta(days=ago)):
            deed()


CAST = ("seoyeon.park@example.com", "emma.clarke@example.com", "privacy@saebyeokbyeol-soft.example")


def _member(email: str) -> Member:
    return Member.objects.select_related("data_key").get(account=account_with(email))


def _strangers(rng: random.Random) -> list[Member]:
    known = [account_with(email) for email in CAST]
    others = Member.objects.exclude(kind=Member.Kind.VISITOR).exclude(account__in=known).select_related("data_key")
    found = list(others.order_by("joined_at", "pk"))
    return rng.sample(found, min(STRANGERS, len(found)))


def _card(
    rng: random.Random,
    member: Member,
    until: datetime,
    *,
    added: float,
    removed: float | None = None,
    good_for: int,
) -> list[tuple[float, Callable[[], object]]]:
    start = rng.choice(TEST_CARDS)
    number = start + "".join(rng.choices("0123456789", k=(14 if start.startswith("37") else 15) - len(start)))
    holder = {"birth_date": f"{rng.randint(1960, 2003)}-{rng.randint(1, 12):02}-{rng.randint(1, 28):02}"}
    if member.kind == Member.Kind.BUSINESS:
        holder = {"business_registration_number": BUSINESS_NUMBER}
    expires = until - timedelta(days=added - good_for)
    values = {
        "card_number": number + luhn.calc_check_digit(number),
        "card_expiry": f"{expires:%m/%y}",
        **holder,
    }
    return _added_and_removed(member, PaymentKind.CREDIT_CARD, values, added, removed)


def _account(
    rng: random.Random, member: Member, *, added: float, removed: float | None = None
) -> list[tuple[float, Callable[[], object]]]:
    values = {
        "bank_name": rng.choice(banks()[:10]).code,
        "account_number": "".join(rng.choices("0123456789", k=13)),
        "business_registration_number": BUSINESS_NUMBER,
    }
    return _added_and_removed(member, PaymentKind.ACCOUNT_TRANSFER, values, added, removed)


def _added_and_removed(
    member: Member, kind: PaymentKind, values: dict[str, str], added: float, removed: float | None
) -> list[tuple[float, Callable[[], object]]]:
    made: list[PaymentMethod] = []
    actor = _acting(member)

    def add() -> None:
        notice = adding.notice_for(kind)
        made.append(adding.add(member, kind, values, notice=notice, language=member.language, actor=actor))

    deeds: list[tuple[float, Callable[[], object]]] = [(added, add)]
    if removed is not None:
        deeds.append((removed, lambda: removing.remove(made[0], actor=actor)))
    return deeds


def _add_documents(member: Member) -> None:
    values = {"ceo_name": "류하람", "business_registration_number": BUSINESS_NUMBER}
    notice = adding.notice_for(payment_documents.KIND)
    licence, actor = a_paper(ITEM).taken, _acting(member)
    payment_documents.add(member, values, licence, notice=notice, language=member.language, actor=actor)


def _acting(member: Member) -> Actor:
    return Actor("member", member.account_id, "website", "203.0.113.40", BROWSER)
