"""Changing the key-encryption key, and forgetting the old ones.

Once the old key is retired, no dump made before can be opened: the data keys in it are wrapped under a key
that no longer exists. Run it monthly (`manage.py rotate_vault_keys --retire`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from django.db.models import QuerySet

from . import current_keyring
from .errors import KeyringError
from .keys import ROTATION_LOCK, keyring_that_stays
from .models import DataKey

BATCH = 500


def begin() -> str:
    """Add a new active key, unless an earlier rotation is unfinished; returns the active key's id."""
    with _nobody_wrapping():
        keyring = current_keyring()
        if not _behind(keyring.active).exists():
            keyring = keyring.with_new_active_key()
        return keyring.active


def count_behind() -> int:
    return _behind(current_keyring().active).count()


def rewrap(progress: Callable[[int], object]) -> int:
    """Wrap every living data key under the active key, in batches; returns how many.

    Safe to stop at any moment and to run again. A key destroyed meanwhile stays destroyed.
    """
    done = 0
    while True:
        with transaction.atomic():
            keyring = keyring_that_stays()
            batch = list(_behind(keyring.active).select_for_update().order_by("key_encryption_key", "id")[:BATCH])
            if not batch:
                return done
            for key in batch:
                key.key_encryption_key, key.wrapped_key = keyring.wrap(key.secret(), place=key.place)
            DataKey.objects.bulk_update(batch, ["key_encryption_key", "wrapped_key"])
        done += len(batch)
        progress(len(batch))


def retire() -> list[str]:
    """Forget every key but the active one; returns their ids. Raises `KeyringError` while one is in use."""
    with _nobody_wrapping():
        keyring = current_keyring()
        if _behind(keyring.active).exists():
            raise KeyringError("Some data keys are still wrapped under an older key. Run rotate_vault_keys first.")
        keyring.with_only_active_key()
        return sorted(set(keyring.keys) - {keyring.active})


@contextmanager
def _nobody_wrapping() -> Iterator[None]:
    """A moment in which no data key is being wrapped: whoever wraps one after it reads the keyring as it is then."""
    while True:  # rather than wait in the lock's queue, where those who wrap keys would wait behind us
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [ROTATION_LOCK])
            if cursor.fetchone()[0]:
                yield
                return
        time.sleep(0.1)


def _behind(active: str) -> QuerySet[DataKey]:
    return DataKey.objects.filter(wrapped_key__isnull=False).exclude(key_encryption_key=active)
