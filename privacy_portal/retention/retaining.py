"""Moving what law makes the company keep to a place of its own, before its ground is destroyed (K2, W8)."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from privacy_portal.actors import Actor
from privacy_portal.vault.fields import SealedValue
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .models import RetainedRecord
from .schedule import months_after, rule_in_force


@transaction.atomic
def keep(
    code: str,
    values: Mapping[str, SealedValue | str],
    *,
    subject_id: UUID | None,
    happened_at: datetime,
    moved_from: str,
    actor: Actor,
) -> RetainedRecord:
    """Open values, seal them anew under a key of their own, and keep them as long as rule `code` says.

    Call it in the transaction that destroys the ground they were held on. `happened_at` is what the period counts from.
    Raises `PortalError` `no_rule`; what is destroyed already cannot be kept (`ValueDestroyed`).
    """
    rule, reference = rule_in_force(code), uuid.uuid4()
    record = RetainedRecord(
        reference=reference,
        data_key=make_data_key(DataKey.Ground.LEGAL_DUTY, reference, subject_id=subject_id, items=values),
        rule=rule,
        subject_id=subject_id,
        keep_until=timezone.localdate(months_after(happened_at, rule.months)),
        values={
            item: value.open_unseen() if isinstance(value, SealedValue) else value for item, value in values.items()
        },
        moved_from=moved_from,
        actor_kind=actor.kind,
        actor_id=actor.account_id,
    )
    record.save(force_insert=True)
    return record
