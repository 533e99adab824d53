"""What the pages of requests show to whoever made them, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db.models import Case, Value, When
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from members.models import Member
from privacy_portal.audit.masking import hides_something, in_full, mask, masked, written
from privacy_portal.audit.sight import shown_in_full
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Item

from . import kinds
from .asking import names_of_held
from .documents import name_of
from .filing import why_not_file
from .kinds import Kind
from .models import (
    Document,
    Draft,
    MemberRequest,
    MemberRequestQuerySet,
    RequestEvent,
    State,
)

Did = RequestEvent.Kind

# How the states are called to whoever asked. That a second person looks on is no state of theirs.
STATES = {
    State.RECEIVED: _("Received"),
    State.IN_REVIEW: _("In review"),
    State.WAITING: _("Waiting for you"),
    State.TO_CONFIRM: _("In review"),
    State.APPROVED: _("Approved"),
    State.PARTLY_APPROVED: _("Approved in part"),
    State.REFUSED: _("Not approved"),
    State.DONE: _("Done"),
    State.CANCELLED: _("Cancelled"),
}
# What may be asked for, under headings, by what approval does.
GROUPS = (
    (_("Your rights over your information"), ("give_access", "correct", "delete", "suspend")),
    (_("Changes"), ("change_values",)),
    (_("Payments"), ("record_refund",)),
    (_("Reports and inquiries"), ("record_decision", "answer")),
)


@dataclass(frozen=True)
class Entry:
    """One request as the list shows it."""

    member_request: MemberRequest

    @property
    def state(self) -> str:
        return str(STATES[State(self.member_request.state)])

    @property
    def days_left(self) -> int | None:
        return self.member_request.days_left()

    @property
    def is_waiting(self) -> bool:
        return self.member_request.state == State.WAITING

    @property
    def rests(self) -> bool:
        """Whether the period rests until the member answers."""
        return self.member_request.paused_at is not None

    @property
    def days_late(self) -> int:
        return max(0, -(self.days_left or 0))


def requests_of(member: Member) -> MemberRequestQuerySet:
    """The member's requests: what waits for the member first, then the newest."""
    waits_first = Case(When(state=State.WAITING, then=Value(0)), default=Value(1))
    return MemberRequest.objects.of(member).order_by(waits_first, "-received_at", "-id")


def waiting_for(member: Member) -> list[Entry]:
    """The requests that cannot go on without the member."""
    return [Entry(one) for one in MemberRequest.objects.of(member).waiting()]


def drafts_of(member: Member) -> list[Draft]:
    """What the member has begun and not sent."""
    return list(Draft.objects.filter(member=member, ended_at=None).exclude(kind="objection"))


def last_day_of(draft: Draft) -> date:
    """The last day on which a draft is kept if nobody comes back to it."""
    saved_on = timezone.localdate(draft.saved_at)
    return saved_on + timedelta(days=kinds.number("draft_days", saved_on))


@dataclass(frozen=True)
class Offer:
    """A kind of request that somebody may ask for, as it is explained before they begin."""

    kind: Kind
    documents: list[str]  # names, of those needed
    refusal: PortalError | None
    draft: Draft | None

    @property
    def days(self) -> int:
        return self.kind.period(timezone.localdate(now())).days

    @property
    def is_by_law(self) -> bool:
        return self.kind.period(timezone.localdate(now())).by_law


def offers(member: Member | None) -> list[tuple[str, list[Offer]]]:
    """What this member, or a visitor, may ask for, under headings."""
    asking_kind = member.kind if member else Member.Kind.VISITOR
    drafts = {draft.kind: draft for draft in drafts_of(member)} if member else {}
    names = {code: str(item) for code, item in Item.objects.in_bulk().items()}
    groups = []
    for heading, effects in GROUPS:
        found = [
            Offer(
                kind,
                [names.get(item) or name_of(item) for item in [*kind.required_documents, *kind.one_of_documents]],
                why_not_file(kind, member),
                drafts.get(kind.code),
            )
            for kind in kinds.kinds_for(asking_kind)
            if kind.effect in effects
        ]
        if found:
            groups.append((str(heading), found))
    return groups


@dataclass(frozen=True)
class Line:
    """One value of a request as whoever made it sees it: masked, or in full when asked for."""

    key: str
    name: str
    shown: str
    before: str = ""  # what an approved change replaced
    is_masked: bool = False
    is_asked_for: bool = False


def asked_lines(member_request: MemberRequest, *, show: str = "") -> list[Line]:
    """What was asked, by field; empty where it is destroyed. `show` is the key of one to see in full, or `all`."""
    if member_request.asked.is_destroyed:
        return []
    asked = member_request.asked.open()
    replaced = member_request.replaced.open() if member_request.replaced is not None else {}
    names = {code: str(item) for code, item in Item.objects.in_bulk().items()}
    lines = []
    for field in member_request.the_kind.fields:
        if field.code not in asked:
            continue
        value, key = asked[field.code], f"asked.{field.code}"
        if field.type == "item":
            lines.append(_item_line(key, field.code, names[field.code], value, replaced.get(field.code, ""), show))
        elif field.type in ("consents", "held"):
            lines.append(Line(key, str(field.name), ", ".join(names_of_held(value).values())))
        elif field.choices:
            chosen = [str(name) for code, name in field.choices.items() if code in value]
            lines.append(Line(key, str(field.name), ", ".join(chosen)))
        else:
            lines.append(Line(key, str(field.name), value))
    return [*lines, *_given_lines(member_request, names, show), *_representative_lines(member_request, show)]


