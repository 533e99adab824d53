from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.vault.blind_index import BlindIndexField
from privacy_portal.vault.fields import SealedTextField
from privacy_portal.vault.models import DataKey

from .account import Account


class NaverLink(models.Model):
    """An account can be signed in to with a NAVER ID, from `linked_at` until `unlinked_at`.

    It is known by the profile's id, which is the same for this portal whatever the person changes at NAVER (V6). Of the
    tokens only the one that is needed to unlink is kept (V4).
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    account = models.ForeignKey(Account, models.PROTECT, related_name="naver_links", verbose_name=_("account"))
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    profile_id = SealedTextField(verbose_name=_("NAVER's number of the person"))
    profile_id_index = BlindIndexField(of="profile_id", kind="login_id")
    refresh_token = SealedTextField(null=True)
    # What the membership holds from NAVER and not from the person (S14).
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items that came from NAVER"), default=list)
    linked_at = models.DateTimeField(_("linked"), default=now)
    unlinked_at = models.DateTimeField(_("unlinked"), null=True)
    history = History(excluded_fields=["refresh_token"])

    class Meta:
        verbose_name = _("NAVER link")
        verbose_name_plural = _("NAVER links")
        constraints = [
            models.UniqueConstraint(
                fields=["account"], condition=Q(unlinked_at=None), name="members_one_naver_id_an_account"
            ),
            models.UniqueConstraint(
                fields=["profile_id_index"], condition=Q(unlinked_at=None), name="members_one_account_a_naver_id"
            ),
        ]

    def __str__(self) -> str:
        return str(self.pk)


class PendingNaver(models.Model):
    """What NAVER passed on of somebody who is not a member yet, sealed, while they read what it is needed for.

    The row goes, and its key is destroyed, as soon as they join, link or give up, or after a short time. What NAVER did
    not pass on, or not in a valid form, is null.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    profile_id = SealedTextField()
    name = SealedTextField(null=True)
    mobile_phone = SealedTextField(null=True)
    email = SealedTextField(null=True)
    refresh_token = SealedTextField(null=True)
    came_at = models.DateTimeField(default=now)

    class Meta:
        verbose_name = _("unfinished NAVER sign-up")
        verbose_name_plural = _("unfinished NAVER sign-ups")
        indexes = [models.Index(fields=["came_at"], name="members_pending_naver_oldest")]

    def __str__(self) -> str:
        return str(self.pk)


class NaverUnlinking(models.Model):
    """NAVER has to be told that a link ended (V4). The token that this takes is sealed, and destroyed at the end."""

    class Outcome(models.TextChoices):
        WAITING = "waiting", _("waiting")
        PROVED = "proved", _("unlinked at NAVER, and proved")
        GIVEN_UP = "given_up", _("given up")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+")
    refresh_token = SealedTextField(null=True)
    began_at = models.DateTimeField(_("began"), default=now)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    due_at = models.DateTimeField(_("next attempt"), default=now)
    outcome = models.CharField(_("outcome"), max_length=10, choices=Outcome, default=Outcome.WAITING)

    class Meta:
        verbose_name = _("unlinking at NAVER")
        verbose_name_plural = _("unlinkings at NAVER")
        indexes = [models.Index(fields=["due_at"], condition=Q(outcome="waiting"), name="members_unlinking_due")]
        constraints = [
            models.CheckConstraint(
                condition=Q(outcome="waiting", refresh_token__isnull=False)
                | (~Q(outcome="waiting") & Q(refresh_token__isnull=True)),
                name="members_no_token_outlives_unlinking",
            )
        ]

    def __str__(self) -> str:
        return str(self.pk)
