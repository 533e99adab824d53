"""Grounds that ended, whether or not a key died with them: an older dump must not make them stand again unnoticed.

What a ground is, and whether it stands, is known to the room above that holds it: it registers here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from privacy_portal.actors import Actor

from .models import DataKey


@dataclass(frozen=True)
class Ending:
    """A ground ended, or these items of it were taken back."""

    ground: DataKey.Ground
    ground_id: UUID
    because: str
    at: datetime
    items: tuple[str, ...] = ()  # none: all of it

    @property
    def entry(self) -> dict[str, Any]:
        """As the list of destructions tells it."""
        return {
            "ended": str(self.ground_id),
            "at": self.at.isoformat(),
            "ground": str(self.ground),
            "items": list(self.items),
            "because": self.because,
        }

    @classmethod
    def read(cls, entry: dict[str, Any]) -> Ending:
        return cls(
            DataKey.Ground(entry["ground"]),
            UUID(entry["ended"]),
            entry["because"],
            datetime.fromisoformat(entry["at"]),
            tuple(entry["items"]),
        )


@dataclass(frozen=True)
class Room:
    """What a room says of the grounds it holds."""

    # Those among some endings that the database does not know of: what ended stands in it.
    standing: Callable[[Sequence[Ending]], list[Ending]]
    end_again: Callable[[Ending, Actor], object]
    # Every ending on record, for a list that is written anew.
    on_record: Callable[[], Iterator[Ending]]


rooms: dict[DataKey.Ground, Room] = {}


def standing(found: Iterable[Ending]) -> list[Ending]:
    """The endings among these that the database does not know of."""
    all_found = list(found)
    of_rooms = {ground: [one for one in all_found if one.ground == ground] for ground in rooms}
    return [one for ground, some in of_rooms.items() if some for one in rooms[ground].standing(some)]
