"""The list of destructions, kept outside the database, so that an older dump cannot bring anything back unnoticed.

A file of JSON lines. The first names the list; each other line is one destroyed key, or one ground that ended: which,
when, why. It holds no values and no keys. A destruction is first committed, then appended here, and only then does the
database note how far it agrees with the list (`DestructionListMark`). A database restored from an earlier dump
therefore knows less of the list than there is; where the rest names what lives in it, nobody is served
(`why_not_serve`) until the list has been replayed (`vault.replay`).
"""

from __future__ import annotations

import fcntl
import json
import os
import uuid
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from io import BufferedRandom
from itertools import islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django_tasks import task

from . import endings
from .endings import Ending
from .errors import DestructionListError
from .models import DataKey, DestructionListMark, DestructionRecord, UnlistedDestruction, UnlistedEnding

BATCH = 500
MISSING = (
    "The list of destructions {path} is missing. Put it back where DESTRUCTION_LIST says. Only if it is lost for good "
    "and this database was not restored from a dump: manage.py export_destructions --anew"
)
OTHER = (
    "The list of destructions {path} is not the one that this database was written beside, or an older copy of it. Put "
    "the newest copy in its place."
)
RESTORED = (
    "This database was restored from a dump made before values in it were destroyed, or consents ended. Repeat that, "
    "then start: "
    "manage.py replay_destructions"
)


def path() -> Path:
    return Path(settings.DESTRUCTION_LIST)


def why_not_serve() -> str:
    """Why this database must not be served, as a sentence for whoever runs it; empty where it may be.

    One small query and a look at the file, unless the list has grown since the database last agreed with it.
    """
    mark = DestructionListMark.objects.first()
    list_id, size = _identity(path())
    if mark is None and list_id is None:
        return ""
    if list_id is None:
        return MISSING.format(path=path())
    if mark is not None and (mark.list_id != list_id or mark.agreed > size):
        return OTHER.format(path=path())
    agreed = mark.agreed if mark else 0
    return RESTORED if agreed < size and _names_what_came_back(path(), agreed) else ""


def write() -> int:
    """Append every committed destruction and ending that is not listed yet; returns how many.

    Safe to stop and to repeat. Stopped in between, a line may come twice, which does no harm.
    Raises `DestructionListError`.
    """
    written = 0
    with _alone(path()) as file:
        while True:
            with transaction.atomic():
                mark = _mark_beside(file)
                unlisted = UnlistedDestruction.objects.select_for_update(of=("self",)).select_related("record")
                batch = list(unlisted.order_by("pk")[:BATCH])
                ended = list(UnlistedEnding.objects.select_for_update().order_by("pk")[:BATCH])
                if not batch and not ended:
                    return written
                before = file.seek(0, os.SEEK_END)
                # Keys before the grounds that they were made for: so they are replayed in this order too.
                _append(file, [*(_entry(one.record) for one in batch), *(_ending(one).entry for one in ended)])
                UnlistedDestruction.objects.filter(pk__in=[one.pk for one in batch]).delete()
                UnlistedEnding.objects.filter(pk__in=[one.pk for one in ended]).delete()
                if mark.agreed == before:
                    _agree(mark, file.tell())
                written += len(batch) + len(ended)


@task()
def write_due() -> None:
    """List what could not be listed right after its destruction; run by the schedule."""
    write()


def begin_anew() -> int:
    """Make a new list from this database's own records, where the old one is lost; returns how many lines it has."""
    if path().exists():
        path().rename(path().with_name(f"{path().name}.replaced-{uuid.uuid4().hex[:8]}"))
    DestructionListMark.objects.all().delete()
    with _alone(path()) as file, transaction.atomic():
        file.seek(0, os.SEEK_END)
        UnlistedEnding.objects.all().delete()  # they are on record
        records = DestructionRecord.objects.order_by("pk").iterator(BATCH)
        written = _append(file, (_entry(record) for record in records))
        for room in endings.rooms.values():
            written += _append(file, (ending.entry for ending in room.on_record()))
        _mark_beside(file)
        return written


def settle() -> None:
    """Note that the database agrees with the whole list, where it does."""
    with _alone(path()) as file, transaction.atomic():
        _mark_beside(file)


