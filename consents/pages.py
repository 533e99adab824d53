"""What the member's pages show, read in a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import prefetch_related_objects
from django.utils.translation import gettext_lazy as _

from members.models import Member, PaymentMethod
from members.models.payment_method import NEVER_WHOLE
from members.payment_methods.showing import shown as shown_masked
from privacy_portal.audit.masking import hides_something, in_full, masked
from privacy_portal.clock import now
from privacy_portal.policy.headings import Section, under_headings
from privacy_portal.policy.models import Collection, Item, Notice, NoticeItem
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.models import DataKey, DestructionRecord

from .asking import AskedItem
from .models import Consent, ConsentEvent, ConsentValue, State

Kind = ConsentEvent.Kind

SOON = timedelta(days=30)
NOT_ANSWERED = "not_answered"
FILTERS = {
    State.GIVEN: _("Given"),
    State.SUPERSEDED: _("To be asked again"),
    State.REFUSED: _("Refused"),
    State.WITHDRAWN: _("Withdrawn"),
    State.EXPIRED: _("Expired"),
    NOT_ANSWERED: _("Not answered"),
}


@dataclass(frozen=True)
class Entry:
    """One collection as the member's list shows it."""

    notice: Notice
    consent: Consent | None
    state: str
    items: list[str]  # names, of those agreed where it stands, of all asked where it does not
    with_documents: bool

    @property
    def collection(self) -> Collection:
        return self.notice.collection

    @property
    def lapses_soon(self) -> datetime | None:
        consent = self.consent
        if consent and self.state == State.GIVEN and consent.lapses_at and consent.lapses_at <= now() + SOON:
            return consent.lapses_at
        return None


def entries_of(member: Member) -> list[Entry]:
    """Every consent the policy asks of this member, answered or not, in the policy's order."""
    consents = {
        consent.collection_id: consent
        for consent in Consent.objects.filter(member=member).select_related("notice", "collection")
    }
    residence = member.residence
    notices = [
        notice
        for notice in Notice.objects.in_force().select_related("collection__group")
        if notice.collection.is_separate_consent
        and (notice.collection.is_asked_of(member.kind, residence) or notice.collection_id in consents)
    ]
    prefetch_related_objects(notices, "items__item")
    moment = now()
    entries = []
    for notice in notices:
        consent = consents.get(notice.collection_id)
        state = str(consent.standing_at(moment)) if consent else NOT_ANSWERED
        items = [item for item in notice.items.all() if _is_for(item, member)]
        agreed = set(consent.items) if consent and state == State.GIVEN else None
        entries.append(
            Entry(
                notice,
                consent,
                state,
                [str(item) for item in items if agreed is None or item.item_id in agreed],
                any(
                    item.item.item_class == Item.Class.DOCUMENT and item.requirement != NoticeItem.Requirement.OPTIONAL
                    for item in items
                ),
            )
        )
    return entries


def _is_for(item: NoticeItem, member: Member) -> bool:
    return item.requirement != NoticeItem.Requirement.REQUIRED_FOR_BUSINESS or member.kind == Member.Kind.BUSINESS


def grouped(entries: Iterable[Entry]) -> list[Section[Entry]]:
    """The entries under the policy's headings."""
    return under_headings(entries, lambda entry: entry.collection)


@dataclass(frozen=True)
class HeldValue:
    """One value the company holds, as its person sees it: masked, or in full when asked for."""

    key: str  # names the value when the person asks to see it
    item: str
    name: str
    shown: str
    is_masked: bool
    is_asked_for: bool
    ground: str
    consent: Consent | None
    since: datetime
    method: PaymentMethod | None = None


