from __future__ import annotations

import uuid
from datetime import date

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import in_language
from privacy_portal.vault.fields import SealedJSONField
from privacy_portal.vault.models import DataKey


class RetentionRuleQuerySet(models.QuerySet["RetentionRule"]):
    def in_force(self, on: date) -> RetentionRuleQuerySet:
        """The version of each rule that holds on that day."""
        until = Q(effective_to__isnull=True) | Q(effective_to__gte=on)
        return self.filter(until, effective_from__lte=on).order_by("code", "-effective_from").distinct("code")


class RetentionRule(models.Model):
    """One version of one rule of the schedule: what is kept how long after what, and by which law (K1, K3)."""

    class CountsFrom(models.TextChoices):
        CONSENT_ENDED = "consent_ended", _("end of the consent")
        LAST_CONSENT_ENDED = "last_consent_ended", _("end of the person's last consent")
        RECORDED_EVENT = "recorded_event", _("what is recorded")
        MEMBERSHIP_CLOSED = "membership_closed", _("end of the membership")
        REQUEST_CLOSED = "request_closed", _("end of the request")
        METHOD_REMOVED = "method_removed", _("removal of the payment method")

    code = models.SlugField(_("code"), max_length=40)
    name_ko = models.CharField(_("name (Korean)"), max_length=100)
    name_en = models.CharField(_("name (English)"), max_length=100)
    months = models.PositiveSmallIntegerField(_("kept for months"))
    counts_from = models.CharField(_("counted from"), max_length=20, choices=CountsFrom)
    ground_ko = models.CharField(_("ground (Korean)"), max_length=200)
    ground_en = models.CharField(_("ground (English)"), max_length=200)
    source_ko = models.CharField(_("source (Korean)"), max_length=200)
    source_en = models.CharField(_("source (English)"), max_length=200)
    effective_from = models.DateField(_("in force from"))
    effective_to = models.DateField(_("in force until"), null=True, blank=True)
    set_by_officer = models.BooleanField(_("period set by the privacy officer"), default=False)
    needs_second_officer = models.BooleanField(_("needs a second officer"), default=False)
    history = History()

    objects = RetentionRuleQuerySet.as_manager()

    class Meta:
        verbose_name = _("retention rule")
        verbose_name_plural = _("retention rules")
        ordering = ["id"]
        permissions = [("set_period", _("Can set a period that the law leaves to the company"))]
        constraints = [
            models.UniqueConstraint(fields=["code", "effective_from"], name="retention_one_version_a_day"),
            models.UniqueConstraint(
                fields=["code"], condition=Q(effective_to__isnull=True), name="retention_one_open_version_a_rule"
            ),
        ]

    def __str__(self) -> str:
        return in_language(self, "name")

    @property
    def ground(self) -> str:
        return in_language(self, "ground")

    @property
    def source(self) -> str:
        return in_language(self, "source")


class LegalHold(models.Model):
    """Nothing of this person, or of this request, is destroyed while the hold lasts."""

    class About(models.TextChoices):
        PERSON = "person", _("person")
        REQUEST = "request", _("request")

    class Reason(models.TextChoices):
        LAWSUIT = "lawsuit", _("lawsuit")
        INVESTIGATION = "investigation", _("investigation by an authority")
        COMPLAINT = "complaint", _("complaint or mediation")
        INTERNAL = "internal", _("internal inquiry")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    about = models.CharField(_("about"), max_length=10, choices=About)
    about_id = models.UUIDField(_("number"), help_text=_("Of the member or request it is about."))
    reason = models.CharField(_("reason"), max_length=20, choices=Reason)
    reference = models.CharField(_("file number"), max_length=60, blank=True, help_text=_("No personal information."))
    placed_by = models.UUIDField(_("placed by"), null=True)
    placed_at = models.DateTimeField(_("placed"), default=now)
    lifted_by = models.UUIDField(_("lifted by"), null=True)
    lifted_at = models.DateTimeField(_("lifted"), null=True)
    history = History()

    class Meta:
        verbose_name = _("legal hold")
        verbose_name_plural = _("legal holds")
        ordering = ["-placed_at", "-id"]
        permissions = [("place_hold", _("Can place and lift legal holds"))]
        indexes = [
            # Every destruction asks whether what it would destroy is held.
            models.Index(fields=["about_id"], condition=Q(lifted_at__isnull=True), name="retention_open_holds"),
            models.Index(fields=["-placed_at", "-id"], name="retention_newest_holds"),
        ]

    def __str__(self) -> str:
        return f"{self.get_reason_display()} {self.reference}".strip()


