"""Files and their rows, compared: no file outlives its row or its key, and no row loses its file unnoticed."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import timedelta

import structlog
from django.db.models import Q
from django.utils import timezone
from django_tasks import task

from privacy_portal.errors import PortalError

from . import destruction_list, file_store
from .errors import VaultError
from .files import file_fields

log = structlog.get_logger()

# The row of a younger file may not be committed yet.
SPARED = timedelta(hours=6)
# So many at once, and more than half of all files, is no accident but another installation's store.
SUSPICIOUS = 100
FOLDERS = [f"{number:02x}" for number in range(256)]


@dataclass
class Sweep:
    """What a sweep found: how many files it removed, and which rows are without their file."""

    files: int = 0
    unclaimed: list[str] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    removed: int = 0


def sweep(*, even_most: bool = False) -> Sweep:
    """Remove every file that no row with a living key names, and tell which rows lack their file. Safe to repeat.

    Raises `PortalError` where the store is down, and `VaultError` where it had to remove most files there are:
    `even_most` does it all the same.
    """
    if why_not := destruction_list.why_not_serve():
        raise VaultError(why_not)
    found = Sweep()
    for folder in FOLDERS:
        _compare(folder, found)
    if not even_most and len(found.unclaimed) > max(SUSPICIOUS, found.files // 2):
        raise VaultError(
            f"{len(found.unclaimed)} of {found.files} files belong to no row of this database, so none was removed: is "
            "it the store of another one? If they may go: manage.py sweep_files --even-most"
        )
    found.removed = sum(file_store.remove(name) for name in found.unclaimed)
    return found


@task()
def sweep_files() -> None:
    """Sweep; run by the schedule."""
    found = sweep()
    if found.missing:
        log.error("files_missing", rows=found.missing[:100], count=len(found.missing))
    if found.unclaimed:
        log.warning("files_without_row_removed", count=found.removed, left=len(found.unclaimed) - found.removed)


def _compare(folder: str, found: Sweep) -> None:
    # First the rows: the file of a row that is committed already is in the store already.
    rows = dict(_living_rows(folder))
    try:
        with file_store.asking_the_store():
            names = {f"{folder}/{name}" for name in file_store.store().listdir(folder)[1]}
    except PortalError as error:
        if error.code != "file_missing":
            raise
        names = set()
    found.files += len(names)
    found.unclaimed += [name for name in sorted(names - rows.keys()) if _is_old(name)]
    if lost := rows.keys() - names:  # unless its key was destroyed meanwhile
        found.missing += [rows[name] for name in sorted(lost & dict(_living_rows(folder)).keys())]


def _living_rows(folder: str) -> list[tuple[str, str]]:
    return [
        (name, f"{field.model._meta.label} {number}")
        for field in file_fields()
        for name, number in field.model._base_manager.filter(
            Q(**{f"{field.name}__startswith": f"{folder}/", f"{field.key}__wrapped_key__isnull": False})
        ).values_list(field.name, "pk")
    ]


def _is_old(name: str) -> bool:
    try:
        with file_store.asking_the_store():
            return timezone.now() - file_store.store().get_modified_time(name) > SPARED
    except PortalError as error:
        if error.code != "file_missing":
            raise
        return False
