"""A real dump of the test database, as an administrator would take it."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

from django.db import connection

from privacy_portal import own_database


def program(name: str) -> str:
    """The path of pg_dump, psql, ...: the server's own, or the machine's where DATABASE_URL points elsewhere."""
    own = own_database.programs() / name
    is_own = str(connection.settings_dict["HOST"]).startswith("/") and own.exists()
    return str(own) if is_own else shutil.which(name) or name


def login() -> list[str]:
    """The options that lead any of PostgreSQL's programs to the server of the tests."""
    settings = connection.settings_dict
    options = ["--host", str(settings["HOST"]), "--username", str(settings["USER"] or "postgres")]
    return options + (["--port", str(settings["PORT"])] if settings["PORT"] else [])


def dump(path: Path | None = None) -> str:
    """The whole database as SQL text; written to `path` as well if one is given."""
    command = [program("pg_dump"), *login(), str(connection.settings_dict["NAME"])]
    environment = {**os.environ, "PGPASSWORD": str(connection.settings_dict["PASSWORD"] or "")}
    text = subprocess.run(command, check=True, capture_output=True, env=environment).stdout.decode()
    if path is not None:
        path.write_text(text)
    return text