class RetainedRecord(models.Model):
    """What law makes the company keep after its ground ended: apart from all else, under a key of its own (K2)."""

    id = models.BigAutoField(primary_key=True)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    data_key = models.OneToOneField(DataKey, models.PROTECT, related_name="+", editable=False)
    rule = models.ForeignKey(RetentionRule, models.PROTECT, related_name="+", verbose_name=_("rule"))
    subject_id = models.UUIDField(_("person's number"), null=True)
    keep_until = models.DateField(_("kept until"))
    values = SealedJSONField(bound_to="reference")
    moved_from = models.CharField(_("moved from"), max_length=60)
    moved_at = models.DateTimeField(_("moved"), default=now)
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_id = models.UUIDField(_("account"), null=True)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("retained record")
        verbose_name_plural = _("retained records")
        ordering = ["-moved_at", "-id"]
        indexes = [
            models.Index(fields=["rule", "keep_until"], name="retention_running_out"),
            models.Index(fields=["subject_id"], name="retention_kept_of_person"),
            models.Index(fields=["-moved_at", "-id"], name="retention_newest_kept"),
            unclosed_rows("retention_kept_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.rule} {self.pk}"


class DestructionRun(models.Model):
    """What fell due, shown to officers before it is destroyed. Its items name each key."""

    class State(models.TextChoices):
        PROPOSED = "proposed", _("waits for approval")
        APPROVED = "approved", _("approved")
        RUNNING = "running", _("being destroyed")
        DONE = "done", _("done")
        CANCELLED = "cancelled", _("cancelled")

    state = models.CharField(_("state"), max_length=10, choices=State, default=State.PROPOSED)
    # How many keys by rule, as they were shown: {"consent_evidence": 12}
    counts = models.JSONField(_("what"), default=dict)
    needs_second_officer = models.BooleanField(_("needs a second officer"), default=False)
    proposed_at = models.DateTimeField(_("proposed"), default=now)
    approved_by = models.UUIDField(_("approved by"), null=True)
    approved_at = models.DateTimeField(_("approved"), null=True)
    second_approved_by = models.UUIDField(_("second approval by"), null=True)
    second_approved_at = models.DateTimeField(_("second approval"), null=True)
    started_at = models.DateTimeField(_("begun"), null=True)
    finished_at = models.DateTimeField(_("finished"), null=True)
    history = History()

    class Meta:
        verbose_name = _("destruction run")
        verbose_name_plural = _("destruction runs")
        ordering = ["-id"]
        permissions = [("approve_run", _("Can approve and cancel a destruction run"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=["proposed", "cancelled"])
                | Q(approved_by__isnull=False) & (Q(needs_second_officer=False) | Q(second_approved_by__isnull=False)),
                name="retention_nothing_runs_unapproved",
            ),
            models.CheckConstraint(
                condition=Q(second_approved_by__isnull=True) | ~Q(second_approved_by=F("approved_by")),
                name="retention_two_different_officers",
            ),
        ]

    def __str__(self) -> str:
        return f"{self._meta.verbose_name} {self.pk}"


class DestructionItem(models.Model):
    """One key of a run, and what became of it."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        DESTROYED = "destroyed", _("destroyed")
        HELD = "held", _("on legal hold")
        NOT_DUE = "not_due", _("no longer due")
        CANCELLED = "cancelled", _("cancelled")

    run = models.ForeignKey(DestructionRun, models.PROTECT, related_name="items")
    rule = models.ForeignKey(RetentionRule, models.PROTECT, related_name="+")
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    subject_id = models.UUIDField(null=True)
    due_since = models.DateTimeField()
    outcome = models.CharField(max_length=10, choices=Outcome, default=Outcome.WAITING)
    done_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["data_key"], condition=Q(outcome="waiting"), name="retention_waits_in_one_run"
            ),
            models.CheckConstraint(
                condition=Q(outcome="waiting", done_at__isnull=True) | ~Q(outcome="waiting") & Q(done_at__isnull=False),
                name="retention_done_items_have_their_time",
            ),
        ]
        indexes = [
            models.Index(fields=["run", "id"], condition=Q(outcome="waiting"), name="retention_waiting_items"),
        ]

    def __str__(self) -> str:
        return f"{self.run_id} {self.data_key_id}"


class DueTally(models.Model):
    """How much of one rule is due, counted by the worker, so that no page counts what may be millions."""

    code = models.SlugField(primary_key=True, max_length=40)
    due = models.PositiveIntegerField()
    held = models.PositiveIntegerField()  # past their period, but on legal hold
    overdue = models.PositiveIntegerField()  # due for longer than the law allows
    counted_at = models.DateTimeField(default=now)

    def __str__(self) -> str:
        return self.code


class DestructionTally(models.Model):
    """How many values were destroyed on one day, by an approved run or because their ground had ended."""

    day = models.DateField()
    by_run = models.BooleanField()
    count = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["day", "by_run"], name="retention_one_tally_a_day")]

    def __str__(self) -> str:
        return f"{self.day} {self.count}"
