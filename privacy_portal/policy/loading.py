"""Bringing the catalogue into the database, and saying what that changed. Safe to repeat."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from typing import Any

from django.db import models, transaction

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as

from . import catalogue, publishing
from .models import Collection, CollectionGroup, CollectionMethod, Item, NoticeItem, Purpose

ACTOR = Actor.system("load_policy")


@transaction.atomic
def load() -> list[str]:
    """Load the catalogue; returns one line for each thing that changed.

    A collection without a notice gets its first one, published. Where the catalogue's text of a notice is
    new and the collection has a notice already, it becomes a draft for an officer to publish; a draft that an
    officer has worked on is left alone.
    """
    return [*_load_words(), *_load_collections()]


def _load_words() -> Iterator[str]:
    for position, (code, item) in enumerate(catalogue.read("items").items()):
        facts = {"item_class": item["class"], **_names(item["name"]), "note": item.get("note", "")}
        yield from _put(Item, code, position, facts)
    for position, (code, name) in enumerate(catalogue.read("methods").items()):
        yield from _put(CollectionMethod, code, position, _names(name))
    for position, (code, name) in enumerate(catalogue.read("groups").items()):
        yield from _put(CollectionGroup, code, position, _names(name))
    position = 0
    for group_code, group in catalogue.read("purposes").items():
        facts = {"article": group["article"], **_names(group["name"], "group")}
        for code, name in group["purposes"].items():
            yield from _put(Purpose, f"{group_code}.{code}", position, facts | _names(name))
            position += 1


def _load_collections() -> Iterator[str]:
    labels = catalogue.read("labels")
    items = Item.objects.in_bulk()
    for position, row in enumerate(catalogue.collections()):
        who, optional_who = row.get("who", {}), row.get("optional_who", {})
        facts = {
            "group_id": row["code"].rpartition(".")[0] or row["code"],
            **_names(row["title"], "title"),
            "legal_basis": row["legal_basis"],
            "who_kind": who.get("kind", ""),
            "who_residence": who.get("residence", ""),
            "optional_who_kind": optional_who.get("kind", ""),
            "optional_who_residence": optional_who.get("residence", ""),
            "about_another_person": row.get("about_another_person", False),
            "beyond_policy": row.get("beyond_policy", False),
            "is_advertising": row.get("is_advertising", False),
            "note": row.get("note", ""),
        }
        yield from _put(Collection, row["code"], position, facts)
        collection = Collection.objects.get(pk=row["code"])
        if {purpose.pk for purpose in collection.purposes.all()} != set(row["purposes"]):
            collection.purposes.set(row["purposes"])
            yield f"changed  {collection.pk}: purposes"
        yield from _load_notice(collection, row, items, labels)


def _load_notice(
    collection: Collection, row: dict[str, Any], items: dict[str, Item], labels: dict[str, dict[str, str]]
) -> Iterator[str]:
    named = catalogue.named_items(row)
    origin = hashlib.sha256(json.dumps([row["notice"], [str(item) for item in named]]).encode()).hexdigest()
    if collection.notices.filter(from_catalogue=origin).exists():
        return
    first = not collection.notices.exists()
    draft = collection.notices.filter(published_at__isnull=True).first()
    if draft and draft.history.exclude(actor_name=ACTOR.name).exists():
        yield f"kept     {collection.pk}: an officer's draft stands in the way of the catalogue's new text"
        return
    notice = draft or publishing.draft(collection, actor=ACTOR)
    for part, text in row["notice"].items():
        if part == "valid_months":
            notice.valid_months = text
        else:
            setattr(notice, f"{part}_ko", text["ko"])
            setattr(notice, f"{part}_en", text["en"])
    notice.from_catalogue = origin
    save_as(ACTOR, notice, reason="catalogue")
    notice.items.all().delete()
    publishing.add_items(
        notice,
        [
            NoticeItem(
                item_id=one.item,
                requirement=one.requirement,
                choice=one.choice,
                label=one.label,
                name_ko=labels[one.label]["ko"] if one.label else items[one.item].name_ko,
                name_en=labels[one.label]["en"] if one.label else items[one.item].name_en,
            )
            for one in named
        ],
    )
    if first:
        publishing.publish(notice, actor=ACTOR)
        yield f"published {collection.pk} v{notice.version}"
    else:
        yield f"drafted  {collection.pk} v{notice.version}: publish it in the admin"


def _put(model: type[models.Model], code: str, position: int, facts: dict[str, Any]) -> Iterator[str]:
    facts = facts | {"position": position}
    instance = model._default_manager.filter(pk=code).first()
    if instance is None:
        save_as(ACTOR, model(pk=code, **facts), reason="catalogue", force_insert=True)
        yield f"added    {model._meta.model_name} {code}"
        return
    changed = [name for name, value in facts.items() if getattr(instance, name) != value]
    if changed:
        for name in changed:
            setattr(instance, name, facts[name])
        save_as(ACTOR, instance, reason="catalogue")
        yield f"changed  {model._meta.model_name} {code}: {', '.join(changed)}"


def _names(name: dict[str, str], field: str = "name") -> dict[str, str]:
    return {f"{field}_ko": name["ko"], f"{field}_en": name["en"]}
