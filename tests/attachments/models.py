"""A row with a sealed file, as the vault's own tests need one: it exists in the tests' database only."""

from __future__ import annotations

import uuid

from django.db import models

from privacy_portal.audit.history import History
from privacy_portal.vault.files import SealedFileField
from privacy_portal.vault.models import DataKey


class Attachment(models.Model):
    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    # Without a constraint: tables without migrations are made before those with.
    data_key = models.ForeignKey(DataKey, models.PROTECT, db_constraint=False, related_name="+")
    file = SealedFileField()
    second = SealedFileField(null=True)
    history = History()

    def __str__(self) -> str:
        return str(self.pk)
