"""People go on giving consents while the key-encryption key is rotated and the old one forgotten."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from io import StringIO
from threading import Event
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from privacy_portal.vault import current_keyring
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keyring_file")
def test_keys_made_during_a_rotation_open_after_the_old_key_is_retired() -> None:
    old = current_keyring().active
    key_was_made, rotated = Event(), Event()

    def one_slow_sign_up() -> None:
        """Makes its key under the old key-encryption key, and commits long after the rotation has begun."""
        try:
            with transaction.atomic():
                make_data_key(DataKey.Ground.MEMBERSHIP, uuid4(), subject_id=None)
                key_was_made.set()
                time.sleep(0.5)
        finally:
            connection.close()

    def many_quick_consents() -> None:
        try:
            while not rotated.is_set():
                make_data_key(DataKey.Ground.CONSENT, uuid4(), subject_id=None)
                time.sleep(0.005)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        others = [pool.submit(one_slow_sign_up), pool.submit(many_quick_consents), pool.submit(many_quick_consents)]
        try:
            assert key_was_made.wait(timeout=10)
            call_command("rotate_vault_keys", "--retire", stdout=StringIO(), stderr=StringIO())
        finally:
            rotated.set()
        for other in others:
            other.result()

    assert old not in current_keyring().keys
    keys = list(DataKey.objects.all())
    assert {key.ground for key in keys} == {"membership", "consent"}
    assert {key.key_encryption_key for key in keys} == {current_keyring().active}
    assert all(len(key.secret()) == 32 for key in keys)


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("keyring_file")
def test_two_rotations_at_once_lose_no_key() -> None:
    for _ in range(20):
        make_data_key(DataKey.Ground.CONSENT, uuid4(), subject_id=None)

    def rotate(_number: int) -> None:
        try:
            # One of two may find keys under the other's: it says so and retires nothing.
            with suppress(CommandError):
                call_command("rotate_vault_keys", "--retire", stdout=StringIO(), stderr=StringIO())
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(rotate, range(6)))

    assert all(len(key.secret()) == 32 for key in DataKey.objects.all())
