"""A believable population, made fast: members, their consents, and the events these follow from, by COPY.

Nothing is weakened for it: every constraint, index and trigger of the tables is in force, every value and every
evidence is sealed by the vault under a key of its ground, every blind index is computed. Left out are what no figure
here rests on: history rows, values of consents beyond the membership's, and passwords (nobody can sign in). Everybody
is an individual member.
"""

from __future__ import annotations

import random
import uuid
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from multiprocessing import get_context
from typing import Any

from allauth.account.models import EmailAddress
from django.contrib.auth.hashers import make_password
from django.db import connection, models, transaction
from psycopg import sql

from consents.demo.people import BROWSERS, NETWORKS, Crowd, Person
from consents.derivation import lapse
from consents.models import Consent, ConsentEvent, State
from members.addresses import alias_of
from members.models import REQUIRED_ITEMS, Account, Member
from members.signup import notice_for
from privacy_portal.clock import now
from privacy_portal.policy.models import Item, MemberKind, Notice, NoticeItem
from privacy_portal.policy.values import normal_value
from privacy_portal.vault import current_keyring, envelope
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.models import DataKey

from .installation import begin_process

Kind = ConsentEvent.Kind
CONSENTS_A_MEMBER = 10
# Written in one transaction.
MEMBERS_AT_ONCE = 100
# Filled in by one process at a time.
EVENTS_A_PART = 5_000
# People whose names and addresses the others share; phone numbers and e-mail addresses are everybody's own.
MODELS = 400
# Since when somebody is a member, and when what ended had ended: the evidence of a consent is kept for 36 months.
YOUNGEST, OLDEST, RECENTLY, LONG_AGO = 60, 2100, 1000, 1200
NEVER_LAPSES = 10_000


@dataclass
class Population:
    """How much was filled in. `due`: consents that ended so long ago that their evidence is to be destroyed."""

    members: int = 0
    consents: int = 0
    events: int = 0
    due: int = 0

    def add(self, other: Population) -> None:
        self.members += other.members
        self.consents += other.consents
        self.events += other.events
        self.due += other.due


@dataclass(frozen=True)
class Asked:
    """A notice that an individual member can consent to, and the items that this takes."""

    notice: Notice
    items: list[str]

    @property
    def days(self) -> float:
        return self.notice.valid_months * 30 if self.notice.valid_months else NEVER_LAPSES


@dataclass
class Batch:
    """Rows that go into the database together."""

    keys: list[DataKey] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    addresses: list[EmailAddress] = field(default_factory=list)
    members: list[Member] = field(default_factory=list)
    consents: list[Consent] = field(default_factory=list)
    events: list[ConsentEvent] = field(default_factory=list)

    @transaction.atomic
    def write(self) -> None:
        for model, rows in (
            (DataKey, self.keys),
            (Account, self.accounts),
            (EmailAddress, self.addresses),
            (Member, self.members),
            (Consent, self.consents),
            (ConsentEvent, self.events),
        ):
            copy_in(model, rows)


def fill(events: int, *, seed: int = 1, progress: Callable[[int], object] = lambda count: None) -> Population:
    """Fill in members until there are so many consent events, by a process a core. `progress` is told of events."""
    parts = [min(EVENTS_A_PART, events - first) for first in range(0, events, EVENTS_A_PART)]
    made = Population()
    if len(parts) == 1:
        made.add(fill_part(seed, 0, events))
        progress(events)
        return made
    processes = ProcessPoolExecutor(mp_context=get_context("spawn"), initializer=begin_process)
    try:
        filling = [processes.submit(fill_part, seed, number, part) for number, part in enumerate(parts)]
        for done in as_completed(filling):
            made.add(done.result())
            progress(done.result().events)
    finally:
        processes.shutdown(cancel_futures=True)
    return made


def fill_part(seed: int, number: int, events: int) -> Population:
    """Fill in one part; no two parts share a person."""
    return Filling(seed, number).fill(events)


def copy_in(model: type[models.Model], rows: Iterable[models.Model]) -> None:
    """Insert unsaved objects by COPY; what the database fills in itself is left to it."""
    columns = [
        column
        for column in model._meta.concrete_fields
        if not isinstance(column, models.AutoField) and column.db_default is models.NOT_PROVIDED
    ]
    statement = sql.SQL("COPY {} ({}) FROM STDIN").format(
        sql.Identifier(model._meta.db_table),
        sql.SQL(", ").join([sql.Identifier(str(column.column)) for column in columns]),
    )
    with connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = (column.pre_save(row, add=True) for column in columns)
            copy.write_row([value.envelope() if isinstance(value, SealedValue) else value for value in values])


