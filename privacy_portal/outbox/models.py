from __future__ import annotations

import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy_portal.clock import now
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey


class Mail(models.Model):
    """An e-mail waiting to be sent, sealed under the key of the person it goes to.

    It goes with its ground: when that key is destroyed, what still waits cannot be sent. Once sent, address
    and text are forgotten. One to somebody whose ground has ended has a key of its own, which ends with it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    key_is_its_own = models.BooleanField(default=False)
    to = SealedTextField(null=True)
    subject = SealedTextField(null=True)
    text = SealedTextField(null=True)
    posted_at = models.DateTimeField(_("posted"), default=now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=now)
    ended_at = models.DateTimeField(_("sent or given up"), null=True)

    class Meta:
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        indexes = [models.Index(fields=["due_at"], condition=models.Q(ended_at__isnull=True), name="outbox_due")]

    def __str__(self) -> str:
        return str(self.pk)
