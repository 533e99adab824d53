"""The policy as the company wrote it down: the YAML files of this folder."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

FOLDER = Path(__file__).parent
REQUIREMENTS = ("required", "optional", "required_for_business")


@dataclass(frozen=True)
class NamedItem:
    """One item as a collection names it: `{login_id: NAVER ID}` has a label, `any_of` shares a choice."""

    item: str
    requirement: str
    choice: int | None = None
    label: str = ""


def read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def collections() -> Iterator[dict[str, Any]]:
    for name in ("membership", "payment_methods", "generated", "general", "marketing", "services"):
        yield from read(f"collections/{name}")


def named_items(collection: dict[str, Any]) -> list[NamedItem]:
    """The items of a collection in the policy's order."""
    found: list[NamedItem] = []
    choices = 0
    for requirement in REQUIREMENTS:
        for entry in collection.get(requirement, []):
            if isinstance(entry, str):
                found.append(NamedItem(entry, requirement))
            elif "any_of" in entry:
                choices += 1
                found += [NamedItem(item, requirement, choices) for item in entry["any_of"]]
            else:
                ((item, label),) = entry.items()
                found.append(NamedItem(item, requirement, label=label))
    return found