def values_of(member: Member, *, show: str = "") -> list[HeldValue]:
    """Every value held of a member, with its ground. `show` is the key of one to see in full, or `all`."""
    names = Item.objects.in_bulk()

    def held(
        key: str,
        item: str,
        sealed: SealedValue,
        ground: str,
        consent: Consent | None,
        since: datetime,
        method: PaymentMethod | None = None,
    ) -> HeldValue:
        may_be_whole = method is None or item not in NEVER_WHOLE
        asked_for = show in (key, "all") and may_be_whole
        shown = in_full(item, sealed) if asked_for else shown_masked(item, sealed)
        hides = hides_something(item, sealed) and not asked_for and may_be_whole
        return HeldValue(key, item, str(names[item]), shown, hides, asked_for, ground, consent, since, method)

    values = [
        held(f"membership.{item}", item, sealed, DataKey.Ground.MEMBERSHIP, None, member.joined_at)
        for item, sealed in member.held_items().items()
    ]
    given = (
        ConsentValue.objects.filter(consent__member=member, data_key__wrapped_key__isnull=False)
        .select_related("data_key", "consent__collection")
        .order_by("consent__collection__position", "item__position")
    )
    values += [
        held(str(one.pk), one.item_id, one.value, DataKey.Ground.CONSENT, one.consent, one.given_at) for one in given
    ]
    methods = member.payment_methods.filter(ended_at__isnull=True).select_related("data_key")
    values += [
        held(f"{method.pk}.{item}", item, sealed, DataKey.Ground.PAYMENT_METHOD, None, method.added_at, method)
        for method in methods
        for item, sealed in method.held_items().items()
    ]
    return values


@dataclass(frozen=True)
class ItemState:
    """One item of a consent that stands: agreed or declined, and what can be done about it alone."""

    code: str
    name: str
    is_agreed: bool
    is_optional: bool
    needs_value: bool
    held: str  # the masked value given with the consent, if one


def item_states(consent: Consent, asked: Iterable[AskedItem]) -> list[ItemState]:
    """The items a consent was asked with, as they stand now."""
    living = {
        one.item_id: one
        for one in consent.values.filter(data_key__wrapped_key__isnull=False).select_related("data_key")
    }
    states = []
    for item in asked:
        value = living.get(item.code)
        states.append(
            ItemState(
                item.code,
                item.name,
                item.code in consent.items,
                not item.is_required,
                item.is_typed,
                masked(item.code, value.value) if value else "",
            )
        )
    return states


def item_names(collection: Collection) -> dict[str, str]:
    """The names of a collection's items as its notices say them, the newest wording winning."""
    items = NoticeItem.objects.filter(notice__collection=collection, notice__published_at__isnull=False)
    return {item.item_id: str(item) for item in items.order_by("notice__version", "position")}


def destroyed_with(consent: Consent, names: dict[str, str]) -> list[tuple[str, datetime]]:
    """The items whose values were destroyed when this consent, or a part of it, ended; newest first."""
    records = DestructionRecord.objects.filter(ground=DataKey.Ground.CONSENT, ground_id=consent.pk).order_by("-at")
    return [(names.get(item, item), record.at) for record in records for item in record.items]


@dataclass(frozen=True)
class HistoryLine:
    """One event of a consent in plain words."""

    event: ConsentEvent
    sentence: str
    items: list[str]


def history_of(consent: Consent, names: dict[str, str]) -> list[HistoryLine]:
    """What happened to a consent, the newest first."""
    events = consent.events.select_related("notice", "method").order_by("-id")
    return [
        HistoryLine(event, _told(event), [name for item, name in names.items() if item in event.items])
        for event in events
    ]


BY_MEMBER = {
    Kind.GIVEN: _("You gave this consent."),
    Kind.REFUSED: _("You refused this consent."),
    Kind.WITHDRAWN: _("You withdrew this consent."),
    Kind.RENEWED: _("You confirmed this consent anew."),
    Kind.ITEM_AGREED: _("You agreed to another item."),
    Kind.ITEM_TAKEN_BACK: _("You took an item back."),
    Kind.SUSPENSION_LIFTED: _("You let us use what this consent covers again."),
}
BY_STAFF = {
    Kind.GIVEN: _("We recorded that you gave this consent."),
    Kind.REFUSED: _("We recorded that you refused this consent."),
    Kind.WITHDRAWN: _("We recorded that you withdrew this consent."),
    Kind.RENEWED: _("We recorded that you confirmed this consent anew."),
    Kind.SUSPENDED: _("At your request, we stopped using what this consent covers."),
    Kind.SUSPENSION_LIFTED: _("We may use what this consent covers again, as you wished."),
}
BY_ITSELF = {
    Kind.EXPIRED: _("This consent expired: its period was over."),
    Kind.SUPERSEDED: _("What we tell you changed, so this consent must be asked again."),
}


def _told(event: ConsentEvent) -> str:
    sentences = BY_MEMBER if event.actor_kind == "member" else BY_STAFF | BY_ITSELF
    kind = Kind(event.kind)
    return str(sentences.get(kind, kind.label))
