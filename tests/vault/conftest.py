from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from privacy_portal.vault import keyring


@pytest.fixture
def sql(db: None) -> Callable[..., list[tuple[Any, ...]]]:
    """Someone with access to the database, going round the portal: runs a statement, returns its rows."""

    def run(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with connection.cursor() as cursor:
            cursor.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    return run


@pytest.fixture
def keyring_file(tmp_path: Path) -> Iterator[Path]:
    """The keyring file of all tests, to be changed by this one; put back as it was afterwards."""
    path = Path(settings.VAULT_KEYRING)
    shutil.copy2(path, tmp_path / "as_it_was.json")
    yield path
    if path.is_dir():
        path.rmdir()
    shutil.copy2(tmp_path / "as_it_was.json", path)
    keyring._loaded.clear()
