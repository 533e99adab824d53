"""After a restore: destroying again what the list of destructions names and an older dump has brought back."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from uuid import UUID

from privacy_portal.actors import Actor

from . import destruction_list
from .destruction import destroy_again
from .errors import DestructionListError

ACTOR = Actor.system("replay_destructions")


def replay(progress: Callable[[int], object], *, also: Callable[[dict[str, str]], object] = lambda entry: None) -> int:
    """Destroy every key that the list names and that lives in this database; returns how many there were.

    `also` is called with each such entry before its key is destroyed: stopped in between, it is found again.
    Safe to stop at any moment and to repeat.
    """
    path, destroyed = destruction_list.path(), 0
    if not path.exists():
        raise DestructionListError(destruction_list.MISSING.format(path=path))
    # It grows meanwhile, by what is destroyed here.
    for batch in destruction_list.batches(destruction_list.entries(path, end=path.stat().st_size)):
        came_back = destruction_list.living(batch)
        reasons: dict[str, set[UUID]] = defaultdict(set)
        for entry in batch:
            if UUID(entry["key"]) in came_back:
                also(entry)
                reasons[entry["because"]].add(UUID(entry["key"]))
        for because, keys in reasons.items():
            destroy_again(keys, because=because, actor=ACTOR)
        destroyed += len(came_back)
        progress(len(batch))
    destruction_list.write()
    return destroyed


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
