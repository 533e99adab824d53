"""Tables whose rows are added and never touched again, not even by a superuser of the portal.

Each has the column `written_in` and the index of `unclosed_rows`; the ledger (`privacy_portal.audit`) finds the
tables by their triggers and closes their rows into signed checkpoints.
"""

from __future__ import annotations

from typing import Any

import pgtrigger
from django.contrib.postgres.indexes import BrinIndex
from django.db import models

WRITTEN_IN = "written_in"


class CurrentTransaction(models.Func):
    """Where a row is written: the number of the database cluster, then that of the transaction, in one UUID.

    PostgreSQL gives transaction numbers in their order and never twice, but each cluster counts for itself: rows
    that were restored from a dump must not be taken for rows of the cluster they are in now.
    """

    template = (
        "(lpad(to_hex((pg_control_system()).system_identifier), 16, '0')"
        " || lpad(to_hex((pg_current_xact_id()::text)::bigint), 16, '0'))::uuid"
    )
    arity = 0
    output_field = models.UUIDField()


class TransactionField(models.UUIDField[Any, Any]):
    """The transaction that wrote the row, filled in by the database."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**{"db_default": CurrentTransaction(), "editable": False, **kwargs})


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for a model's `Meta.triggers`: the database refuses UPDATE, DELETE and TRUNCATE."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        never_emptied(),
    ]


class GoesWithItsKey(pgtrigger.Protect):
    """Refuses UPDATE and DELETE, save to delete a row whose `data_key` is one of `ground` and is destroyed.

    The table of keys is looked for where the row's own table is, so that nobody passes another off for it.
    """

    def __init__(self, *, ground: str) -> None:
        super().__init__(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete)
        self.ground = ground

    def get_declare(self, model: Any) -> list[tuple[str, str]]:
        return [("is_destroyed", "boolean")]

    def get_func(self, model: Any) -> str:
        refusal = super().get_func(model)  # type: ignore[no-untyped-call]
        return f"""
            IF TG_OP = 'DELETE' THEN
                EXECUTE format(
                    'SELECT EXISTS (SELECT FROM %I.vault_datakey WHERE id = $1 AND ground = $2'
                    ' AND wrapped_key IS NULL)', TG_TABLE_SCHEMA
                ) INTO is_destroyed USING OLD.data_key_id, '{self.ground}';
                IF is_destroyed THEN
                    RETURN OLD;
                END IF;
            END IF;
            {refusal}
        """  # noqa: S608


def append_only_until_destroyed(ground: str) -> list[pgtrigger.Trigger]:
    """The same for a table whose rows are sealed under keys of this ground: once a row's is destroyed, it may go."""
    return [GoesWithItsKey(ground=ground), never_emptied()]


def never_emptied() -> pgtrigger.Trigger:
    """A trigger that refuses TRUNCATE, which goes round the triggers on rows."""
    return pgtrigger.Trigger(
        name="never_emptied",
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        func="RAISE EXCEPTION 'the rows of % stay', TG_TABLE_NAME;",
    )


def unclosed_rows(name: str) -> BrinIndex:
    """An index for a model's `Meta.indexes`, by which the ledger finds new rows.

    Rows lie in the table about as they were written, so a few kilobytes do for millions of them.
    """
    return BrinIndex(fields=[WRITTEN_IN], name=name, autosummarize=True, pages_per_range=32)


def is_append_only(model: type[models.Model]) -> bool:
    """Whether the database refuses every UPDATE and DELETE of the model's rows."""
    return any(
        isinstance(trigger, pgtrigger.Protect)
        and trigger.condition is None
        and isinstance(trigger.operation, pgtrigger.core.Operations)
        and {pgtrigger.Update, pgtrigger.Delete} <= set(trigger.operation)
        for trigger in getattr(model._meta, "triggers", ())
    )
