"""The parts of a copy that consents, notices, destruction and the access log come to. What was asked of the desk is in
`of_requests`; the membership tells its own (`members.portable`)."""

from __future__ import annotations

import io
from collections.abc import Iterator
from functools import partial
from typing import Any, BinaryIO
from uuid import UUID

from django.db.models import Q
from django.template.loader import render_to_string
from django.utils import translation
from django.utils.translation import gettext_lazy as _

from consents.models import ConsentEvent
from members.models import Member
from privacy_portal import portable
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.policy.models import LANGUAGES, Notice
from privacy_portal.portable import File, Part, Row
from privacy_portal.vault.models import DestructionRecord
from requests import held
from requests.models import MemberRequest

from . import of_requests


def the_member(person_id: UUID) -> Member:
    return Member.objects.select_related("data_key", "account__data_key").get(pk=person_id)


def _values(person_id: UUID) -> Iterator[Row]:
    names = held.item_names()
    for one in held.held_of(the_member(person_id)):
        value = one.opened()
        yield {
            "item": one.item,
            "name": names.get(one.item, one.item),
            "state": "destroyed" if one.is_destroyed else "held" if value is not None else "unreadable",
            "value": value,
            "written": one.written(),
            "ground": one.key.ground,
            "ground_number": str(one.key.ground_id),
            "held_on": one.ground,
            "since": one.since,
            "destroyed_at": one.key.destroyed_at,
        }


def _consents(person_id: UUID) -> Iterator[Row]:
    for consent in held.consents_of(the_member(person_id)):
        yield {
            "number": str(consent.pk),
            "collection": consent.collection_id,
            "name": str(consent.collection),
            "state": consent.standing,  # type: ignore[attr-defined]
            "notice_version": consent.notice.version,
            "items": consent.items,
            "since": consent.since,
            "lapses_at": consent.lapses_at,
            "suspended_since": consent.suspended_since,
        }


def _consent_events(person_id: UUID) -> Iterator[Row]:
    events = ConsentEvent.objects.filter(consent__member=person_id).order_by("id")
    for event in events.select_related("consent", "notice", "evidence_key").iterator():
        yield {
            "reference": str(event.reference),
            "collection": event.consent.collection_id,
            "what": event.kind,
            "at": event.at,
            "recorded_at": event.recorded_at,
            "notice_version": event.notice.version,
            "notice_digest": event.notice.digest,
            "items": event.items,
            "method": event.method_id,
            "language": event.language,
            "by": event.actor_kind,
            **_from_where(event),
        }


def _from_where(event: ConsentEvent) -> dict[str, Any]:
    """The member's own address and browser; from where a colleague recorded something is the colleague's."""
    is_own = event.actor_kind == "member" and event.evidence is not None and not event.evidence_key.is_destroyed
    evidence = event.evidence.open_unseen() if is_own else {}
    return {"address": evidence.get("address"), "browser": evidence.get("browser")}


def _notices_of(person_id: UUID) -> list[Notice]:
    """Every version the member agreed to, refused or was shown."""
    member = Member.objects.get(pk=person_id)
    shown = Q(pk__in=ConsentEvent.objects.filter(consent__member=person_id).values("notice"))
    shown |= Q(pk__in=MemberRequest.objects.filter(member=person_id, notice__isnull=False).values("notice"))
    notices = Notice.objects.filter(shown | Q(pk=member.notice_id)).select_related("collection")
    return list(notices.order_by("collection__position", "version").prefetch_related("items"))


def _notices(person_id: UUID) -> Iterator[Row]:
    for notice in _notices_of(person_id):
        yield {
            "collection": notice.collection_id,
            "name": str(notice.collection),
            "version": notice.version,
            "published_at": notice.published_at,
            "digest": notice.digest,
            "files": [_path(notice, language) for language in LANGUAGES],
        }


def _path(notice: Notice, language: str) -> str:
    return f"notices/{notice.collection_id}-v{notice.version}.{language}.txt"


def _texts(person_id: UUID) -> Iterator[File]:
    for notice in _notices_of(person_id):
        for language in LANGUAGES:
            yield _path(notice, language), partial(_text, notice, language)