def entries(file_path: Path, start: int = 0, end: int | None = None) -> Iterator[dict[str, Any]]:
    """The lines of a list, but for the first, from one byte to another; one still being written is left out."""
    with file_path.open("rb") as file:
        file.seek(start)
        while (end is None or file.tell() < end) and (line := file.readline()).endswith(b"\n"):
            entry = json.loads(line)
            if "list" not in entry:
                yield entry


def batches(found: Iterable[dict[str, Any]]) -> Iterator[list[dict[str, Any]]]:
    rest = iter(found)
    while batch := list(islice(rest, BATCH)):
        yield batch


def living(batch: Iterable[dict[str, Any]]) -> set[uuid.UUID]:
    """The keys among these entries that this database still holds."""
    named = [entry["key"] for entry in batch if "key" in entry]
    return set(DataKey.objects.filter(pk__in=named, wrapped_key__isnull=False).values_list("pk", flat=True))


def standing(batch: Iterable[dict[str, Any]]) -> list[Ending]:
    """The endings among these entries that this database does not know of."""
    return endings.standing(Ending.read(entry) for entry in batch if "ended" in entry)


def _names_what_came_back(file_path: Path, start: int) -> bool:
    return any(living(batch) or standing(batch) for batch in batches(entries(file_path, start)))


def _identity(file_path: Path) -> tuple[uuid.UUID | None, int]:
    """The list's own number and its size up to the last whole line; no number where there is no list."""
    try:
        with file_path.open("rb") as file:
            first = file.readline()
            if not first.endswith(b"\n"):
                return None, 0
            return uuid.UUID(json.loads(first)["list"]), _whole_lines(file)
    except FileNotFoundError:
        return None, 0


def _whole_lines(file: Any) -> int:
    """How many bytes there are up to the end of the last whole line."""
    size: int = file.seek(0, os.SEEK_END)
    step = 4096
    while size:
        begin = max(0, size - step)
        file.seek(begin)
        found = file.read(size - begin).rfind(b"\n")
        if found >= 0:
            return begin + int(found) + 1
        size = begin
    return 0


@contextmanager
def _alone(file_path: Path) -> Iterator[BufferedRandom]:
    """The list, for one writer at a time; a line that a killed one left half is cut off. A first list is begun."""
    if not file_path.exists() and DestructionListMark.objects.exists():
        raise DestructionListError(MISSING.format(path=file_path))
    file_path.parent.mkdir(parents=True, exist_ok=True)
    descriptor = os.open(file_path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(descriptor, "r+b") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.truncate(_whole_lines(file))
        if not file.seek(0, os.SEEK_END):
            _sync(file, json.dumps({"list": str(uuid.uuid4())}) + "\n")
        yield file


def _mark_beside(file: BufferedRandom) -> DestructionListMark:
    """The database's mark, moved up to the list's end where every key named since is destroyed here too."""
    file.seek(0)
    list_id = uuid.UUID(json.loads(file.readline())["list"])
    size = file.seek(0, os.SEEK_END)
    mark = DestructionListMark.objects.select_for_update().first()
    if mark is None:
        mark = DestructionListMark.objects.create(list_id=list_id)
    if mark.list_id != list_id or mark.agreed > size:
        raise DestructionListError(OTHER.format(path=path()))
    if mark.agreed < size and not _names_what_came_back(path(), mark.agreed):
        _agree(mark, size)
    return mark


def _agree(mark: DestructionListMark, size: int) -> None:
    mark.agreed = size
    mark.save(update_fields=["agreed"])


def _entry(record: DestructionRecord) -> dict[str, Any]:
    return {
        "key": str(record.data_key_id),
        "at": record.at.isoformat(),
        "ground": record.ground,
        "ground_id": str(record.ground_id),
        "because": record.because,
    }


def _ending(one: UnlistedEnding) -> Ending:
    return Ending(DataKey.Ground(one.ground), one.ground_id, one.because, one.at, tuple(one.items))


def _append(file: BufferedRandom, lines: Iterable[dict[str, Any]]) -> int:
    count = 0
    for entry in lines:
        file.write((json.dumps(entry) + "\n").encode())
        count += 1
    _sync(file)
    return count


def _sync(file: BufferedRandom, text: str = "") -> None:
    file.write(text.encode())
    file.flush()
    os.fsync(file.fileno())
