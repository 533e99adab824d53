"""Notices: drafting a version, and publishing it for good (N1, N2)."""

from __future__ import annotations

import hashlib
import json
from operator import attrgetter
from typing import Any

from django.db import transaction
from django.dispatch import Signal
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

from . import changes
from .models import Collection, Notice, NoticeItem

# Sent, inside the transaction, when a notice has been published. Arguments: notice, actor.
notice_published = Signal()


@transaction.atomic
def draft(collection: Collection, *, actor: Actor) -> Notice:
    """The collection's draft: the one there is, or a new copy of the version in force."""
    demand(actor, "policy.add_notice")
    Collection.objects.select_for_update().get(pk=collection.pk)  # one drafter at a time
    if existing := collection.notices.filter(published_at__isnull=True).first():
        return existing
    newest = collection.notices.order_by("-version").first()
    if newest is None:
        notice = Notice(collection=collection, version=1)
        save_as(actor, notice, reason="new draft")
        return notice
    notice = Notice(collection=collection, version=newest.version + 1, valid_months=newest.valid_months)
    for part in changes.PARTS:
        for language in ("ko", "en"):
            setattr(notice, f"{part}_{language}", getattr(newest, f"{part}_{language}"))
    save_as(actor, notice, reason="new draft")
    for item in newest.items.all():
        item.pk, item.notice = None, notice
        item.save(force_insert=True)
    return notice


def why_not_publish(notice: Notice) -> PortalError | None:
    """What is missing before `notice` can be published, if anything."""
    if notice.is_published:
        return PortalError(
            "already_published", _("This notice is published already. Draft a new version to change it.")
        )
    names = {field.name: field.verbose_name for field in Notice._meta.fields}
    for part in changes.PARTS:
        for language in ("ko", "en"):
            field = f"{part}_{language}"
            if not getattr(notice, field).strip():
                return PortalError(
                    "notice_incomplete", _("“%(part)s” is empty. Write it first.") % {"part": names[field]}, field=field
                )
    if not notice.items.exists():
        return PortalError("notice_without_items", _("The notice names no items. Add each item it is about."))
    previous = _previous(notice)
    if previous and content(previous) | {"version": None} == content(notice) | {"version": None}:
        return PortalError(
            "notice_unchanged", _("This draft says the same as version %(version)s.") % {"version": previous.version}
        )
    return None


@transaction.atomic
def publish(notice: Notice, *, actor: Actor) -> Notice:
    """Publish a draft: from now on neither it nor its items can change, and it is what people are asked.

    Raises `PortalError` where a part is missing. Consents that rest on an older version are asked again when
    purpose, items, retention or refusal changed (N2).
    """
    demand(actor, "policy.publish_notice")
    notice = Notice.objects.select_for_update().select_related("collection").get(pk=notice.pk)
    if refusal := why_not_publish(notice):
        raise refusal
    previous = _previous(notice)
    notice.asks_again = previous is not None and bool(changes.compare(previous, notice))
    notice.digest = digest(notice)
    notice.published_at = now()
    save_as(actor, notice, reason="published")
    if notice.asks_again:
        notice.collection.asked_again_since = notice.version
        save_as(actor, notice.collection, reason="published", update_fields=["asked_again_since"])
    notice_published.send(Notice, notice=notice, actor=actor)
    return notice


def content(notice: Notice) -> dict[str, Any]:
    """All that a notice says, in a form that is the same whenever and wherever it is made."""
    return {
        "collection": notice.collection_id,
        "version": notice.version,
        "valid_months": notice.valid_months,
        **{
            f"{part}_{language}": getattr(notice, f"{part}_{language}")
            for part in changes.PARTS
            for language in ("ko", "en")
        },
        "items": [
            {
                "item": item.item_id,
                "requirement": item.requirement,
                "choice": item.choice,
                "label": item.label,
                "name_ko": item.name_ko,
                "name_en": item.name_en,
            }
            for item in sorted(notice.items.all(), key=attrgetter("position", "pk"))
        ],
    }


def digest(notice: Notice) -> str:
    """SHA-256, in hexadecimal, of the notice's content as JSON with sorted keys and no spaces."""
    canonical = json.dumps(content(notice), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


def _previous(notice: Notice) -> Notice | None:
    earlier = Notice.objects.published().filter(collection_id=notice.collection_id, version__lt=notice.version)
    return earlier.order_by("-version").first()


def add_items(notice: Notice, items: list[NoticeItem]) -> None:
    """Give a draft its items, in this order."""
    for position, item in enumerate(items):
        item.notice, item.position = notice, position
    NoticeItem.objects.bulk_create(items)
