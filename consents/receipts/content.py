"""The facts of one consent as a receipt tells them, gathered once for every form a receipt comes in.

Nothing here is a personal value: the person is a number, items are named, evidence stays sealed. The facts follow from
the events alone and from the notices they rest on, so that the same state gives the same receipt whenever it is asked.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.urls import reverse
from django.utils import translation

from consents import derivation
from consents.models import Consent, ConsentEvent, State
from privacy_portal.policy.models import Collection, MemberKind, Notice, NoticeItem

Kind = ConsentEvent.Kind

# Receipt numbers are UUIDs of version 5 within this namespace.
NAMESPACE = uuid.UUID("6f9a4a7e-6a55-4a5e-9d0a-2f6a4c1b7e10")
# By these the person answers a notice, and with it each item.
ANSWERS = frozenset({Kind.GIVEN, Kind.RENEWED, Kind.REFUSED})


@dataclass(frozen=True)
class Controller:
    """Who the consent was given to (PII controller), and how to reach them."""

    name: str
    address: str
    country: str  # ISO 3166-1 alpha-2
    contact: str  # the unit or person in charge
    email: str
    phone: str
    url: str


@dataclass(frozen=True)
class ReceiptItem:
    """One item the notice named. `state` is what became of it: given, refused, withdrawn, expired or superseded."""

    code: str
    name: str
    is_optional: bool
    state: State


@dataclass(frozen=True)
class ReceiptEvent:
    """One line of the record, and where the consent stood after it."""

    kind: Kind
    label: str
    at: datetime
    recorded_at: datetime
    method: str
    language: str
    by_person: bool
    notice_url: str
    state: State
    since: datetime
    valid_until: datetime | None  # when it lapses by itself, if it does
    suspended: bool


@dataclass(frozen=True)
class Facts:
    """Everything a receipt says, its words in `language` (ko or en)."""

    receipt_id: uuid.UUID
    record_id: uuid.UUID
    person_id: uuid.UUID
    language: str
    code: str
    title: str
    legal_basis: str
    law: str
    purposes: tuple[tuple[str, str], ...]  # code and name
    notice: Notice  # the one that was answered
    published_at: datetime  # when the notice was
    purpose: str
    retention: str
    refusal: str
    items: tuple[ReceiptItem, ...]
    events: tuple[ReceiptEvent, ...]  # oldest first
    answer: ReceiptEvent  # the last event by which the person answered the notice
    controller: Controller
    policy_url: str
    withdrawal_url: str
    storage_locations: tuple[str, ...]  # ISO 3166-1 alpha-2
    recipients: tuple[str, ...]  # third parties, by name

    @property
    def now(self) -> ReceiptEvent:
        """The newest event: it says where the consent stands."""
        return self.events[-1]

    @property
    def was_given(self) -> bool:
        """Whether the last answer was yes, whatever became of it since."""
        return self.answer.kind != Kind.REFUSED


def facts_of(consent: Consent, *, language: str = "") -> Facts:
    """The facts of a consent, in the language in which it was asked unless another is named.

    Reads its events, not its columns; both were written together. A fixed number of queries.
    """
    events = list(consent.events.select_related("notice", "method").order_by("id"))
    answered = [event for event in events if event.kind in ANSWERS][-1]
    notice, language = answered.notice, language or answered.language
    collection = Collection.objects.get(pk=consent.collection_id)
    with translation.override(language):
        told = tuple(_told(events))
        return Facts(
            receipt_id=uuid.uuid5(NAMESPACE, f"{consent.pk}:{events[-1].reference}"),
            record_id=consent.pk,
            person_id=consent.member_id,
            language=language,
            code=collection.pk,
            title=str(collection),
            legal_basis=str(collection.get_legal_basis_display()),
            law=collection.law,
            purposes=tuple((purpose.code, str(purpose)) for purpose in collection.purposes.all()),
            notice=notice,
            published_at=notice.published_at or answered.at,
            purpose=notice.purpose,
            retention=notice.retention,
            refusal=notice.refusal,
            items=tuple(_items(events, notice, collection, consent.member.kind)),
            events=told,
            answer=told[events.index(answered)],
            controller=_controller(),
            policy_url=settings.BASE_URL + reverse("policy:policy"),
            withdrawal_url=settings.BASE_URL + reverse("consents:detail", args=[collection.pk]),
            storage_locations=tuple(settings.STORAGE_LOCATIONS),
            recipients=(),  # no collection of the policy provides anything to others
        )


def _controller() -> Controller:
    return Controller(
        name=settings.COMPANY_NAME,
        address=settings.COMPANY_ADDRESS,
        country=settings.COMPANY_COUNTRY,
        contact=settings.COMPANY_PRIVACY_CONTACT,
        email=settings.COMPANY_PRIVACY_EMAIL,
        phone=settings.COMPANY_PRIVACY_PHONE,
        url=settings.BASE_URL,
    )


def _url_of(notice: Notice) -> str:
    """Where the wording of this version can be read for ever."""
    return f"{settings.BASE_URL}{reverse('policy:versions', args=[notice.collection_id])}#version-{notice.version}"


def _told(events: Sequence[ConsentEvent]) -> Iterable[ReceiptEvent]:
    standing: derivation.Standing | None = None
    for event in events:
        standing = derivation.after(standing, event)
        yield ReceiptEvent(
            kind=Kind(event.kind),
            label=str(event.get_kind_display()),
            at=event.at,
            recorded_at=event.recorded_at,
            method=str(event.method),
            language=event.language,
            by_person=event.actor_kind == "member",
            notice_url=_url_of(event.notice),
            state=standing.state,
            since=standing.since,
            valid_until=standing.lapses_at,
            suspended=standing.suspended_since is not None,
        )


def _items(
    events: Sequence[ConsentEvent], notice: Notice, collection: Collection, member_kind: str
) -> Iterable[ReceiptItem]:
    """The items of the notice that were put to this person, each with what became of it."""
    ever_agreed = {item for event in events for item in event.items}
    states: dict[str, State] = {}
    for event in events:
        states = _item_states(states, event)
    for item in notice.items.select_related("item"):
        if item.item_id in ever_agreed or _is_put_to(item, collection, member_kind):
            is_optional = item.requirement == NoticeItem.Requirement.OPTIONAL
            yield ReceiptItem(item.item_id, str(item), is_optional, states.get(item.item_id, State.REFUSED))


def _is_put_to(item: NoticeItem, collection: Collection, member_kind: str) -> bool:
    """Whether this kind of member is asked for an item. Residence may change, so it decides nothing here."""
    if item.requirement == NoticeItem.Requirement.REQUIRED_FOR_BUSINESS:
        return member_kind == MemberKind.BUSINESS
    return item.requirement == NoticeItem.Requirement.REQUIRED or collection.optional_who_kind in ("", member_kind)


def _item_states(before: dict[str, State], event: ConsentEvent) -> dict[str, State]:
    """What became of each item that was ever agreed to; items that are missing were declined."""
    match Kind(event.kind):
        case Kind.GIVEN | Kind.RENEWED:
            return dict.fromkeys(event.items, State.GIVEN)
        case Kind.REFUSED:
            return {}
        case Kind.ITEM_AGREED | Kind.ITEM_TAKEN_BACK:
            gone = {item: State.WITHDRAWN for item in before if item not in event.items}
            return gone | dict.fromkeys(event.items, State.GIVEN)
        case Kind.WITHDRAWN | Kind.EXPIRED | Kind.SUPERSEDED:
            ended = State(event.kind)
            stood = (State.GIVEN, State.SUPERSEDED)
            return {item: ended if state in stood else state for item, state in before.items()}
        case _:
            return before
