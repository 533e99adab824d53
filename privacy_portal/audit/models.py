"""Who was shown whose personal information, and why: the access log, reveals, the monthly review, the watch list."""

from __future__ import annotations

import uuid
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.append_only import TransactionField, append_only, append_only_until_destroyed, unclosed_rows
from privacy_portal.clock import now
from privacy_portal.vault.fields import SealedJSONField
from privacy_portal.vault.models import DataKey, DestructionRecord

from .history import History
from .ledger_models import Checkpoint, LedgerClosing, LedgerVerification

__all__ = [
    "AccessEntry",
    "AccessRemoval",
    "AccessReview",
    "Checkpoint",
    "LedgerClosing",
    "LedgerVerification",
    "OwnAccessEntry",
    "Reveal",
    "WatchedPerson",
]


class AccessEntry(models.Model):
    """One page, answer or file in which somebody was shown personal information of others (A4, A8).

    It names people by their numbers and items by their codes; it holds no value. Where it was seen from, and the
    reason given, are sealed under the key of the month (`audit.months`). Once the schedule has destroyed that key, the
    row goes (`audit.removing`).
    """

    class What(models.TextChoices):
        LIST = "list", _("list opened")
        VIEW = "view", _("record opened")
        SEARCH = "search", _("search")
        HISTORY = "history", _("history opened")
        REVEAL = "reveal", _("values revealed")
        DOCUMENT = "document", _("document opened")
        EXPORT = "export", _("export")
        API_READ = "api_read", _("read by a service")

    id = models.BigAutoField(primary_key=True)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=now)
    actor_kind = models.CharField(_("by"), max_length=10)
    account_id = models.UUIDField(_("account"), null=True)
    actor_name = models.CharField(_("service"), max_length=60, blank=True)
    role = models.CharField(_("role at that time"), max_length=200, blank=True)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    # {"address": ..., "browser": ..., "reason": ...}
    evidence = SealedJSONField(bound_to="reference", null=True)
    session = models.CharField(_("session"), max_length=32, blank=True, help_text=_("Keyed hash of its key."))
    what = models.CharField(_("what"), max_length=10, choices=What)
    page = models.CharField(_("page"), max_length=100)
    people = ArrayField(models.UUIDField(), verbose_name=_("people"), default=list)
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items"), default=list)
    in_full = models.BooleanField(_("values in full"), default=False)
    searched = ArrayField(models.CharField(max_length=32), verbose_name=_("searched for"), default=list)
    request_reference = models.CharField(_("reference of the request"), max_length=60, blank=True)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("access log entry")
        verbose_name_plural = _("access log")
        ordering = ["-id"]
        permissions = [("export_evidence", _("Can download an evidence bundle"))]
        indexes = [
            models.Index(fields=["at"], name="audit_access_at"),
            models.Index(fields=["account_id", "-id"], name="audit_access_of_account"),
            models.Index(
                fields=["what", "at"], condition=Q(what__in=["reveal", "export"]), name="audit_access_of_weight"
            ),
            GinIndex(fields=["people"], name="audit_access_to_person"),
            unclosed_rows("audit_access_unclosed"),
        ]
        triggers = append_only_until_destroyed(DataKey.Ground.ACCESS_LOG)

    def __str__(self) -> str:
        return f"{self.get_what_display()} · {self.reference}"

    def opened_evidence(self) -> dict[str, Any]:
        """From where it was seen and why; empty where that is not held any more."""
        return {} if self.evidence is None or self.evidence.is_destroyed else self.evidence.open()


class OwnAccessEntry(models.Model):
    """One page in which a member was shown his or her own values; kept apart, so that it hides nobody else's."""

    id = models.BigAutoField(primary_key=True)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, editable=False)
    at = models.DateTimeField(_("when"), default=now)
    person_id = models.UUIDField(_("person"))
    account_id = models.UUIDField(_("account"))
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    evidence = SealedJSONField(bound_to="reference", null=True)
    session = models.CharField(_("session"), max_length=32, blank=True)
    page = models.CharField(_("page"), max_length=100)
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items"), default=list)
    in_full = models.BooleanField(_("values in full"), default=False)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("own access entry")
        verbose_name_plural = _("members' access to their own")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["at"], name="audit_own_at"),
            models.Index(fields=["person_id", "-id"], name="audit_own_of_person"),
            unclosed_rows("audit_own_unclosed"),
        ]
        triggers = append_only_until_destroyed(DataKey.Ground.ACCESS_LOG)

    def __str__(self) -> str:
        return str(self.reference)


