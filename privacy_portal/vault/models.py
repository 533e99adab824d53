from __future__ import annotations

import uuid

import pgtrigger
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.clock import now

from . import current_keyring
from .errors import ValueDestroyed

STAYS_AS_MADE = """
    IF OLD.wrapped_key IS NULL THEN
        RAISE EXCEPTION 'a destroyed data key stays destroyed';
    END IF;
    IF NEW.id <> OLD.id OR NEW.ground <> OLD.ground OR NEW.ground_id <> OLD.ground_id
       OR NEW.subject_id IS DISTINCT FROM OLD.subject_id OR NEW.items <> OLD.items
       OR NEW.created_at <> OLD.created_at THEN
        RAISE EXCEPTION 'a data key stays with the ground it was made for';
    END IF;
    RETURN NEW;
"""


class DataKey(models.Model):
    """A random key that seals the values held on one ground, itself wrapped by a key of the keyring.

    Destroying it (`vault.destruction.destroy`) makes every copy of those values unreadable. The row stays,
    without the key, as proof.
    """

    class Ground(models.TextChoices):
        MEMBERSHIP = "membership", _("membership contract")
        CONSENT = "consent", _("consent")
        EVIDENCE = "evidence", _("proof of consent")
        STAFF = "staff", _("work for the company")
        REQUEST = "request", _("request")
        PAYMENT_METHOD = "payment_method", _("payment method contract")
        LEGAL_DUTY = "legal_duty", _("legal duty to keep")
        ACCESS_LOG = "access_log", _("a month of the access log")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    ground = models.CharField(_("ground"), max_length=20, choices=Ground)
    ground_id = models.UUIDField(_("ground's number"), help_text=_("Of the member, consent or account it is held on."))
    subject_id = models.UUIDField(_("person's number"), null=True, help_text=_("Of the member whose values it seals."))
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items it seals"), default=list)
    key_encryption_key = models.CharField(_("wrapped under"), max_length=40)
    wrapped_key = models.BinaryField(null=True)
    created_at = models.DateTimeField(_("made on"), default=now)
    destroyed_at = models.DateTimeField(_("destroyed on"), null=True)

    class Meta:
        verbose_name = _("data key")
        verbose_name_plural = _("data keys")
        constraints = [
            models.CheckConstraint(
                condition=Q(wrapped_key__isnull=True, destroyed_at__isnull=False)
                | Q(wrapped_key__isnull=False, destroyed_at__isnull=True),
                name="vault_key_is_held_or_destroyed",
            ),
            models.UniqueConstraint(
                fields=["ground_id"], condition=Q(ground="access_log"), name="vault_one_key_a_month_of_the_log"
            ),
        ]
        indexes = [
            # Destroying a ground: all its living keys.
            models.Index(
                fields=["ground", "ground_id"], condition=Q(wrapped_key__isnull=False), name="vault_living_of_ground"
            ),
            # Rotation: living keys not yet wrapped under the active key.
            models.Index(
                fields=["key_encryption_key", "id"], condition=Q(wrapped_key__isnull=False), name="vault_living_of_kek"
            ),
            models.Index(fields=["subject_id"], name="vault_key_of_person"),
        ]
        triggers = [
            pgtrigger.Protect(name="keeps_its_proof", operation=pgtrigger.Delete),
            pgtrigger.Trigger(
                name="stays_as_made", operation=pgtrigger.Update, when=pgtrigger.Before, func=STAYS_AS_MADE
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_ground_display()} {self.ground_id}"

    @property
    def is_destroyed(self) -> bool:
        return self.wrapped_key is None

    @property
    def person_id(self) -> uuid.UUID | None:
        """Whose values it seals: the number of a member, or of a staff account."""
        return self.ground_id if self.ground == self.Ground.STAFF else self.subject_id

    @property
    def place(self) -> str:
        """What a wrapped key is bound to, so that keys swapped between rows do not open."""
        return f"vault.datakey:{self.id}:{self.ground}:{self.ground_id}"

    def secret(self) -> bytes:
        """The key itself. Raises `ValueDestroyed`, `KeyringError` or `DoesNotOpen`."""
        if self.wrapped_key is None:
            raise ValueDestroyed(f"The key of {self.place} is destroyed.")
        if not hasattr(self, "_secret"):
            self._secret = current_keyring().unwrap(self.key_encryption_key, bytes(self.wrapped_key), place=self.place)
        return self._secret


class DestructionRecord(models.Model):
    """One line of proof that a ground ended and its key was destroyed (K8). It holds no values."""

    class Method(models.TextChoices):
        KEY_DESTROYED = "key_destroyed", _("key destroyed")
        REPLAYED = "replayed", _("key destroyed again after a restore")

    id = models.BigAutoField(primary_key=True)
    data_key = models.OneToOneField(DataKey, on_delete=models.PROTECT, related_name="destruction")
    at = models.DateTimeField(_("when"), default=now)
    ground = models.CharField(_("ground"), max_length=20, choices=DataKey.Ground)
    ground_id = models.UUIDField(_("ground's number"))
    subject_id = models.UUIDField(_("person's number"), null=True)
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items"), default=list)
    because = models.CharField(_("because"), max_length=60, help_text=_("What ended the ground, such as a withdrawal."))
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_id = models.UUIDField(_("account"), null=True)
    actor_name = models.CharField(_("job"), max_length=60, blank=True)
    rule = models.CharField(_("rule"), max_length=60, blank=True, help_text=_("Of the retention schedule, if one."))
    approved_by = ArrayField(models.UUIDField(), verbose_name=_("approved by"), default=list)
    method = models.CharField(_("method"), max_length=20, choices=Method, default=Method.KEY_DESTROYED)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("destruction record")
        verbose_name_plural = _("destruction records")
        indexes = [
            models.Index(fields=["subject_id", "-at"], name="vault_destroyed_of_person"),
            models.Index(fields=["-at"], name="vault_destroyed_newest"),
            unclosed_rows("vault_destroyed_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_ground_display()} {self.ground_id}: {self.because}"


class UnlistedEnding(models.Model):
    """The end of a ground, or of some items of it, that the list outside the database may not name yet."""

    id = models.BigAutoField(primary_key=True)
    ground = models.CharField(max_length=20, choices=DataKey.Ground)
    ground_id = models.UUIDField()
    items = ArrayField(models.SlugField(max_length=60), default=list)
    because = models.CharField(max_length=60)
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.ground} {self.ground_id}: {self.because}"


class UnlistedDestruction(models.Model):
    """A destruction that the list outside the database (`vault.destruction_list`) may not name yet."""

    record = models.OneToOneField(
        DestructionRecord, models.PROTECT, primary_key=True, related_name="+", db_constraint=False
    )

    def __str__(self) -> str:
        return str(self.pk)


class DestructionListMark(models.Model):
    """How far this database agrees with the list: up to byte `agreed`, every key named there is destroyed here.

    Dumped and restored with the database, so a restored one says itself what it does not know yet.
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    list_id = models.UUIDField()
    agreed = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(id=1), name="vault_one_mark")]

    def __str__(self) -> str:
        return f"{self.list_id} {self.agreed}"
