"""Runs pytest against a PostgreSQL of its own, in a temporary folder, or against DATABASE_URL if that is set."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psycopg


def main() -> int:
    arguments = sys.argv[1:]
    if not any(argument == "-n" or argument.startswith("-n") for argument in arguments):
        arguments = ["-n", "2", "--dist", "loadscope", *arguments]
    if "DATABASE_URL" in os.environ:
        return subprocess.call([sys.executable, "-m", "pytest", *arguments])

    from privacy_portal import own_database

    folder = Path(tempfile.mkdtemp(prefix="portal-tests-")) / "postgres"
    try:
        url = own_database.start(folder)
        with psycopg.connect(url, autocommit=True) as connection:
            # Nothing of a test run needs to survive a crash.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        return subprocess.call([sys.executable, "-m", "pytest", *arguments], env={**os.environ, "DATABASE_URL": url})
    finally:
        own_database.stop(folder)
        shutil.rmtree(folder.parent, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
