"""What people are called, how they are found and which of them a colleague may see, told to this room by those above
that know it."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
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

# Which people a colleague may see: a query whose one column `person` holds their numbers, or None where the one asked
# sets no limit (A1).
Reach = Callable[[Any], "QuerySet[Any, Any] | None"]
reaches: list[Reach] = []


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


def within_reach(account: Any) -> QuerySet[Any, Any] | None:
    """The numbers of the only people this colleague may see; None where it is everybody."""
    return next((found for reach in reaches if (found := reach(account)) is not None), None)


def may_see(account: Any, person: UUID) -> bool:
    found = within_reach(account)
    return found is None or found.filter(person=person).exists()
