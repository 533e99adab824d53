"""What an evidence bundle consists of: each room adds a section about a person or one consent.

The bundle itself is made above all rooms (`privacy_portal.evidence`). A room registers what it knows when it is ready:

    sections.register(Section(name="requests", title=_("Requests"), headings=(...), rows=..., lines=...))

Rows of an append-only model are proven by the ledger without anything further: the bundle takes their columns as they
were digested, and the checkpoints that cover them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import QuerySet


@dataclass(frozen=True)
class Subject:
    """What a bundle is about: a person or, narrower, one consent of the person and the items it ever named."""

    person_id: UUID
    consent_id: UUID | None = None
    items: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Line:
    """One row as it is told: a cell a heading for the report, and facts for the data.

    `kept_back` are columns of an append-only row that tell of other people, with what stands in their place.
    """

    cells: Sequence[str]
    facts: Mapping[str, Any] = field(default_factory=dict)
    kept_back: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Section:
    """`rows` finds what there is about a subject. `lines` tells some rows at once, so that what they need is read once
    for all of them; its second argument says whether sealed evidence may be opened in full, instead of masked."""

    name: str  # of its file, data/<name>.json: lower case letters and underscores
    title: Any
    headings: tuple[Any, ...]
    rows: Callable[[Subject], QuerySet[Any]]
    lines: Callable[[Sequence[Any], bool], Iterable[Line]]
    template: str = "evidence/rows.html"  # for what is no table: a template of one's own, given `lines`


_sections: dict[str, Section] = {}


def register(section: Section) -> None:
    """Add a section, at the end; one of the same name takes the place of the one before."""
    _sections[section.name] = section


def registered() -> list[Section]:
    return list(_sections.values())
