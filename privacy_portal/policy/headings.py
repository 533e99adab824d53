"""Putting what belongs to collections under the policy's headings."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from itertools import groupby
from typing import Generic, TypeVar

from .models import Collection, CollectionGroup

T = TypeVar("T")


@dataclass(frozen=True)
class Section(Generic[T]):
    """A main heading with its entries, in parts: those of one sub-heading together, single ones without."""

    heading: CollectionGroup
    parts: list[tuple[CollectionGroup | None, list[T]]]


def under_headings(entries: Iterable[T], collection_of: Callable[[T], Collection]) -> list[Section[T]]:
    """`entries`, which are in the policy's order, under its headings. Their groups must be loaded."""
    headings = CollectionGroup.objects.in_bulk()
    sections = []
    for top, of_top in groupby(entries, key=lambda entry: collection_of(entry).pk.partition(".")[0]):
        parts: list[tuple[CollectionGroup | None, list[T]]] = []
        for group, some in groupby(of_top, key=lambda entry: collection_of(entry).group):
            of_group = list(some)
            if len(of_group) > 1 and group.pk != top:
                parts.append((group, of_group))
            elif parts and parts[-1][0] is None:
                parts[-1][1].extend(of_group)
            else:
                parts.append((None, of_group))
        sections.append(Section(headings[top], parts))
    return sections
