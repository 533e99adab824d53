"""Whether this portal may be asked: what must be so before anybody is led to it, one check each."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache

import psycopg
import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

from privacy_portal.reaching import SHORTEST_ATTEMPT, reach
from privacy_portal.vault import destruction_list, keyring
from privacy_portal.vault.errors import VaultError

log = structlog.get_logger()


def database_answers() -> bool:
    """Within two seconds, asked beside the pool: that one waits for longer than a probe does."""
    try:
        with reach(connection.settings_dict, seconds=SHORTEST_ATTEMPT) as direct:
            direct.execute(f"SET statement_timeout = {SHORTEST_ATTEMPT * 1000}")
            direct.execute("SELECT 1")
    except psycopg.Error:
        return False
    return True


def migrations_are_applied() -> bool:
    """Whether the database has every migration of this code; it may have more, of a newer version beside it."""
    return migrations_of_this_code() <= set(MigrationRecorder(connection).applied_migrations())


@cache
def migrations_of_this_code() -> frozenset[tuple[str, str]]:
    return frozenset(MigrationLoader(None, ignore_no_migrations=True).graph.nodes)


def destructions_agree() -> bool:
    return not destruction_list.why_not_serve()


def keyring_opens() -> bool:
    keyring.load(settings.VAULT_KEYRING)
    return True


# In this order: where the database does not answer, nothing else is asked of it.
OF_THE_DATABASE: dict[str, Callable[[], bool]] = {
    "migrations": migrations_are_applied,
    "destruction_list": destructions_agree,
}


def failed_checks() -> list[str]:
    """The names of the checks that fail; what is behind each is only logged."""
    checks: dict[str, Callable[[], bool]] = {"keyring": keyring_opens, "database": database_answers}
    failed = [name for name, check in checks.items() if not _passes(name, check)]
    if "database" not in failed:
        failed += [name for name, check in OF_THE_DATABASE.items() if not _passes(name, check)]
    return failed


def _passes(name: str, check: Callable[[], bool]) -> bool:
    try:
        passes = check()
    except (VaultError, DatabaseError, OSError) as error:
        log.error("not_ready", check=name, error=type(error).__name__)
        return False
    if not passes:
        log.error("not_ready", check=name)
    return passes
