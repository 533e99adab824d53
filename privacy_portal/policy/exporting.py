"""The policy in force as plain data, in the shape in which the company publishes its facts."""

from __future__ import annotations

from typing import Any

from django.db.models import prefetch_related_objects

from .models import Collection, CollectionMethod, Notice, NoticeItem, Purpose


def export() -> dict[str, Any]:
    """What the published policy says; what the company asks beyond it is left out.

    Sections membership, payment_methods, generated, separate_consents, collection_methods and purposes.
    """
    policy: dict[str, Any] = {"membership": {}, "payment_methods": {}, "generated": [], "separate_consents": {}}
    notices = list(Notice.objects.in_force().filter(collection__beyond_policy=False).select_related("collection"))
    prefetch_related_objects(notices, "items")
    for notice in notices:
        collection, items = notice.collection, list(notice.items.all())
        if collection.pk == "generated":
            policy["generated"] = [item.item_id for item in items]
            continue
        place = policy["separate_consents"] if collection.is_separate_consent else policy
        *parents, name = collection.pk.split(".")
        for parent in parents:
            place = place.setdefault(parent, {})
        place[name] = _facts(collection, items)
    policy["collection_methods"] = [method.pk for method in CollectionMethod.objects.all()]
    policy["purposes"] = {}
    for purpose in Purpose.objects.all():
        group, _dot, name = purpose.pk.partition(".")
        policy["purposes"].setdefault(group, []).append(name)
    return policy


def _facts(collection: Collection, items: list[NoticeItem]) -> dict[str, Any]:
    facts: dict[str, Any] = {}
    for part, kind, residence in (
        ("who", collection.who_kind, collection.who_residence),
        ("optional_who", collection.optional_who_kind, collection.optional_who_residence),
    ):
        limits = {name: value for name, value in (("kind", kind), ("residence", residence)) if value}
        if limits:
            facts[part] = limits
    for requirement in NoticeItem.Requirement.values:
        if entries := _entries([item for item in items if item.requirement == requirement]):
            facts[requirement] = entries
    if collection.note:
        facts["note"] = collection.note
    return facts


def _entries(items: list[NoticeItem]) -> list[Any]:
    entries: list[Any] = []
    choices: dict[int, list[str]] = {}
    for item in items:
        if item.choice is None:
            entries.append({item.item_id: item.label} if item.label else item.item_id)
        elif item.choice in choices:
            choices[item.choice].append(item.item_id)
        else:
            choices[item.choice] = [item.item_id]
            entries.append({"any_of": choices[item.choice]})
    return entries