def _text(notice: Notice, language: str) -> BinaryIO:
    with translation.override(language):
        text = render_to_string("requests/copies/notice.txt", {"notice": notice, "items": list(notice.items.all())})
    return io.BytesIO(text.strip().encode() + b"\n")


def _destroyed(person_id: UUID) -> Iterator[Row]:
    records = DestructionRecord.objects.filter(subject_id=person_id).exclude(because__startswith="copy.")
    for one in records.order_by("at", "id").iterator():
        yield {
            "at": one.at,
            "ground": one.ground,
            "ground_number": str(one.ground_id),
            "items": one.items,
            "because": one.because,
        }


def _access(person_id: UUID) -> Iterator[Row]:
    """Who was shown the member: in which role and why, but not which colleague, which is theirs."""
    for entry in AccessEntry.objects.filter(people__contains=[person_id]).order_by("id").iterator():
        yield {
            "at": entry.at,
            "what": entry.what,
            "by": entry.actor_kind,
            "role": entry.role,
            "items": entry.items,
            "in_full": entry.in_full,
            "request": entry.request_reference,
        }


def _own_access(person_id: UUID) -> Iterator[Row]:
    for entry in OwnAccessEntry.objects.filter(person_id=person_id).order_by("id").iterator():
        yield {"at": entry.at, "page": entry.page, "items": entry.items, "in_full": entry.in_full}


NUMBER, NAME, STATE, WHEN, ITEMS = _("number"), _("name"), _("state"), _("when"), _("items")
COLLECTION, VERSION, GROUND = _("collection"), _("version"), _("ground")
PARTS = (
    Part(
        "values",
        _("Every value held of you, and what was destroyed"),
        {
            "item": _("item"),
            "name": NAME,
            "state": _("held, destroyed, or unreadable"),
            "value": _("value, as it is stored"),
            "written": _("value, as it is written"),
            "ground": GROUND,
            "ground_number": _("ground's number"),
            "held_on": _("held on"),
            "since": _("since"),
            "destroyed_at": _("destroyed on"),
        },
        _values,
    ),
    Part(
        "consents",
        _("Your consents"),
        {
            "number": NUMBER,
            "collection": COLLECTION,
            "name": NAME,
            "state": STATE,
            "notice_version": _("version of the notice"),
            "items": _("items agreed"),
            "since": _("in this state since"),
            "lapses_at": _("lapses"),
            "suspended_since": _("use suspended since"),
        },
        _consents,
    ),
    Part(
        "consent_events",
        _("What happened to your consents"),
        {
            "reference": _("reference"),
            "collection": COLLECTION,
            "what": _("what"),
            "at": WHEN,
            "recorded_at": _("recorded"),
            "notice_version": _("version of the notice"),
            "notice_digest": _("digest"),
            "items": _("items agreed"),
            "method": _("how it reached us"),
            "language": _("language"),
            "by": _("by"),
            "address": _("IP address"),
            "browser": _("browser"),
        },
        _consent_events,
    ),
    Part(
        "notices",
        _("What you were told; the texts are in the folder notices"),
        {
            "collection": COLLECTION,
            "name": NAME,
            "version": VERSION,
            "published_at": _("published on"),
            "digest": _("digest"),
            "files": _("file"),
        },
        _notices,
        _texts,
    ),
    *of_requests.PARTS,
    Part(
        "destructions",
        _("What of yours was destroyed"),
        {"at": WHEN, "ground": GROUND, "ground_number": _("ground's number"), "items": ITEMS, "because": _("because")},
        _destroyed,
    ),
    Part(
        "access",
        _("Who saw what is yours"),
        {
            "at": WHEN,
            "what": _("what"),
            "by": _("by"),
            "role": _("role at that time"),
            "items": ITEMS,
            "in_full": _("values in full"),
            "request": _("reference of the request"),
        },
        _access,
    ),
    Part(
        "own_access",
        _("When you looked at it yourself"),
        {"at": WHEN, "page": _("page"), "items": ITEMS, "in_full": _("values in full")},
        _own_access,
    ),
)


def register() -> None:
    """Add these parts; called once, when the portal is ready."""
    for part in PARTS:
        portable.register(part)
