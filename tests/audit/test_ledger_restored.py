"""A ledger goes on where it was restored from a dump: beside the old one, on a new server, and back again."""

from __future__ import annotations

import os
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from django.db import connection

from privacy_portal import own_database
from privacy_portal.audit.ledger.checkpoint import cluster_of
from privacy_portal.audit.models import Checkpoint
from privacy_portal.audit.tables import transactions
from tests import dumping
from tests.ledger import EVENTS, close, events, execute, found, found_in_dump, tamper

pytestmark = pytest.mark.django_db(transaction=True)


def psql(*arguments: str) -> None:
    password = str(connection.settings_dict["PASSWORD"] or "")
    command = [dumping.program("psql"), *dumping.login(), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *arguments]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PGPASSWORD": password})


@contextmanager
def connected(**settings: Any) -> Iterator[None]:
    """The portal with another database."""
    connection.close()
    before = connection.settings_dict.copy()
    connection.settings_dict.update(settings)
    try:
        yield
    finally:
        connection.close()
        connection.settings_dict.update(before)


@contextmanager
def restored(dump: Path) -> Iterator[None]:
    """The portal with a new database on the same server, made from a dump."""
    database = f"{connection.settings_dict['NAME']}_restored"
    psql("--command", f"DROP DATABASE IF EXISTS {database}", "postgres")
    psql("--command", f"CREATE DATABASE {database} TEMPLATE template0", "postgres")
    psql("--file", str(dump), database)
    with connected(NAME=database):
        yield
    psql("--command", f"DROP DATABASE {database}", "postgres")


@pytest.fixture
def new_server() -> Iterator[dict[str, Any]]:
    """What leads to a PostgreSQL server made this moment."""
    with tempfile.TemporaryDirectory(prefix="portal-new-") as above:
        folder = Path(above) / "postgres"
        own_database.start(folder)
        yield {"HOST": str(folder), "PORT": "", "USER": "postgres", "NAME": "postgres", "PASSWORD": ""}
        own_database.stop(folder)


def clusters() -> list[str]:
    """The cluster of each checkpoint of consent events."""
    made = Checkpoint.objects.filter(table=EVENTS).order_by("number")
    return [cluster_of(str(one)) for one in made.values_list("begins_in", flat=True)]


def closed_up_to() -> int:
    return Checkpoint.objects.filter(table=EVENTS).latest("number").ends_in.int % 2**64


def test_beside_the_old_one_it_goes_on_with_the_same_transactions(tmp_path: Path) -> None:
    events(2)
    close()
    events(1)
    dumping.dump(tmp_path / "dump.sql")
    with restored(tmp_path / "dump.sql"):
        events(1)
        close()
        assert found()[-1].endswith("agree.")
        assert len(set(clusters())) == 1
        assert sum(Checkpoint.objects.values_list("rows", flat=True)) == 12


def test_on_a_new_server_that_has_counted_less_far_and_back_on_the_old_one(
    new_server: dict[str, Any], tmp_path: Path
) -> None:
    for _transaction in range(3000):
        execute("SELECT pg_current_xact_id()")
    events(2)
    close()
    events(1)  # these two are not closed when the dump is made
    dumping.dump(tmp_path / "of_old.sql")

    with connected(**new_server):
        execute("CREATE DATABASE portal")
        psql("--file", str(tmp_path / "of_old.sql"), "portal")
    with connected(**new_server | {"NAME": "portal"}):
        _cluster, _ended, next_one = transactions()
        assert next_one < closed_up_to()
        new = events(1)  # of lower transactions than all that was closed, before the job first runs here
        close()
        old_cluster, of_old, of_new = clusters()
        assert old_cluster == of_old != of_new
        assert [one.rows for one in Checkpoint.objects.filter(table=EVENTS).order_by("number")] == [4, 2, 2]
        events(1)
        close()
        assert clusters() == [old_cluster, of_old, of_new, of_new]
        assert found()[-1].endswith("agree.")
        assert found_in_dump(tmp_path / "of_new.sql") == found()
        tamper(f"DELETE FROM {EVENTS} WHERE id = %s", new[0])
        assert found()[0] == f"Row {new[0]} of {EVENTS} is missing; checkpoint 3 had closed it."

    with restored(tmp_path / "of_new.sql"):
        events(1)
        close()
        assert clusters() == [old_cluster, of_old, of_new, of_new, old_cluster]
        assert found()[-1].endswith("agree.")
        assert sum(Checkpoint.objects.filter(table=EVENTS).values_list("rows", flat=True)) == 12
