"""What the ledger keeps in the database: its checkpoints, and when it was last closed and verified."""

from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy_portal.append_only import append_only
from privacy_portal.clock import now

from .ledger import checkpoint
from .ledger.problems import Problem


class Checkpoint(models.Model):
    """A stretch of an append-only table, closed and signed (`audit.ledger.checkpoint` says what each part means)."""

    id = models.BigAutoField(primary_key=True)
    table = models.CharField(_("table"), max_length=63)
    number = models.PositiveBigIntegerField(_("number"))
    previous = models.BinaryField(_("digest of the one before"))
    columns = models.TextField(_("columns"))
    begins_in = models.UUIDField()
    begins_at = models.BigIntegerField()
    ends_in = models.UUIDField()
    ends_at = models.BigIntegerField()
    rows = models.PositiveBigIntegerField(_("rows"))
    total = models.PositiveBigIntegerField(_("rows closed so far"))
    rows_digest = models.BinaryField(_("digest of the rows"))
    listing = models.BinaryField()
    made_at = models.DateTimeField(_("made on"), default=now)
    key = models.CharField(_("signed with"), max_length=40)
    signature = models.BinaryField(_("signature"))

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        constraints = [
            models.UniqueConstraint(fields=["table", "number"], name="audit_one_checkpoint_a_number"),
            # Also how closing finds where each cluster's rows were closed last.
            models.UniqueConstraint(fields=["table", "ends_in", "ends_at"], name="audit_one_checkpoint_an_end"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.table} {self.number}"

    @classmethod
    def stored(cls, one: checkpoint.Checkpoint) -> Checkpoint:
        """Write down a checkpoint."""
        return cls.objects.create(
            table=one.table,
            number=one.number,
            previous=one.previous,
            columns=one.columns,
            begins_in=one.begins[0],
            begins_at=one.begins[1],
            ends_in=one.ends[0],
            ends_at=one.ends[1],
            rows=one.rows,
            total=one.total,
            rows_digest=one.rows_digest,
            listing=one.listing,
            made_at=one.made_at,
            key=one.key,
            signature=one.signature,
        )

    def as_signed(self) -> checkpoint.Checkpoint:
        """The checkpoint as it is verified."""
        return checkpoint.Checkpoint(
            table=self.table,
            number=self.number,
            previous=bytes(self.previous),
            columns=self.columns,
            begins=(str(self.begins_in), self.begins_at),
            ends=(str(self.ends_in), self.ends_at),
            rows=self.rows,
            total=self.total,
            rows_digest=bytes(self.rows_digest),
            listing=bytes(self.listing),
            made_at=self.made_at,
            key=self.key,
            signature=bytes(self.signature),
        )


class LedgerClosing(models.Model):
    """How far the job has come with a table, so that one can see that it still runs and nothing holds it up."""

    table = models.CharField(primary_key=True, max_length=63)
    reached = models.UUIDField(help_text=_("The first transaction that had not ended."))
    at = models.DateTimeField(default=now, help_text=_("When the job first came so far."))

    class Meta:
        verbose_name = _("closing of a table")
        verbose_name_plural = _("closings of tables")

    def __str__(self) -> str:
        return self.table


class LedgerVerification(models.Model):
    """One verification of the whole ledger in the database, and the first thing found wrong with it."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=now)
    rows = models.PositiveBigIntegerField(_("rows"))
    checkpoints = models.PositiveBigIntegerField(_("checkpoints"))
    problems = models.PositiveBigIntegerField(_("problems"))
    # The first of them, as in `audit.ledger.problems`.
    kind = models.CharField(max_length=30, blank=True)
    table = models.CharField(max_length=63, blank=True)
    checkpoint = models.PositiveBigIntegerField(null=True)
    row = models.BigIntegerField(null=True)
    detail = models.CharField(max_length=100, blank=True)

    class Meta:
        verbose_name = _("verification of the ledger")
        verbose_name_plural = _("verifications of the ledger")
        indexes = [models.Index(fields=["-at"], name="audit_verified_last")]

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M}"

    @classmethod
    def recorded(cls, *, rows: int, checkpoints: int, problems: int, first: Problem | None) -> LedgerVerification:
        """Write down that everything was verified."""
        return cls.objects.create(
            rows=rows,
            checkpoints=checkpoints,
            problems=problems,
            kind=first.kind if first else "",
            table=first.table if first else "",
            checkpoint=first.checkpoint if first else None,
            row=first.row if first else None,
            detail=first.detail[:100] if first else "",
        )

    def as_problem(self) -> Problem:
        """The first problem found; there must be one."""
        return Problem(self.kind, self.table, self.checkpoint, self.row, self.detail)
