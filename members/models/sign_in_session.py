from __future__ import annotations

import uuid

from django.contrib.sessions.models import Session
from django.db import models
from django.utils.translation import gettext_lazy as _

from privacy_portal.clock import now
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

from .account import Account


class SignInSession(models.Model):
    """Where and since when an account is signed in, for its person to see and to end.

    allauth's own table of sessions keeps address and browser in clear; here they are sealed under the account's key.
    The row goes with its session, however that ends, and leaves no history: it is a state, not a record.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    session = models.OneToOneField(Session, models.CASCADE, related_name="+")
    account = models.ForeignKey(Account, models.CASCADE, related_name="+")
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    address = SealedTextField()
    browser = SealedTextField()
    signed_in_at = models.DateTimeField(default=now)
    last_active_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("session")
        verbose_name_plural = _("sessions")

    def __str__(self) -> str:
        return str(self.pk)
