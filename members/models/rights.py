from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

from .account import Account


class RightsKind(models.TextChoices):
    GRANTED = "granted", pgettext_lazy("rights", "granted")
    CHANGED = "changed", pgettext_lazy("rights", "changed")
    REMOVED = "removed", pgettext_lazy("rights", "removed")


def _groups(title: object) -> ArrayField[list[str], list[str]]:
    return ArrayField(models.CharField(max_length=150), verbose_name=title, default=list)  # type: ignore[arg-type]


class RightsRequest(models.Model):
    """What one officer asks for, and another decides: a staff account, other groups, or its removal.

    `account_number` is the account's, also of one that is not made yet; then its address is sealed under the key that
    becomes the account's own.
    """

    Kind = RightsKind

    class State(models.TextChoices):
        OPEN = "open", pgettext_lazy("rights", "waits for approval")
        APPROVED = "approved", pgettext_lazy("rights", "approved")
        REFUSED = "refused", pgettext_lazy("rights", "refused")
        TAKEN_BACK = "taken_back", pgettext_lazy("rights", "taken back")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("what"), max_length=10, choices=RightsKind)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.OPEN)
    account_number = models.UUIDField(_("account"))
    staff_name = models.CharField(_("name (staff)"), max_length=100)
    alias = models.CharField(max_length=80, blank=True, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, null=True, related_name="+", editable=False)
    email = SealedTextField(verbose_name=_("e-mail address"), null=True)
    groups_before = _groups(_("groups before"))
    groups_after = _groups(_("groups afterwards"))
    reason = models.TextField(_("reason"), max_length=500)
    requested_by = models.UUIDField(_("requested by"))
    requested_at = models.DateTimeField(_("requested"), default=now)
    decided_by = models.UUIDField(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    note = models.TextField(_("reason of the refusal"), max_length=500, blank=True)
    history = History()

    class Meta:
        verbose_name = _("request for rights")
        verbose_name_plural = _("requests for rights")
        ordering = ["-requested_at", "-id"]
        permissions = [
            ("grant_rights", _("Can ask for rights of staff, and approve what somebody else asked for")),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account_number"], condition=Q(state="open"), name="members_one_open_rights_request"
            ),
            models.UniqueConstraint(
                fields=["alias"], condition=Q(state="open") & ~Q(alias=""), name="members_one_open_request_an_address"
            ),
            models.CheckConstraint(
                condition=Q(state="open", decided_by__isnull=True, decided_at__isnull=True)
                | ~Q(state="open") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="members_decided_rights_have_a_decider",
            ),
            models.CheckConstraint(
                condition=~Q(state="approved") | ~Q(decided_by=F("requested_by")) & ~Q(decided_by=F("account_number")),
                name="members_rights_take_four_eyes",
            ),
        ]
        indexes = [
            models.Index(fields=["-requested_at", "-id"], name="members_rights_requests_newest"),
            models.Index(fields=["account_number", "-requested_at"], name="members_rights_requests_of"),
        ]

    def __str__(self) -> str:
        return f"{self.staff_name}: {self.get_kind_display()}"

    @property
    def is_open(self) -> bool:
        return self.state == self.State.OPEN


class RightsChange(models.Model):
    """One line of the append-only record of what staff may do: who asked, who approved, why (A2). It stays."""

    Kind = RightsKind

    id = models.BigAutoField(primary_key=True)
    number = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("when"), default=now)
    account = models.ForeignKey(Account, models.PROTECT, related_name="rights_changes", verbose_name=_("account"))
    kind = models.CharField(_("what"), max_length=10, choices=RightsKind)
    groups_before = _groups(_("groups before"))
    groups_after = _groups(_("groups afterwards"))
    every_right = models.BooleanField(_("every right"), default=False)
    asked_in = models.ForeignKey(RightsRequest, models.PROTECT, null=True, related_name="+", verbose_name=_("request"))
    requested_by = models.UUIDField(_("requested by"), null=True)
    approved_by = models.UUIDField(_("approved by"), null=True)
    # Of a command, which has no account: whom it names.
    requested_by_name = models.CharField(_("requested by (name)"), max_length=100, blank=True)
    approved_by_name = models.CharField(_("approved by (name)"), max_length=100, blank=True)
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_name = models.CharField(_("job"), max_length=60, blank=True)
    reason = models.TextField(_("reason"), max_length=500)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("change of rights")
        verbose_name_plural = _("changes of rights")
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(actor_kind="system")
                | Q(requested_by__isnull=False, approved_by__isnull=False)
                & ~Q(approved_by=F("requested_by"))
                & ~Q(approved_by=F("account")),
                name="members_changes_of_rights_take_four_eyes",
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="members_changes_of_rights_have_a_reason"),
        ]
        indexes = [
            models.Index(fields=["account", "-id"], name="members_rights_changes_of"),
            unclosed_rows("members_rights_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.number}"


class RightsReview(models.Model):
    """That an officer looked through the rights of all staff, and what was found (A3). Never changed."""

    id = models.BigAutoField(primary_key=True)
    number = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    at = models.DateTimeField(_("when"), default=now)
    reviewed_by = models.UUIDField(_("reviewed by"))
    note = models.TextField(
        _("note"), max_length=5000, help_text=_("What was looked into and found. No personal values.")
    )
    # What there was to review, as it stood then.
    accounts = models.PositiveIntegerField(_("accounts"))
    last_change_id = models.BigIntegerField(null=True, editable=False)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("review of rights")
        verbose_name_plural = _("reviews of rights")
        ordering = ["-id"]
        permissions = [("sign_off_rightsreview", _("Can sign off the quarterly review of rights"))]
        indexes = [unclosed_rows("members_reviews_unclosed")]
        triggers = append_only()

    def __str__(self) -> str:
        return str(self.number)