class Filling:
    """A part of the population in the making: the same for the same seed, but for keys and numbers."""

    def __init__(self, seed: int, part: int) -> None:
        self.rng = random.Random(f"{seed}/{part}")
        self.first_number = part * EVENTS_A_PART  # nobody has less than one event
        self.at = now()
        self.keyring = current_keyring()
        self.notice = notice_for(MemberKind.INDIVIDUAL)
        self.asked = list(_asked())
        self.models = _models(seed)
        self.made = Population()

    def fill(self, events: int) -> Population:
        while self.made.events < events:
            batch = Batch()
            while len(batch.members) < MEMBERS_AT_ONCE and self.made.events < events:
                self._add_member(batch)
                for asked in self.rng.sample(self.asked, CONSENTS_A_MEMBER):
                    if self.made.events < events:
                        self._add_consent(batch, asked, most=events - self.made.events)
            batch.write()
        return self.made

    def _add_member(self, batch: Batch) -> None:
        member_id, number = uuid.uuid4(), self.first_number + self.made.members
        joined = self._ago(self.rng.uniform(YOUNGEST, OLDEST))
        values = self.rng.choice(self.models)
        email = f"{number}.{values['email']}"
        items = REQUIRED_ITEMS[MemberKind.INDIVIDUAL]
        key = self._key(DataKey.Ground.MEMBERSHIP, member_id, member_id, ["email", *items], joined)
        account = Account(
            alias=alias_of(email), data_key=key, email=email, password=make_password(None), date_joined=joined
        )
        member = Member(
            id=member_id,
            kind=MemberKind.INDIVIDUAL,
            account=account,
            data_key=key,
            notice_id=self.notice.pk,
            joined_at=joined,
            said_14_or_over=True,
            **{item: values[item] for item in items} | {"mobile_phone": f"+8210{20_000_000 + number:08}"},
        )
        batch.keys.append(key)
        batch.accounts.append(account)
        batch.addresses.append(EmailAddress(user=account, email=account.alias, primary=True, verified=True))
        batch.members.append(member)
        self.made.members += 1

    def _add_consent(self, batch: Batch, asked: Asked, *, most: int) -> None:
        member, consent_id = batch.members[-1], uuid.uuid4()
        life = self._life(member.joined_at, asked.days)[:most]
        key = self._key(DataKey.Ground.EVIDENCE, consent_id, member.pk, ["ip_address"], life[0][1])
        evidence = {
            "address": f"{self.rng.choice(NETWORKS)}{self.rng.randint(2, 250)}",
            "browser": self.rng.choice(BROWSERS),
        }
        for kind, at in life:
            event = ConsentEvent(
                consent_id=consent_id,
                kind=kind,
                at=at,
                recorded_at=at,
                notice_id=asked.notice.pk,
                items=asked.items if kind == Kind.GIVEN else [],
                method_id="website",
                language="ko",
                actor_kind="member",
                actor_id=member.account_id,
                evidence_key=key,
                evidence=evidence,
            )
            batch.events.append(event)
        kind, since = life[-1]
        stands = kind == Kind.GIVEN
        consent = Consent(
            id=consent_id,
            member_id=member.pk,
            collection_id=asked.notice.collection_id,
            state=State(kind),
            notice_id=asked.notice.pk,
            items=asked.items if stands else [],
            since=since,
            lapses_at=lapse(since, asked.notice.valid_months) if stands else None,
            evidence_key_id=key.pk,
        )
        batch.keys.append(key)
        batch.consents.append(consent)
        self.made.consents += 1
        self.made.events += len(life)
        self.made.due += not stands and since < self._ago(LONG_AGO)

    def _life(self, joined: datetime, days: float) -> list[tuple[Kind, datetime]]:
        """What happened to a consent and when: six in ten stand, one was refused, the others were withdrawn."""
        rng, age, what = self.rng, (self.at - joined) / timedelta(days=1), self.rng.random()
        if what < 0.6:
            return [(Kind.GIVEN, self._ago(rng.uniform(1, min(age, days * 0.9))))]
        if what < 0.7:
            return [(Kind.REFUSED, self._ago(rng.uniform(1, min(age, RECENTLY))))]
        was_long_ago = what > 0.92 and age > LONG_AGO
        ended = rng.uniform(LONG_AGO, age) if was_long_ago else rng.uniform(1, min(age, RECENTLY))
        given = rng.uniform(ended, min(age, ended + days * 0.9))
        return [(Kind.GIVEN, self._ago(given)), (Kind.WITHDRAWN, self._ago(ended))]

    def _key(
        self, ground: DataKey.Ground, ground_id: uuid.UUID, subject_id: uuid.UUID, items: list[str], at: datetime
    ) -> DataKey:
        key = DataKey(ground=ground, ground_id=ground_id, subject_id=subject_id, items=sorted(items), created_at=at)
        key.key_encryption_key, key.wrapped_key = self.keyring.wrap(envelope.new_key(), place=key.place)
        return key

    def _ago(self, days: float) -> datetime:
        return self.at - timedelta(days=days)


def _asked() -> Iterator[Asked]:
    """What an individual member in Korea can consent to without documents: the required items of each notice."""
    notices = Notice.objects.in_force().select_related("collection").prefetch_related("items__item")
    for notice in notices:
        collection = notice.collection
        required = [item for item in notice.items.all() if item.requirement == NoticeItem.Requirement.REQUIRED]
        needs_documents = any(item.item.item_class == Item.Class.DOCUMENT for item in required)
        is_asked = collection.is_separate_consent and collection.is_asked_of(MemberKind.INDIVIDUAL, "KR")
        if required and is_asked and not needs_documents:
            yield Asked(notice, sorted(item.item_id for item in required))


@cache
def _models(seed: int) -> list[dict[str, Any]]:
    crowd = Crowd(seed)
    return [_normal(crowd.draw(MemberKind.INDIVIDUAL)) for _number in range(MODELS)]


def _normal(person: Person) -> dict[str, Any]:
    """A person's values in the form in which they are kept."""
    items = ("email", *REQUIRED_ITEMS[MemberKind.INDIVIDUAL])
    return {item: normal_value(item, person.values[item], country=person.country) for item in items}
