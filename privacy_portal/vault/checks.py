"""Mistakes that would only show when the first value is sealed, found at start-up instead."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.core import checks
from django.core.exceptions import FieldDoesNotExist
from django.db import models

from . import current_keyring
from .errors import KeyringError
from .fields import SealedField
from .files import SealedFileField
from .models import DataKey


@checks.register(checks.Tags.models)
def sealed_fields_have_their_key_and_owner(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(
            f"{model._meta.label}.{field.name} is sealed, but {problem}.",
            hint="A sealed field needs a foreign key to vault.DataKey and a UUID to be bound to.",
            id="vault.E001",
        )
        for model in apps.get_models()
        for field in model._meta.get_fields()
        if isinstance(field, SealedField | SealedFileField) and (problem := _problem(model, field))
    ]


@checks.register(checks.Tags.security)
def keyring_can_be_read(**kwargs: Any) -> list[checks.CheckMessage]:
    try:
        current_keyring()
    except KeyringError as error:
        hint = "Set VAULT_KEYRING to the keyring file; make one with: python -m privacy_portal.vault.keyring PATH"
        return [checks.Error(str(error), hint=hint, id="vault.E002")]
    return []


def _problem(model: type[models.Model], field: SealedField | SealedFileField) -> str | None:
    source = getattr(model, "instance_type", model)
    try:
        key = model._meta.get_field(field.key)
        owner = source._meta.get_field(field.bound_to) if field.bound_to else source._meta.pk
    except FieldDoesNotExist as error:
        return str(error)
    if key.related_model is not DataKey:
        return f"{field.key} is not a foreign key to vault.DataKey"
    if not isinstance(owner, models.UUIDField):
        return f"{owner.name} is not a UUID"
    return None
