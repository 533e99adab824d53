"""Where sealed files lie: the storage that the settings name `documents`. Nothing in it is in clear."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, BinaryIO

import structlog
from django.core.files import File
from django.core.files.storage import FileSystemStorage, Storage, storages
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django_tasks import task

from privacy_portal.errors import PortalError

log = structlog.get_logger()

# A file that cannot be deleted is tried again, waiting twice as long each time; then the sweep has to find it.
FIRST_WAIT = timedelta(minutes=1)
ATTEMPTS = 10
NAMES_IN_A_TASK = 200


class Folder(FileSystemStorage):
    """A folder whose files only the portal can read, and that are on the disk before their row is committed."""

    def __init__(self, **options: Any) -> None:
        super().__init__(file_permissions_mode=0o600, directory_permissions_mode=0o700, **options)

    def _save(self, name: str, content: Any) -> str:
        stored: str = super()._save(name, content)  # type: ignore[misc]  # the stubs leave it out
        for path in (Path(self.path(stored)), Path(self.path(stored)).parent):
            descriptor = os.open(path, os.O_RDONLY)
            try:
                os.fsync(descriptor)
            finally:
                os.close(descriptor)
        return stored


def store() -> Storage:
    return storages["documents"]


@contextmanager
def asking_the_store() -> Iterator[None]:
    """Turns whatever goes wrong with the store into one of two `PortalError`s."""
    try:
        yield
    except FileNotFoundError as error:
        raise PortalError(
            "file_missing", _("This file is missing from the store. Please tell whoever runs the portal.")
        ) from error
    except Exception as error:  # each kind of storage has errors of its own; their texts may tell addresses or keys
        log.warning("files_unavailable", error=type(error).__name__)
        raise PortalError(
            "files_unavailable",
            _("Files cannot be stored or opened at the moment. Please try again in a few minutes."),
        ) from error


def new_name() -> str:
    """A random name, in one of 256 folders."""
    name = secrets.token_hex(16)
    return f"{name[:2]}/{name}"


def put(name: str, sealed: BinaryIO) -> None:
    """Store a file whole, or raise `PortalError` and leave nothing of it."""
    try:
        with asking_the_store():
            store().save(name, File(sealed, name))
    except BaseException:
        remove(name)
        raise


class StoredFile:
    """A file of the store, opened to be read in parts."""

    def __init__(self, name: str):
        with asking_the_store():
            self._file = store().open(name)
            self.size = self._file.size

    def read_at(self, start: int, length: int) -> bytes:
        with asking_the_store():
            self._file.seek(start)
            return self._file.read(length)

    def close(self) -> None:
        self._file.close()


def remove(name: str) -> bool:
    """Whether the file is gone now. What could not be removed is told in the log and left to the sweep."""
    try:
        store().delete(name)
    except Exception as error:
        log.warning("file_not_removed", file=name, error=type(error).__name__)
        return False
    return True


@task()
def remove_later(names: list[str], attempt: int = 1) -> None:
    """Remove files whose key is destroyed; what cannot be removed is tried again."""
    left = [name for name in names if not remove(name)]
    if left and attempt < ATTEMPTS:
        wait = FIRST_WAIT * 2 ** (attempt - 1)
        remove_later.using(run_after=timezone.now() + wait).enqueue(left, attempt + 1)
