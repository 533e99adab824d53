"""Tables whose rows are added and never touched again, not even by a superuser of the portal."""

from __future__ import annotations

import pgtrigger


def append_only() -> list[pgtrigger.Trigger]:
    """Triggers for a model's `Meta.triggers`: the database refuses UPDATE, DELETE and TRUNCATE."""
    return [
        pgtrigger.Protect(name="append_only", operation=pgtrigger.Update | pgtrigger.Delete),
        never_emptied(),
    ]


def never_emptied() -> pgtrigger.Trigger:
    """A trigger that refuses TRUNCATE, which goes round the triggers on rows."""
    return pgtrigger.Trigger(
        name="never_emptied",
        operation=pgtrigger.Truncate,
        level=pgtrigger.Statement,
        when=pgtrigger.Before,
        func="RAISE EXCEPTION 'the rows of % stay', TG_TABLE_NAME;",
    )
