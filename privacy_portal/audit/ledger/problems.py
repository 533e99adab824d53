"""What can be wrong with a ledger, in sentences that name the table, the checkpoint and the row."""

from __future__ import annotations

from dataclasses import dataclass


def gettext_noop(message: str) -> str:
    """Marks a sentence for the portal's translations. The auditor's tool speaks English."""
    return message


SENTENCES = {
    "row_changed": gettext_noop("Row %(row)s of %(table)s was changed since checkpoint %(checkpoint)s closed it."),
    "row_missing": gettext_noop("Row %(row)s of %(table)s is missing; checkpoint %(checkpoint)s had closed it."),
    "row_inserted": gettext_noop("Row %(row)s of %(table)s was inserted after checkpoint %(checkpoint)s was made."),
    "row_moved": gettext_noop(
        "Row %(row)s of %(table)s was moved to another place in the order since checkpoint %(checkpoint)s closed it."
    ),
    "row_early": gettext_noop("Row %(row)s of %(table)s says it was written in a transaction that has not begun yet."),
    "rows_differ": gettext_noop("The rows of %(table)s are not those that checkpoint %(checkpoint)s closed."),
    "removal_false": gettext_noop(
        "Removal %(row)s does not fit checkpoint %(checkpoint)s of %(table)s: it names rows that were not closed there."
    ),
    "removal_undestroyed": gettext_noop(
        "Removal %(row)s says that rows of checkpoint %(checkpoint)s of %(table)s went with the month %(detail)s, but "
        "no destruction of that month is on record."
    ),
    "removal_excessive": gettext_noop(
        "Removal %(row)s says that rows of checkpoint %(checkpoint)s of %(table)s went with the month %(detail)s, but "
        "that checkpoint closed no rows of that month."
    ),
    "removal_undone": gettext_noop(
        "Row %(row)s of %(table)s, closed by checkpoint %(checkpoint)s, is there, but removal %(detail)s says it went."
    ),
    "removal_astray": gettext_noop(
        "Removal %(row)s names checkpoint %(checkpoint)s of %(table)s, from which no rows go by rule."
    ),
    "column_gone": gettext_noop("%(table)s has lost the column %(detail)s, which checkpoint %(checkpoint)s covers."),
    "table_gone": gettext_noop("The table %(table)s is gone; checkpoint %(checkpoint)s had closed rows of it."),
    "checkpoint_changed": gettext_noop(
        "Checkpoint %(checkpoint)s of %(table)s was changed or replaced: its signature does not fit."
    ),
    "checkpoint_missing": gettext_noop("Checkpoint %(checkpoint)s of %(table)s is missing."),
    "chain_broken": gettext_noop("Checkpoint %(checkpoint)s of %(table)s does not follow from the one before it."),
    "key_unknown": gettext_noop(
        "Checkpoint %(checkpoint)s of %(table)s is signed with the key %(detail)s, which is not among the public keys."
    ),
    "key_given_up": gettext_noop(
        "Checkpoint %(checkpoint)s of %(table)s is signed with the key %(detail)s, which had been given up before."
    ),
    "cut_off": gettext_noop(
        "Checkpoint %(checkpoint)s of %(table)s stands in the anchors file but is gone, and the newest rows may be too."
    ),
    "checkpoint_replaced": gettext_noop("Checkpoint %(checkpoint)s of %(table)s is not the one in the anchors file."),
    "anchor_changed": gettext_noop(
        "The anchors file was changed: what it says of checkpoint %(checkpoint)s of %(table)s is not signed."
    ),
    "anchor_missing": gettext_noop(
        "The anchors file was changed: it lacks the line of checkpoint %(checkpoint)s of %(table)s."
    ),
}


@dataclass(frozen=True)
class Problem:
    kind: str
    table: str
    checkpoint: int | None = None
    row: int | None = None
    detail: str = ""

    @property
    def words(self) -> dict[str, object]:
        """What the sentence names. Numbers as text, so that no language puts separators into them."""
        return {
            "table": self.table,
            "checkpoint": "" if self.checkpoint is None else str(self.checkpoint),
            "row": "" if self.row is None else str(self.row),
            "detail": self.detail,
        }

    def __str__(self) -> str:
        return SENTENCES[self.kind] % self.words


class LedgerError(Exception):
    """The ledger cannot be written or read as it is; the sentence says why and what to do."""
