"""What happened to a request, in words: its events, and the thread with the member."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy_portal.admin_history import by_whom, staff_names
from privacy_portal.policy.models import Collection
from requests import kinds
from requests.identity import Check
from requests.models import Decision, MemberRequest, Message

from .asked import Reader
from .labels import event_label


@dataclass(frozen=True)
class EventLine:
    pk: int
    at: datetime
    label: SafeString
    by: str
    details: list[str]
    remark: str


@dataclass(frozen=True)
class Said:
    """One message of the thread."""

    at: datetime
    by: str
    by_member: bool
    text: str


def events_of(member_request: MemberRequest, reader: Reader) -> list[EventLine]:
    """Newest first."""
    events = list(member_request.events.select_related("data_key").order_by("-id"))
    staff = staff_names(event.actor_id for event in events)
    staff |= staff_names(UUID(event.details["to"]) for event in events if "to" in event.details)
    return [
        EventLine(
            event.pk,
            event.at,
            event_label(event),
            by_whom(event.actor_kind, event.actor_id, event.actor_name, staff),
            in_words(event.details, staff, reader.names),
            reader.text(event.remark),
        )
        for event in events
    ]


def thread_of(member_request: MemberRequest, reader: Reader) -> list[Said]:
    """Oldest first, as one reads a conversation."""
    messages: list[Message] = list(member_request.messages.select_related("data_key"))
    staff = staff_names(message.actor_id for message in messages if not message.by_member)
    return [
        Said(
            message.at,
            _("member") if message.by_member else by_whom("staff", message.actor_id, "", staff),
            message.by_member,
            reader.text(message.text),
        )
        for message in messages
    ]


def in_words(details: dict[str, Any], staff: dict[UUID, str], items: dict[str, str]) -> list[str]:
    """What an event's numbers and codes say."""
    said = []
    if to := details.get("to"):
        said.append(_("to %(who)s") % {"who": staff.get(UUID(to), to)})
    if decision := details.get("decision"):
        said.append(str(Decision(decision).label))
    if ground := details.get("ground"):
        said.append(str(kinds.grounds().get(ground, ground)))
    if how := details.get("how"):
        said.append(str(Check(how).label) if how in Check.values else how)
    if details.get("rests"):
        said.append(_("the period rests"))
    if days := details.get("days"):
        said.append(ngettext("%(days)s day more", "%(days)s days more", days) % {"days": days})
    if due_on := details.get("due_on"):
        said.append(_("due on %(day)s") % {"day": due_on})
    if count := details.get("documents"):
        said.append(ngettext("%(count)s document", "%(count)s documents", count) % {"count": count})
    if changed := details.get("items"):
        said.append(", ".join(items.get(code, code) for code in changed))
    if consents := details.get("consents"):
        said.append(", ".join(names_of(consents)))
    if kept := details.get("kept"):
        said.append(_("kept by law: %(rules)s") % {"rules": ", ".join(kept)})
    if reference := details.get("objection") or details.get("reopened"):
        said.append(reference)
    return said


def names_of(collections: Iterable[str]) -> list[str]:
    codes = list(collections)
    names = {one.pk: str(one) for one in Collection.objects.filter(pk__in=codes)}
    return [names.get(code, code) for code in codes]
