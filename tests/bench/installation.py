"""A portal of the bench's own: secrets, settings and a PostgreSQL in a temporary folder, gone when it is over.

It has the settings that `bin/serve` gives the demo, so everything is as in an installation: PostgreSQL waits for the
disk at each commit, connections come from the pool, static files are hashed.
"""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from io import StringIO
from pathlib import Path

import django
from django.conf import settings
from django.db import connections

from privacy_portal import own_database
from privacy_portal.serving.__main__ import Signals
from privacy_portal.serving.installation import make_secrets
from privacy_portal.serving.progress import step

# What somebody's shell may hold; the bench must neither read nor write another portal's database and files.
NOT_OURS = (
    "PORTAL_ENV",
    "SECRET_KEY",
    "VAULT_KEYRING",
    "DESTRUCTION_LIST",
    "LEDGER_SIGNING_KEYS",
    "LEDGER_ANCHORS",
    "BASE_URL",
    "ALLOWED_HOSTS",
)
CONNECTIONS = 20
# Who looks at pages and approves, and signs in to a portal that was kept.
OFFICER, PASSWORD = "officer@bench.example", "the officer of the bench"
# Consents of the past were given on notices that were in force then.
POLICY_SINCE = timedelta(days=365 * 7)


@contextmanager
def own_portal(*, keep: bool) -> Iterator[None]:
    """Within the block Django is set up on an empty portal with policy and retention schedule.

    Whoever interrupts it, by Ctrl-C or a signal, gets everything cleaned up all the same.
    """
    signals = Signals()
    var, url = Path(tempfile.mkdtemp(prefix="portal-bench-")), ""
    try:
        with step("Starting PostgreSQL"), signals.held_back():
            url = own_database.start(var / "postgres")
        make_secrets(var)
        for name in NOT_OURS:
            os.environ.pop(name, None)
        os.environ |= {
            "DATABASE_URL": url,
            "DATABASE_POOL_SIZE": str(CONNECTIONS),
            "DJANGO_SETTINGS_MODULE": "privacy_portal.settings",
            "LOG_LEVEL": "WARNING",
            "PORTAL_VAR": str(var),
        }
        django.setup()
        _prepare()
        yield
    finally:
        signals.ignore()
        _let_go_of_connections()
        if url:
            own_database.stop(var / "postgres")
        if keep:
            print(f"\nKept. To look at it: PORTAL_VAR={var} bin/serve; sign in as {OFFICER} with “{PASSWORD}”.")
        else:
            shutil.rmtree(var, ignore_errors=True)


def begin_process() -> None:
    """Set Django up in a process that helps. It leaves Ctrl-C to the one that it helps, which ends it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    django.setup()


def _prepare() -> None:
    from django.core.management import call_command

    from privacy_portal.clock import now, pretending
    from privacy_portal.policy import loading
    from privacy_portal.serving.preparing import collect_static_files

    with step("Making the tables"):
        call_command("migrate", interactive=False, verbosity=0)
        call_command("createcachetable", verbosity=0)
    with step("Loading policy and retention schedule"):
        with pretending(now() - POLICY_SINCE):
            loading.load()
        call_command("load_retention", stdout=StringIO())
    with step("Collecting static files"):
        collect_static_files()


def _let_go_of_connections() -> None:
    if settings.configured:
        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]