class AccessRemoval(models.Model):
    """That rows of one checkpoint of the access log went, once the schedule had destroyed their month (A5, A7).

    With it the ledger tells what was removed by rule from what is missing (`audit.ledger.removals`).
    """

    id = models.BigAutoField(primary_key=True)
    table = models.CharField(_("table"), max_length=63)
    checkpoint = models.PositiveBigIntegerField(_("number of the checkpoint"))
    month = models.DateField(_("month"), help_text=_("Its first day."))
    destruction = models.ForeignKey(
        DestructionRecord, models.PROTECT, related_name="+", verbose_name=_("destruction record"), db_constraint=False
    )
    rows = models.PositiveBigIntegerField(_("rows"))
    # Which of the checkpoint's rows, counted from 0, as "0-4711,4713"; the digest of what its list says of them; and,
    # where others of the checkpoint stay, their own digests, so that the digest of all can still be proven.
    places = models.TextField(_("which rows"))
    listing_digest = models.BinaryField(_("digest of their list"))
    digests = models.BinaryField()
    at = models.DateTimeField(_("when"), default=now)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("removal from the access log")
        verbose_name_plural = _("removals from the access log")
        ordering = ["-id"]
        constraints = [models.UniqueConstraint(fields=["table", "checkpoint", "month"], name="audit_a_month_goes_once")]
        indexes = [unclosed_rows("audit_removed_unclosed")]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.month:%Y-%m} · {self.table} {self.checkpoint}"


class Reveal(models.Model):
    """For a short time, one colleague reads one person's values in full, for a stated reason."""

    class Why(models.TextChoices):
        REQUEST = "request", _("a request of the person")
        IDENTITY = "identity", _("making sure who somebody is")
        COMPLAINT = "complaint", _("a complaint or dispute")
        INCIDENT = "incident", _("an incident being looked into")
        AUTHORITY = "authority", _("an authority's lawful demand")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account_id = models.UUIDField(_("account"))
    person_id = models.UUIDField(_("person"))
    items = ArrayField(
        models.SlugField(max_length=60), verbose_name=_("items"), default=list, help_text=_("None: the whole record.")
    )
    why = models.CharField(_("reason"), max_length=20, choices=Why)
    request_reference = models.CharField(_("reference of the request"), max_length=60, blank=True)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    remark = SealedJSONField(null=True)
    at = models.DateTimeField(_("since"), default=now)
    expires_at = models.DateTimeField(_("until"))
    history = History()

    class Meta:
        verbose_name = _("reveal")
        verbose_name_plural = _("reveals")
        ordering = ["-at", "-id"]
        permissions = [
            ("reveal_values", _("Can see values in full, for a stated reason")),
            ("reveal_without_reference", _("Can do so without the reference of a request")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=~Q(why="request", request_reference=""), name="audit_a_reveal_for_a_request_names_it"
            )
        ]
        indexes = [
            models.Index(fields=["account_id", "person_id", "expires_at"], name="audit_reveal_in_force"),
            models.Index(fields=["expires_at"], name="audit_reveal_until"),
            models.Index(fields=["-at", "-id"], name="audit_reveal_newest"),
        ]

    def __str__(self) -> str:
        return f"{self.get_why_display()} · {self.pk}"


class AccessReview(models.Model):
    """That a month of the access log was looked through, by whom, and what was found (A6)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    month = models.DateField(_("month"), unique=True, help_text=_("Its first day."))
    signed_off_by = models.UUIDField(_("signed off by"))
    signed_off_at = models.DateTimeField(_("signed off"), default=now)
    note = models.TextField(_("note"), help_text=_("What was looked into and found. No personal values."))
    # How much there was to review, as it stood when it was signed off.
    entries = models.PositiveIntegerField(_("entries"))
    last_entry_id = models.BigIntegerField(null=True, editable=False)
    history = History()

    class Meta:
        verbose_name = _("review of the access log")
        verbose_name_plural = _("reviews of the access log")
        ordering = ["-month"]
        permissions = [("sign_off_accessreview", _("Can sign off the monthly review of the access log"))]
        constraints = [models.CheckConstraint(condition=Q(month__day=1), name="audit_a_review_is_of_a_whole_month")]

    def __str__(self) -> str:
        return f"{self.month:%Y-%m}"


class WatchedPerson(models.Model):
    """Somebody whose record colleagues may be curious about: whoever opens it is shown in the review."""

    class Why(models.TextChoices):
        COLLEAGUE = "colleague", _("works here")
        WELL_KNOWN = "well_known", _("well known to the public")
        OTHER = "other", _("another reason")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person_id = models.UUIDField(_("person"), unique=True)
    why = models.CharField(_("why"), max_length=20, choices=Why)
    is_watched = models.BooleanField(_("watched"), default=True)
    added_by = models.UUIDField(_("added by"))
    added_at = models.DateTimeField(_("added"), default=now)
    history = History()

    class Meta:
        verbose_name = _("watched person")
        verbose_name_plural = _("watch list")
        ordering = ["-added_at", "-id"]

    def __str__(self) -> str:
        return f"{self.get_why_display()} · {self.person_id}"
