"""Bringing the database and the static files up to the code. Safe to repeat; quick when there is nothing to do."""

from __future__ import annotations

import hashlib
from io import StringIO
from pathlib import Path
from typing import Any

from django.conf import settings
from django.contrib.staticfiles.finders import get_finders
from django.core.management import call_command
from django.db import connections

from consents.demo import cast, making
from privacy_portal.policy.models import Notice
from privacy_portal.reaching import wait_for_database
from privacy_portal.vault import destruction_list

from .progress import CannotServe, step

OLDEST_POSTGRESQL = 15


def prepare() -> list[dict[str, str]]:
    """Migrate, load the policy, make demo data on the demo's first start, collect the static files.

    Returns the demo's sign-ins: role, e-mail address and password of each.
    """
    try:
        with step("Checking the settings"):
            call_command("check", deploy=not settings.DEMO, stdout=StringIO())
        with step("Reaching the database"):
            reach_database()
        with step("Bringing the database up to date"):
            call_command("migrate", interactive=False, verbosity=0)
            call_command("createcachetable", verbosity=0)
        with step("Asking the list of destructions"):
            if why_not := destruction_list.why_not_serve():
                raise CannotServe(why_not)
        with step("Loading the retention schedule"):
            call_command("load_retention", stdout=StringIO())
        if settings.DEMO and not Notice.objects.exists():
            # Before the policy is loaded, and with it in one transaction: the demo's story begins two years ago.
            with step("Making demo data", has_output=True):
                call_command("make_demo")
        with step("Loading the policy"):
            said = StringIO()
            call_command("load_policy", stdout=said)
        for line in said.getvalue().splitlines():
            if line.startswith(("drafted", "kept")):  # an officer has to do something about it
                print(line)
        with step("Collecting static files"):
            collect_static_files()
        return cast.sign_ins() if settings.DEMO and making.is_made() else []
    finally:
        for connection in connections.all(initialized_only=True):
            connection.close()
            connection.close_pool()  # type: ignore[attr-defined]


def reach_database() -> None:
    version = wait_for_database(settings.DATABASES["default"], lambda sentence: print(f"\n  {sentence}", flush=True))
    version //= 10_000
    if version < OLDEST_POSTGRESQL:
        raise CannotServe(f"The database is PostgreSQL {version}; the portal needs {OLDEST_POSTGRESQL} or newer.")


def collect_static_files() -> None:
    """Collect, hash and compress the static files, unless none has changed since."""
    root = Path(settings.STATIC_ROOT)
    stamp = root.with_name(f"{root.name}.stamp")
    state = _state_of_sources()
    if stamp.exists() and stamp.read_text() == state and root.exists():
        return
    call_command("collectstatic", interactive=False, verbosity=0)
    stamp.write_text(state)


def _state_of_sources() -> str:
    files: list[Any] = []
    for finder in get_finders():
        for path, storage in finder.list([]):
            status = Path(storage.path(path)).stat()
            files.append((path, status.st_size, status.st_mtime_ns))
    return hashlib.sha256(repr(sorted(files)).encode()).hexdigest()
