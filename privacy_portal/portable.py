"""What a member's own copy of everything held consists of: each room adds the parts it knows.

The copy itself is made above the rooms (`requests.copies`). A room registers what it holds when it is ready:

    portable.register(Part("members", _("Your membership"), {"number": _("number"), ...}, rows))

A row is told to the member whole: it names nobody else, and holds no hash, no secret and nothing derived.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, BinaryIO
from uuid import UUID

Row = Mapping[str, Any]
Opener = Callable[[], BinaryIO]
# A path within the copy, and what opens the file that goes there.
File = tuple[str, Opener]


def no_files(person_id: UUID) -> Iterable[File]:
    return ()


@dataclass(frozen=True)
class Part:
    """One kind of what is held. `rows` gives each with the keys of `columns`: texts, numbers, truth values, moments,
    lists and mappings of them, or None; `files` gives the files that go with them."""

    name: str  # of its file, <name>.csv, and its key in data.json: lower case letters and underscores
    title: Any
    columns: Mapping[str, Any]  # what each key means
    rows: Callable[[UUID], Iterator[Row]]
    files: Callable[[UUID], Iterable[File]] = no_files


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Add a part, at the end; one of the same name takes the place of the one before."""
    _parts[part.name] = part


def parts() -> list[Part]:
    return list(_parts.values())
