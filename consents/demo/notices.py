"""How the demo's officer has changed notices (`notices.yaml`): a draft, edited another day, published another."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from consents.expiry import supersede_outdated
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Item, Notice, NoticeItem

from .data import read


@dataclass(frozen=True)
class NewVersion:
    collection: str
    drafted: float
    edited: float
    published: float | None = None
    first: Mapping[str, Any] = field(default_factory=dict)
    then: Mapping[str, Any] = field(default_factory=dict)
    optional_items: tuple[str, ...] = ()
    names: Mapping[str, Mapping[str, str]] = field(default_factory=dict)

    def draft(self, officer: Actor) -> None:
        notice = publishing.draft(Collection.objects.get(pk=self.collection), actor=officer)
        _write(notice, self.first, officer)

    def edit(self, officer: Actor) -> None:
        notice = self._drafted()
        _write(notice, self.then, officer)
        new_items = Item.objects.filter(pk__in=self.optional_items)
        for position, item in enumerate(new_items, start=notice.items.count()):
            NoticeItem.objects.create(
                notice=notice,
                item=item,
                requirement=NoticeItem.Requirement.OPTIONAL,
                name_ko=item.name_ko,
                name_en=item.name_en,
                position=position,
            )
        for item_code, name in self.names.items():
            notice.items.filter(item_id=item_code).update(name_ko=name["ko"], name_en=name["en"])

    def publish(self, officer: Actor) -> None:
        notice = publishing.publish(self._drafted(), actor=officer)
        if notice.asks_again:
            # Publishing has put this into the queue; in the story it is done on the same day.
            supersede_outdated.call(self.collection)

    def _drafted(self) -> Notice:
        return Notice.objects.get(collection_id=self.collection, published_at__isnull=True)


def new_versions() -> list[NewVersion]:
    return [NewVersion(**version) for version in read("notices")]


def _write(notice: Notice, words: Mapping[str, Any], officer: Actor) -> None:
    if words:
        for part, text in words.items():
            setattr(notice, part, text)
        save_as(officer, notice, reason="edited")
