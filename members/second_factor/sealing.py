"""What the database holds of a second factor is sealed under the key of the account's ground.

allauth keeps an authenticator's secret, a passkey's name and its public key in one JSON column. On its way to the
database all of it becomes one envelope, bound to the account, the kind and the key; on its way back it is opened.
When the ground ends its key is destroyed, and these go with the rest.
"""

from __future__ import annotations

import base64
import json
from typing import Any

from allauth.mfa.models import Authenticator
from django.db.models.signals import post_init, post_save, pre_save

from privacy_portal.vault import envelope
from privacy_portal.vault.models import DataKey

from ..models import Account

SEALED = "sealed"


def connect() -> None:
    """Called once, when the apps are ready."""
    for signal, receiver in ((post_init, _open), (pre_save, _seal), (post_save, _open)):
        signal.connect(receiver, sender=Authenticator, dispatch_uid=f"second_factor{receiver.__name__}")


def _seal(instance: Any, **kwargs: Any) -> None:
    key = _key_of(instance)
    plain = json.dumps(instance.data).encode()
    closed = envelope.seal(key.secret(), plain, place=_place(instance, key))
    instance.data = {SEALED: base64.b64encode(closed).decode()}


def _open(instance: Any, **kwargs: Any) -> None:
    """Raises `DoesNotOpen` where the row was altered, or taken from another account."""
    data = instance.__dict__.get("data")  # not there where the column was not asked for
    if not isinstance(data, dict) or set(data) != {SEALED}:
        return
    key = _key_of(instance)
    if key.is_destroyed:
        instance.data = {}
        return
    plain = envelope.open_(key.secret(), base64.b64decode(data[SEALED]), place=_place(instance, key))
    instance.data = json.loads(plain)


def _key_of(instance: Any) -> DataKey:
    return Account.objects.select_related("data_key").only("data_key").get(pk=instance.user_id).data_key


def _place(instance: Any, key: DataKey) -> str:
    return f"mfa.authenticator.{instance.type}:{instance.user_id}:{key.pk}"
