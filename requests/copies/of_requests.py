"""The parts of a copy that requests come to: what was asked, what became of it, the thread, documents and drafts."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from uuid import UUID

from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy_portal.portable import File, Part, Row
from privacy_portal.vault.fields import SealedValue
from requests import held, kinds
from requests.documents import name_of
from requests.models import Document, Draft, MemberRequest, Message, RequestEvent


def _opened(sealed: SealedValue | None) -> Any:
    """What is sealed; None where there is nothing, or nothing any more."""
    return None if sealed is None or sealed.is_destroyed else sealed.open_unseen()


def _requests(person_id: UUID) -> Iterator[Row]:
    requests = MemberRequest.objects.filter(member=person_id).select_related("data_key", "values_key")
    for one in requests.order_by("received_at", "id").iterator():
        is_told = bool(one.decision) and not one.is_undecided  # what nobody confirmed is no decision yet
        yield {
            "reference": one.reference,
            "kind": one.kind,
            "name": str(one.the_kind),
            "state": one.state,
            "received_at": one.received_at,
            "due_on": one.due_on.isoformat(),
            "asked": _opened(one.asked),
            "asked_destroyed_at": one.values_key.destroyed_at,
            "acting_for_you": _opened(one.representative),
            "decision": one.decision if is_told else None,
            "reason": _opened(one.reason) if is_told else None,
            "granted": _opened(one.granted) if is_told else None,
            "decided_at": one.decided_at if is_told else None,
            "closed_at": one.closed_at,
        }


def _events(person_id: UUID) -> Iterator[Row]:
    events = RequestEvent.objects.filter(member_request__member=person_id).select_related("member_request")
    for event in events.order_by("id").iterator():
        yield {
            "request": event.member_request.reference,
            "at": event.at,
            "what": event.kind,
            "state": event.state,
            "by": event.actor_kind,
        }


def _messages(person_id: UUID) -> Iterator[Row]:
    messages = Message.objects.filter(member_request__member=person_id).select_related("member_request", "data_key")
    for message in messages.order_by("id").iterator():
        yield {
            "request": message.member_request.reference,
            "at": message.at,
            "by": "member" if message.by_member else "staff",
            "text": _opened(message.text),
            "destroyed_at": message.data_key.destroyed_at,
        }


def _drafts(person_id: UUID) -> Iterator[Row]:
    for draft in Draft.objects.filter(member=person_id).select_related("data_key").order_by("saved_at", "id"):
        yield {
            "kind": draft.kind,
            "name": str(kinds.kind(draft.kind)),
            "saved_at": draft.saved_at,
            "values": _opened(draft.values),
            "destroyed_at": draft.data_key.destroyed_at,
        }


def _documents(person_id: UUID) -> Iterator[Row]:
    for document in held.documents_of(person_id).order_by("added_at", "id").iterator():
        yield {
            "number": str(document.pk),
            "item": document.item,
            "name": name_of(document.item),
            "request": document.member_request.reference if document.member_request else None,
            "added_at": document.added_at,
            "size": document.size,
            "file": None if document.data_key.is_destroyed else _path(document),
            "destroyed_at": document.data_key.destroyed_at,
        }


def _path(document: Document) -> str:
    return f"documents/{document.pk.hex[:8]}-{document.name.open_unseen()}"


def _files(person_id: UUID) -> Iterator[File]:
    documents = held.documents_of(person_id).filter(data_key__wrapped_key__isnull=False)
    for document in documents.order_by("added_at", "id").iterator():
        yield _path(document), document.file.open_unseen


WHEN, NAME, BY = _("when"), _("name"), _("by")
KIND, REFERENCE, DESTROYED = pgettext_lazy("request", "kind"), _("reference"), _("destroyed on")
PARTS = (
    Part(
        "requests",
        _("Your requests"),
        {
            "reference": REFERENCE,
            "kind": KIND,
            "name": NAME,
            "state": _("state"),
            "received_at": _("received"),
            "due_on": _("due on"),
            "asked": _("what was asked"),
            "asked_destroyed_at": DESTROYED,
            "acting_for_you": _("who acts for the member"),
            "decision": _("decision"),
            "reason": _("reason told to the member"),
            "granted": _("what is granted"),
            "decided_at": _("decided"),
            "closed_at": _("closed"),
        },
        _requests,
    ),
    Part(
        "request_events",
        _("What was done about your requests"),
        {"request": REFERENCE, "at": WHEN, "what": _("what"), "state": _("state afterwards"), "by": BY},
        _events,
    ),
    Part(
        "messages",
        _("What you and the desk wrote to each other"),
        {"request": REFERENCE, "at": WHEN, "by": BY, "text": _("text"), "destroyed_at": DESTROYED},
        _messages,
    ),
    Part(
        "drafts",
        _("Requests you have begun"),
        {
            "kind": KIND,
            "name": NAME,
            "saved_at": _("saved"),
            "values": _("what was typed"),
            "destroyed_at": DESTROYED,
        },
        _drafts,
    ),
    Part(
        "documents",
        _("Your documents; the files are in the folder documents"),
        {
            "number": _("number"),
            "item": _("item"),
            "name": NAME,
            "request": REFERENCE,
            "added_at": _("added"),
            "size": _("bytes"),
            "file": _("file"),
            "destroyed_at": DESTROYED,
        },
        _documents,
        _files,
    ),
)
