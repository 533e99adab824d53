"""What would leave a hole in the ledger, found at start-up."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.contrib.postgres.indexes import BrinIndex
from django.core import checks
from django.db import models

from privacy_portal.append_only import WRITTEN_IN, TransactionField

from . import signing
from .ledger.problems import LedgerError
from .tables import ledgered_models


@checks.register(checks.Tags.models)
def append_only_tables_can_be_closed(**kwargs: Any) -> list[checks.CheckMessage]:
    return [
        checks.Error(
            f"{model._meta.label} is append-only, but {problem}.",
            hint="Give it written_in = TransactionField(), unclosed_rows(...) among its indexes and a BigAutoField.",
            id="audit.E001",
        )
        for model in ledgered_models()
        if (problem := why_not_closed(model))
    ]


def why_not_closed(model: type[models.Model]) -> str | None:
    """Why the ledger could not close the rows of an append-only model."""
    columns = {field.name: field for field in model._meta.local_fields}
    if not isinstance(columns.get(WRITTEN_IN), TransactionField):
        return f"it has no {WRITTEN_IN} that says which transaction wrote a row"
    if not isinstance(model._meta.pk, models.BigAutoField):
        return "its rows are not numbered"
    if unlike := [name for name, field in columns.items() if holds_several_moments(field)]:
        return f"a dump may show its {unlike[0]} in another time zone than the database does"
    if not any(isinstance(index, BrinIndex) and index.fields == [WRITTEN_IN] for index in model._meta.indexes):
        return "it has no index to find its new rows by"
    return None


def holds_several_moments(field: models.Field[Any, Any]) -> bool:
    """Single moments are brought to UTC, wherever they are read; those within an array or a range are not."""
    inner = getattr(field, "base_field", None)  # of an array an instance, of a range a class
    return issubclass(inner if isinstance(inner, type) else type(inner), models.DateTimeField)


@checks.register(checks.Tags.security)
def checkpoints_can_be_signed(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.DEMO:  # bin/serve sees to it
        return []
    try:
        signing.load(settings.LEDGER_SIGNING_KEYS)
    except LedgerError as error:
        hint = "Set LEDGER_SIGNING_KEYS to the file; make one with: python -m privacy_portal.audit.signing PATH"
        return [checks.Error(str(error), hint=hint, id="audit.E002")]
    return []


@checks.register(checks.Tags.security, deploy=True)
def checkpoints_are_anchored(**kwargs: Any) -> list[checks.CheckMessage]:
    if settings.LEDGER_ANCHORS:
        return []
    hint = "Set it to a file on storage that the database's administrators cannot write to (docs/ledger.md)."
    return [
        checks.Warning(
            "LEDGER_ANCHORS is not set: nobody could tell if the newest rows were cut off.", hint=hint, id="audit.W001"
        )
    ]
