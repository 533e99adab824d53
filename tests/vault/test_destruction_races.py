"""Two at once destroy the same ground."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from uuid import uuid4

import pytest
from django.db import connection

from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import SYSTEM


@pytest.mark.django_db(transaction=True)
def test_two_who_destroy_one_ground_at_once_make_one_record_a_key() -> None:
    ground_id = uuid4()
    keys = {make_data_key(DataKey.Ground.CONSENT, ground_id, subject_id=None).pk for _ in range(5)}
    start = Barrier(4)

    def destroy(who: int) -> int:
        try:
            start.wait()
            return len(destroy_ground(DataKey.Ground.CONSENT, ground_id, because=f"destroyer {who}", actor=SYSTEM))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(destroy, range(4)))

    assert sum(made) == 5
    assert {record.data_key_id for record in DestructionRecord.objects.all()} == keys
    assert not DataKey.objects.filter(wrapped_key__isnull=False).exists()
