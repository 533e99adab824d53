"""After a restore: destroying, and ending, again what the list of destructions names and a dump has brought back."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from privacy_portal.actors import Actor

from . import destruction_list, endings
from .destruction import destroy_again
from .errors import DestructionListError

ACTOR = Actor.system("replay_destructions")


def replay(progress: Callable[[int], object]) -> tuple[int, int]:
    """Destroy every key, and end every ground, that the list names and that lives in this database.

    Returns how many keys and how many endings there were. Safe to stop at any moment and to repeat.
    """
    path, destroyed, ended = destruction_list.path(), 0, 0
    if not path.exists():
        raise DestructionListError(destruction_list.MISSING.format(path=path))
    # It grows meanwhile, by what is destroyed here.
    for batch in destruction_list.batches(destruction_list.entries(path, end=path.stat().st_size)):
        came_back = destruction_list.living(batch)
        reasons: dict[str, set[UUID]] = defaultdict(set)
        for entry in batch:
            if "key" in entry and UUID(entry["key"]) in came_back:
                reasons[entry["because"]].add(UUID(entry["key"]))
        for because, keys in reasons.items():
            destroy_again(keys, because=because, actor=ACTOR)
        for ending in (standing := destruction_list.standing(batch)):
            endings.rooms[ending.ground].end_again(ending, ACTOR)
        destroyed, ended = destroyed + len(came_back), ended + len(standing)
        progress(len(batch))
    destruction_list.write()
    return destroyed, ended


def take(copy: Path) -> None:
    """Take a copy of the list, kept elsewhere, as this installation's own. An own one is never replaced."""
    own = destruction_list.path()
    if own.exists():
        if own.resolve() != copy.resolve():
            raise DestructionListError(f"There is a list at {own} already. Move it away to use {copy} instead.")
        return
    own.parent.mkdir(parents=True, exist_ok=True)
    shutil.copy(copy, own)
    own.chmod(0o600)
