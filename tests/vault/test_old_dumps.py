"""A database dump made before the old key was retired opens for nobody; the portal itself goes on."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import cast

import psycopg
import pytest
from django.core.management import call_command
from django.db import connection

from members.models import Account, Member
from privacy_portal.vault.errors import KeyringError
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.models import DataKey
from tests import dumping, factories


def psql(*arguments: str) -> None:
    password = str(connection.settings_dict["PASSWORD"] or "")
    command = [dumping.program("psql"), *dumping.login(), "--no-psqlrc", "--set", "ON_ERROR_STOP=1", *arguments]
    subprocess.run(command, check=True, capture_output=True, env={**os.environ, "PGPASSWORD": password})


@pytest.fixture
def restored(transactional_db: None, tmp_path: Path) -> Iterator[tuple[str, str]]:
    """A member signs up, a dump is made and restored into a database of its own: its name, and the dump's text."""
    factories.a_member(email="alice@example.com", name="김하늘")
    dump = dumping.dump(tmp_path / "portal.sql")
    database = f"{connection.settings_dict['NAME']}_restored"
    psql("--command", f"DROP DATABASE IF EXISTS {database}", "postgres")
    psql("--command", f"CREATE DATABASE {database} TEMPLATE template0", "postgres")
    psql("--file", str(tmp_path / "portal.sql"), database)
    yield database, dump
    psql("--command", f"DROP DATABASE {database}", "postgres")


def name_and_email_in(database: str) -> tuple[SealedValue, SealedValue]:
    """The member's sealed name and e-mail address as the rows of another database hold them."""
    with psycopg.connect(**{**connection.get_connection_params(), "dbname": database}) as other:
        rows = other.execute(
            "SELECT member.id, member.name, account.id, account.email,"
            " key.id, key.ground, key.ground_id, key.key_encryption_key, key.wrapped_key"
            " FROM members_member member JOIN members_account account ON account.id = member.account_id"
            " JOIN vault_datakey key ON key.id = member.data_key_id"
        ).fetchall()
    ((member_id, name, account_id, email, key_id, ground, ground_id, key_encryption_key, wrapped_key),) = rows
    key = DataKey(
        id=key_id,
        ground=ground,
        ground_id=ground_id,
        key_encryption_key=key_encryption_key,
        wrapped_key=bytes(wrapped_key),
    )
    member = Member(id=member_id, data_key=key, name=bytes(name))
    account = Account(id=account_id, data_key=key, email=bytes(email))
    return cast(SealedValue, member.name), cast(SealedValue, account.email)


@pytest.mark.usefixtures("keyring_file")
def test_a_dump_made_before_the_old_key_was_retired_opens_for_nobody(restored: tuple[str, str]) -> None:
    database, dump = restored
    for plain in ("김하늘", "alice@example.com"):
        assert plain not in dump
    assert [value.open() for value in name_and_email_in(database)] == ["김하늘", "alice@example.com"]

    call_command("rotate_vault_keys", "--retire", stdout=StringIO(), stderr=StringIO())

    for value in name_and_email_in(database):
        with pytest.raises(KeyringError, match="it was retired, or never here"):
            value.open()
    assert Member.objects.get().name.open() == "김하늘"
    assert Account.objects.get().email.open() == "alice@example.com"
