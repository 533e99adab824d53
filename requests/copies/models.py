from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from members.models import LANGUAGE_CHOICES, Member
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.vault.files import SealedFileField
from privacy_portal.vault.models import DataKey


class DataCopy(models.Model):
    """A member's copy of everything held, sealed under a key of its own on the ground of the membership.

    It goes when its day is over, when the membership ends, and as soon as anything of the member's is destroyed: no
    copy outlives what it was made of. How far its making is (`parts_done`, `seen_alive_at`) is no change of it, and not
    on its history.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("copy", "asked for")
        BEING_MADE = "being_made", pgettext_lazy("copy", "being made")
        READY = "ready", pgettext_lazy("copy", "ready")
        EXPIRED = "expired", pgettext_lazy("copy", "destroyed")
        FAILED = "failed", pgettext_lazy("copy", "could not be made")

    UNDER_WAY = (State.ASKED, State.BEING_MADE)

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, models.PROTECT, verbose_name=_("member"), related_name="data_copies")
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.ASKED)
    asked_at = models.DateTimeField(_("asked for"), default=now)
    # Each attempt to make it has a key of its own.
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    data_key = models.OneToOneField(DataKey, models.PROTECT, null=True, related_name="+", editable=False)
    parts_done = models.PositiveSmallIntegerField(_("parts done"), default=0)
    parts_total = models.PositiveSmallIntegerField(_("parts in all"), default=0)
    seen_alive_at = models.DateTimeField(_("last worked on"), default=now)
    file = SealedFileField(_("file"), null=True)
    # Codes of the items in it: what whoever downloads it is shown.
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items"), default=list)
    made_at = models.DateTimeField(_("made"), null=True)
    expires_at = models.DateTimeField(_("can be downloaded until"), null=True)
    downloaded_at = models.DateTimeField(_("first downloaded"), null=True)
    history = History(excluded_fields=["parts_done", "parts_total", "seen_alive_at"])

    class Meta:
        verbose_name = _("copy of one's data")
        verbose_name_plural = _("copies of one's data")
        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member"],
                condition=Q(state__in=["asked", "being_made", "ready"]),
                name="requests_one_copy_at_a_time",
            ),
            models.CheckConstraint(
                condition=~Q(state="ready")
                | Q(file__isnull=False, data_key__isnull=False, made_at__isnull=False, expires_at__isnull=False),
                name="requests_ready_copies_are_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["member", "-asked_at"], name="requests_copies_of_member"),
            models.Index(
                fields=["seen_alive_at"],
                condition=Q(state__in=["asked", "being_made"]),
                name="requests_copies_under_way",
            ),
            models.Index(fields=["expires_at"], name="requests_copies_to_destroy"),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def is_under_way(self) -> bool:
        return self.state in self.UNDER_WAY

    @property
    def can_be_downloaded(self) -> bool:
        """Whether it is ready, its day is not over, and nothing has been destroyed since that is in it."""
        key, until = self.data_key, self.expires_at
        is_there = self.state == self.State.READY and key is not None and not key.is_destroyed
        return is_there and until is not None and until > now()

    @property
    def was_outdated(self) -> bool:
        """Whether it went before its day was over, because something was destroyed that was in it."""
        until, key = self.expires_at, self.data_key
        destroyed_at = key.destroyed_at if key is not None else None
        return until is not None and destroyed_at is not None and destroyed_at < until

    @property
    def percent(self) -> int:
        """How much of it is made, of a hundred."""
        return 100 * self.parts_done // self.parts_total if self.parts_total else 0
