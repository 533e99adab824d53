"""What people are called and how they are found, told to this room by the one above that knows them."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from . import sight


@dataclass(frozen=True)
class Directory:
    """What the members' room offers: masked names, pages, and exact search."""

    names: Callable[[Collection[UUID]], dict[UUID, str]]
    url: Callable[[UUID], str]
    terms_of: Callable[[str], dict[str, str]]
    found: Callable[[dict[str, str]], list[UUID]]


_directories: list[Directory] = []


def register(directory: Directory) -> None:
    _directories[:] = [directory]


def named(people: Collection[UUID]) -> dict[UUID, str]:
    """Masked names, by number; whoever is named is on the record as shown."""
    for person in people:
        sight.saw(person)
    known = _directories[0].names(people) if people else {}
    return {person: known.get(person, _("unknown")) for person in people}


def is_known(person: UUID) -> bool:
    return person in _directories[0].names([person])


def url_of(person: UUID) -> str:
    return _directories[0].url(person)


def terms_of(text: str) -> dict[str, str]:
    return _directories[0].terms_of(text)


def found(terms: dict[str, str]) -> list[UUID]:
    return _directories[0].found(terms)