def _item_line(key: str, item: str, name: str, value: str, before: str, show: str) -> Line:
    asked_for = show in (key, "all")
    if asked_for:
        shown_in_full()
    put = written if asked_for else mask
    hides = not asked_for and mask(item, value) != written(item, value)
    return Line(key, name, put(item, value), put(item, before) if before else "", hides, asked_for)


def _given_lines(member_request: MemberRequest, names: dict[str, str], show: str) -> Iterator[Line]:
    """What was typed for the items of the consent that was given with the request."""
    if member_request.consent is None:
        return
    for one in member_request.consent.values.filter(data_key__wrapped_key__isnull=False).select_related("data_key"):
        key = f"given.{one.item_id}"
        asked_for = show in (key, "all")
        shown = in_full(one.item_id, one.value) if asked_for else masked(one.item_id, one.value)
        hides = not asked_for and hides_something(one.item_id, one.value)
        yield Line(key, names[one.item_id], shown, "", hides, asked_for)


def _representative_lines(member_request: MemberRequest, show: str) -> Iterator[Line]:
    if member_request.representative is None or member_request.representative.is_destroyed:
        return
    agent = member_request.representative.open()
    capacities = {
        "legal_representative": gettext("A legal representative"),
        "authorised": gettext("Somebody authorised"),
    }
    yield Line("agent.capacity", gettext("Asked for the member by"), capacities.get(agent["capacity"], ""))
    yield _item_line("agent.name", "name", gettext("Their name"), agent["name"], "", show)
    reached_by = "email" if "@" in agent["contact"] else "mobile_phone"
    yield _item_line("agent.contact", reached_by, gettext("How to reach them"), agent["contact"], "", show)


@dataclass(frozen=True)
class ShownDocument:
    """A document as whoever gave it sees it."""

    id: Any
    item: str
    what: str
    name: str  # empty once it is destroyed
    size: int
    document: Document


def documents_of(where: MemberRequest | Draft) -> list[ShownDocument]:
    """The documents of a request or a draft; those taken back from a draft are left out."""
    documents = where.documents.select_related("data_key")
    if isinstance(where, Draft):
        documents = documents.filter(data_key__wrapped_key__isnull=False)
    names: dict[str, str] = {}
    shown = []
    for document in documents:
        if document.item not in names:
            names[document.item] = name_of(document.item)
        name = "" if document.name.is_destroyed else document.name.open()
        shown.append(ShownDocument(document.pk, document.item, names[document.item], name, document.size, document))
    return shown


@dataclass(frozen=True)
class Happening:
    """One event of a request in plain words."""

    event: RequestEvent
    sentence: str


BY_MEMBER = {
    Did.RECEIVED: _("You sent this request."),
    Did.ANSWERED: _("You answered what we asked."),
    Did.DOCUMENT_ADDED: _("You added a document."),
    Did.MESSAGE_WRITTEN: _("You wrote to us."),
    Did.DOWNLOADED: _("You downloaded what we prepared."),
}
BY_US = {
    Did.RECEIVED: _("We recorded your request."),
    Did.TAKEN: _("Somebody began to look at it."),
    Did.ASSIGNED: _("Somebody began to look at it."),
    Did.ASKED: _("We asked you for something."),
    Did.MESSAGE_WRITTEN: _("We wrote to you."),
    Did.IDENTITY_CHECKED: _("We checked that whoever asks may ask."),
    Did.PROPOSED: _("A second person looks at it before you hear from us."),
    Did.APPROVED: _("We approved your request."),
    Did.PARTLY_APPROVED: _("We approved a part of your request."),
    Did.REFUSED: _("We did not approve your request."),
    Did.APPLIED: _("What was approved is carried out."),
    Did.REOPENED: _("Your objection was right: somebody else looks at it again."),
    Did.FINISHED: _("Everything is done. The request is closed."),
    Did.DOCUMENTS_DESTROYED: _("What you gave with it was destroyed."),
}
BEGUN = (Did.TAKEN, Did.ASSIGNED, Did.HANDED_OVER)


def happenings_of(member_request: MemberRequest) -> list[Happening]:
    """What happened to a request, the newest first; what only colleagues need to know is left out."""
    happenings, begun = [], False
    for event in member_request.events.order_by("id"):
        if event.kind in BEGUN and begun:
            continue
        begun = event.kind in BEGUN or (begun and event.kind != Did.REOPENED)
        if sentence := _told(event):
            happenings.append(Happening(event, sentence))
    return happenings[::-1]


def _told(event: RequestEvent) -> str:
    kind = Did(event.kind)
    if kind == Did.EXTENDED:
        due = date.fromisoformat(event.details["due_on"])
        return gettext("We need more time, and answer by %(day)s.") % {"day": date_format(due, "DATE_FORMAT")}
    if kind == Did.CANCELLED:
        if event.details.get("because") == "member":
            return gettext("You cancelled the request. What you gave for it was destroyed.")
        return gettext("The consent that the request rested on ended, and the request with it.")
    sentences = BY_MEMBER if event.actor_kind == "member" else BY_US
    return str(sentences.get(kind, ""))
