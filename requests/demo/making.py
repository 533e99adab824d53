"""Telling the demo's requests in the order in which they happened, by the same verbs as everybody else's."""

from __future__ import annotations

import heapq
import itertools
import random
import secrets
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml
from django.db import transaction

from consents import asking as consent_asking
from consents.demo import places
from members import changing
from members.addresses import account_with
from members.models import Account, Member
from members.staff import PRIVACY_OFFICER, SUPPORT_AGENT, add_staff
from privacy_portal.actors import Actor
from privacy_portal.clock import now, pretending
from privacy_portal.policy.models import Collection, MemberKind, Notice
from requests import asking, deciding, effects, filing, identity, kinds, workflow
from requests.models import MemberRequest, State

from .papers import a_paper

MAKING = Actor.system("make_demo")
# The desk works from nine to six.
NINE, WORKING_DAY = timedelta(hours=9), 9 / 24
BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0"
VISITORS = (
    {"name": "한별", "email": "hanbyul@mail.example", "mobile_phone": "010-4021-7788", "company_name": "별무리상회"},
    {"name": "최온유", "email": "onyu.choi@mail.example", "mobile_phone": "010-9134-2210", "company_name": "온유공방"},
    {"name": "정다래", "email": "darae@mail.example", "mobile_phone": "010-6675-3034", "company_name": "다래식품"},
)


@dataclass(frozen=True)
class Desk:
    """Who works in the demo: two agents, and two officers for what takes four eyes."""

    agents: tuple[Actor, Actor]
    officers: tuple[Actor, Actor]


@transaction.atomic
def make(*, seed: int, until: datetime, progress: Callable[[int, int], object] = lambda told, known: None) -> None:
    """Make the demo's requests up to `until`, on top of its members and their consents: all of them, or none."""
    rng = random.Random(seed)  # noqa: S311 (the same seed tells the same stories)
    desk, numbers = _desk(until), itertools.count()
    waiting: list[tuple[datetime, int, Iterator[float]]] = []
    chosen: set[UUID] = set()
    for row in _read()["stories"]:
        for ago in row["ago"]:
            of, lot = row.get("of", ""), random.Random(rng.random())  # noqa: S311
            story = _story(row["kind"], row["state"], ago, desk, chosen, lot, of)
            heapq.heappush(waiting, (_moment(until, ago), next(numbers), story))
        if "of" in row:  # asks for nothing else
            chosen.add(Member.objects.get(account=account_with(row["of"])).pk)
    told = 0
    while waiting:
        moment, _number, story = heapq.heappop(waiting)
        with pretending(moment):
            following = next(story, None)
        if following is not None:
            heapq.heappush(waiting, (_moment(until, following), next(numbers), story))
        told += 1
        progress(told, told + len(waiting))


def _story(
    kind_code: str, state: str, ago: float, desk: Desk, chosen: set[UUID], rng: random.Random, of: str
) -> Iterator[float]:
    """One request, from its filing to `state`. Yields how many days ago its next step is."""
    member_request = _file(kind_code, chosen, rng, of)
    owner = _owner(member_request)
    words = _Words(rng, member_request.language)
    if state == State.RECEIVED:
        return
    # What is objected to was decided by an agent: an officer takes the objection.
    worker, second = (
        (desk.officers[0], desk.officers[1])
        if kind_code == "objection"
        else (
            rng.choice(desk.agents),
            desk.officers[0],
        )
    )
    ago -= min(0.3, ago / 4)
    yield ago
    workflow.take(_fresh(member_request), seen=1, actor=worker)
    if state == State.CANCELLED:
        yield ago - 0.5
        workflow.cancel(member_request, actor=owner)
        return
    asks = state == State.WAITING or (ago > 4 and rng.random() < 0.4 and state != State.IN_REVIEW)
    if asks:
        ago -= min(0.4, ago / 4)
        yield ago
        workflow.ask(member_request, words.some("asked_back"), seen=_seen(member_request), actor=worker)
        if state == State.WAITING:
            return
        ago -= 1
        yield ago
        workflow.answer(member_request, words.some("answered"), actor=owner)
    if state == State.IN_REVIEW:
        if rng.random() < 0.3:
            workflow.write(member_request, words.some("approved"), actor=worker)
        return
    ago -= min(1.2, ago / 3)
    yield ago
    _decide(member_request, state, words, worker, rng)
    if state == State.TO_CONFIRM:
        return
    if member_request.needs_second_person:
        ago -= 0.4
        yield ago
        deciding.confirm(member_request, seen=_seen(member_request), actor=second)
    if state == State.DONE or ago > 20:
        ago -= min(2.0, ago / 2)
        yield ago
        deciding.finish(member_request, seen=None, actor=worker)


def _decide(member_request: MemberRequest, state: str, words: _Words, worker: Actor, rng: random.Random) -> None:
    decision = state if state in ("partly_approved", "refused") else "approved"
    ground = rng.choice(kinds.grounds_for(member_request.kind)).code
    effect = effects.EFFECTS[member_request.the_kind.effect]
    granted: dict[str, Any] = {}
    if effect is effects.EFFECTS["record_refund"]:
        granted["amount"] = rng.choice([11_000, 33_000])
    if decision == "partly_approved":
        granted[effect.part] = effect.whole(member_request)[:1]
    deciding.decide(
        member_request,
        decision,
        seen=_seen(member_request),
        actor=worker,
        reason=words.some("approved" if decision == "approved" else "refused"),
        ground="" if decision == "approved" else ground,
        granted=granted,
        identity="document" if identity.needs_identity(member_request) else "",
    )


