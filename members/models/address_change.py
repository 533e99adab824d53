from __future__ import annotations

import uuid
from datetime import datetime, timedelta

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

from .account import Account


class AddressChange(models.Model):
    """A change of the address an account signs in with, until both addresses have confirmed it.

    Waiting reserves nothing: the new address is only sealed here and has no index, so two people may wait for one.
    Whatever the end, it is forgotten here; only a change that was carried out leaves it, with the account.
    """

    class Ending(models.TextChoices):
        CHANGED = "changed", _("changed")
        CANCELLED = "cancelled", _("stopped")
        REPLACED = "replaced", _("asked anew")
        EXPIRED = "expired", _("too late")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="address_changes", verbose_name=_("account"))
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    new_address = SealedTextField(verbose_name=_("new e-mail address"), null=True)
    asked_at = models.DateTimeField(_("asked"), default=now)
    confirmed_old_at = models.DateTimeField(_("confirmed by the address until now"), null=True)
    confirmed_new_at = models.DateTimeField(_("confirmed by the new address"), null=True)
    ended_at = models.DateTimeField(_("ended"), null=True)
    ending = models.CharField(_("how it ended"), max_length=10, choices=Ending, blank=True)
    # An address that was only asked for may be a stranger's: it does not stay in the history either.
    history = History(excluded_fields=["new_address"])

    class Meta:
        verbose_name = _("change of address")
        verbose_name_plural = _("changes of address")
        permissions = [("confirm_address", _("Can confirm a change of address in place of a lost mailbox"))]
        indexes = [
            models.Index(fields=["asked_at"], condition=Q(ended_at__isnull=True), name="members_address_waiting")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(ended_at__isnull=True), name="members_one_address_waits"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, ending="", new_address__isnull=False)
                | (Q(ended_at__isnull=False, new_address__isnull=True) & ~Q(ending="")),
                name="members_ended_address_is_forgotten",
            ),
            models.CheckConstraint(
                condition=~Q(ending="changed") | Q(confirmed_old_at__isnull=False, confirmed_new_at__isnull=False),
                name="members_both_addresses_confirmed",
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)

    @property
    def expires_at(self) -> datetime:
        return self.asked_at + timedelta(hours=settings.ADDRESS_CHANGE_HOURS)

    def waits(self, at: datetime) -> bool:
        """Whether it can still be confirmed: not after its end, nor after that of the membership it is sealed with."""
        return self.ended_at is None and at < self.expires_at and not self.data_key.is_destroyed
