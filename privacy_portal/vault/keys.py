"""Making data keys."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from django.db import connection, transaction

from privacy_portal.clock import now

from . import current_keyring, envelope
from .keyring import Keyring
from .models import DataKey

# Whoever wraps a key holds this lock, shared, until its transaction ends. A rotation takes it alone to change
# the keyring: from then on no key can appear that is wrapped under an old one.
ROTATION_LOCK = 0x7661756C74  # "vault"


def keyring_that_stays() -> Keyring:
    """The keyring; it stays as it is until the transaction ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock_shared(%s)", [ROTATION_LOCK])
    return current_keyring()


@transaction.atomic
def make_data_key(
    ground: DataKey.Ground,
    ground_id: UUID,
    *,
    subject_id: UUID | None,
    items: Iterable[str] = (),
    at: datetime | None = None,
) -> DataKey:
    """Make and store a new data key for a ground, wrapped under the keyring's active key.

    `items` are the codes of the items it will seal: they are told when it is destroyed.
    """
    key = DataKey(
        ground=ground, ground_id=ground_id, subject_id=subject_id, items=sorted(items), created_at=at or now()
    )
    secret = envelope.new_key()
    key.key_encryption_key, key.wrapped_key = keyring_that_stays().wrap(secret, place=key.place)
    key.save(force_insert=True)
    return key