def _file(kind_code: str, chosen: set[UUID], rng: random.Random, of: str) -> MemberRequest:
    kind = kinds.kind(kind_code)
    objects_to = _refused(rng) if kind.effect == "reopen" else None
    by_visitor = "visitor" in kind.who and objects_to is None and not of and rng.random() < 0.5
    member = objects_to.member if objects_to else None if by_visitor else _somebody(kind, chosen, rng, of)
    language = member.language if member else "ko"
    asked = _asked(kind, member, _Words(rng, language), rng)
    consent: dict[str, Any] = {}
    papers = [*kind.required_documents, *kind.one_of_documents[:1]]
    if kind.collection:
        collection = Collection.objects.get(pk=kind.collection)
        notice: Notice = consent_asking.notice_in_force(collection)
        items = consent_asking.asked_items(member or Member(kind=MemberKind.VISITOR), notice)
        typed = rng.choice(VISITORS) | {"account_number": places.digits(rng, "###-######-##-###")}
        consent = {
            "notice": notice,
            "items": [item.code for item in items if item.code not in kind.one_of_documents[1:]],
            "values": {item.code: typed[item.code] for item in items if item.is_typed},
        }
    account_id = member.account_id if member else None
    return filing.file(
        kind_code,
        member=member,
        submission=UUID(int=rng.getrandbits(128)),
        asked=asked,
        documents=[a_paper(item) for item in papers],
        language=language,
        actor=Actor("member", account_id, "website", f"203.0.113.{rng.randint(2, 250)}", BROWSER),
        objects_to=objects_to,
        **consent,
    )


def _asked(kind: kinds.Kind, member: Member | None, words: _Words, rng: random.Random) -> dict[str, Any]:
    asked: dict[str, Any] = {}
    for field in asking.fields_for(kind, member.kind if member else MemberKind.VISITOR, member):
        if field.type == "choices":
            asked[field.code] = sorted(rng.sample(list(field.choices or ()), k=rng.randint(1, 4)))
        elif field.type in ("consents", "held") and member is not None:
            asked[field.code] = list(asking.choices_of(field, member))[: rng.randint(1, 2)]
        elif field.type in ("text", "long_text"):
            asked[field.code] = words.some(field.code)
    if member is not None and kind.effect in ("change_values", "correct"):
        new = {"mobile_phone": places.mobile_number(rng, "KR"), "address": places.address(rng, "KR")}
        items = changing.changeable_items(member)
        asked |= {item: value for item, value in new.items() if item in items and member.residence == "KR"}
    return asked


def _somebody(kind: kinds.Kind, chosen: set[UUID], rng: random.Random, of: str) -> Member:
    """Whoever has the address `of`, or a member who may ask for this and has asked for nothing yet; with consents,
    where it is about these."""
    if of:
        return Member.objects.get(account=account_with(of))
    members = Member.objects.filter(kind__in=kind.who, account__isnull=False, joined_at__lt=now() - timedelta(days=1))
    if kind.effect in ("delete", "suspend"):
        members = members.filter(consents__state="given").distinct()
    free = [member for member in members.order_by("joined_at") if member.pk not in chosen and _suits(kind, member)]
    member = rng.choice(free)
    chosen.add(member.pk)
    return member


def _suits(kind: kinds.Kind, member: Member) -> bool:
    return kind.effect not in ("change_values", "correct") or member.residence == "KR"


def _refused(rng: random.Random) -> MemberRequest:
    refused = MemberRequest.objects.filter(decision="refused", objections=None, objects_to=None)
    return rng.choice(list(refused.filter(member__account__isnull=False).order_by("received_at")))


def _owner(member_request: MemberRequest) -> Actor:
    return Actor("member", member_request.member.account_id, "website", "203.0.113.20", BROWSER)


def _fresh(member_request: MemberRequest) -> MemberRequest:
    return MemberRequest.objects.get(pk=member_request.pk)


def _seen(member_request: MemberRequest) -> int:
    return _fresh(member_request).version


def _moment(until: datetime, ago: float) -> datetime:
    """So many days before the end, in the hours in which the desk works."""
    days = int(ago) + 1
    return until - timedelta(days=days) + NINE + timedelta(days=(days - ago) * WORKING_DAY)


def _desk(until: datetime) -> Desk:
    with pretending(until - timedelta(days=90)):
        for email, name, group in (
            ("agent.han@cloud.example", "한새론", SUPPORT_AGENT),
            ("officer.kang@cloud.example", "강나루", PRIVACY_OFFICER),
        ):
            add_staff(email, name=name, password=secrets.token_urlsafe(), groups=[group], actor=MAKING)

    def acting(email: str, number: int) -> Actor:
        account = account_with(email)
        assert isinstance(account, Account)  # noqa: S101
        return Actor("staff", account.pk, "website", f"198.51.100.{number}", BROWSER)

    return Desk(
        agents=(acting("agent@cloud.example", 21), acting("agent.han@cloud.example", 23)),
        officers=(acting("officer@cloud.example", 12), acting("officer.kang@cloud.example", 13)),
    )


@dataclass(frozen=True)
class _Words:
    """What people write, in their language."""

    rng: random.Random
    language: str

    def some(self, what: str) -> str:
        return str(self.rng.choice(_read()["words"][what][self.language]))


@cache
def _read() -> Any:
    return yaml.safe_load(Path(__file__).with_name("stories.yaml").read_text("utf-8"))
