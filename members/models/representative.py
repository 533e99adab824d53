from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import Notice
from privacy_portal.vault.blind_index import BlindIndexField
from privacy_portal.vault.fields import SealedJSONField, SealedTextField
from privacy_portal.vault.models import DataKey

from .account import LANGUAGE_CHOICES


class ConsentMethod(models.TextChoices):
    """The ways in which a representative's consent is confirmed: those the decree lists, and no others (S8)."""

    SITE_AND_SMS = "site_and_sms", _("tick on the site, confirmed by text message")
    SITE_AND_CARD = "site_and_card", _("tick on the site, confirmed by card data")
    SITE_AND_PHONE_IDENTITY = "site_and_phone_identity", _("tick on the site, confirmed by phone identity check")
    SIGNED_PAPER = "signed_paper", _("signed paper")
    EMAIL = "email", _("e-mail")
    PHONE_CALL = "phone_call", _("phone call")
    EQUIVALENT = "equivalent", _("an equivalent way")


class Delivery(models.TextChoices):
    """How a signed paper came."""

    BY_HAND = "by_hand", _("by hand")
    POST = "post", _("by post")
    FAX = "fax", _("by fax")


class RepresentativeConsent(models.Model):
    """What a child's representative was asked, and answered, before the child may join (S7 to S10).

    Nothing in it is the child's. Its number is that of the membership it is asked for, and what it holds is sealed
    on that membership's ground: it ends with the membership, or before, when nobody consents in time.
    """

    class State(models.TextChoices):
        ASKED = "asked", pgettext_lazy("representative", "waits for the representative")
        GIVEN = "given", pgettext_lazy("representative", "consented, not joined yet")
        USED = "used", pgettext_lazy("representative", "consented and joined")
        REFUSED = "refused", pgettext_lazy("representative", "refused")
        LAPSED = "lapsed", pgettext_lazy("representative", "time is over")
        REPLACED = "replaced", pgettext_lazy("representative", "asked anew")

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=8, unique=True, editable=False)
    # One a form that was shown, so that sending it twice asks once.
    submission = models.UUIDField(unique=True, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    state = models.CharField(_("state"), max_length=10, choices=State, default=State.ASKED)
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    asked_at = models.DateTimeField(_("asked"), default=now)
    # From when on it cannot go on, and its details are destroyed; empty once it is over or used.
    expires_at = models.DateTimeField(_("open until"), null=True)
    agreed_at = models.DateTimeField(_("consented"), null=True)
    method = models.CharField(_("confirmed by"), max_length=30, choices=ConsentMethod, blank=True)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+", verbose_name=_("notice"))

    representative_name = SealedTextField(verbose_name=_("name of the representative"))
    representative_email = SealedTextField(verbose_name=_("e-mail address of the representative"), null=True)
    representative_phone = SealedTextField(verbose_name=_("phone number of the representative"), null=True)
    representative_email_index = BlindIndexField(of="representative_email", kind="email")
    representative_phone_index = BlindIndexField(of="representative_phone", kind="phone")
    history = History()

    class Meta:
        verbose_name = _("representative's consent")
        verbose_name_plural = _("representatives' consents")
        ordering = ["-asked_at", "-id"]
        permissions = [("record_representative", _("Can record what a child's representative decided on paper"))]
        indexes = [
            models.Index(fields=["-asked_at", "-id"], name="members_asked_newest"),
            models.Index(fields=["state", "-asked_at", "-id"], name="members_asked_of_state"),
            models.Index(fields=["expires_at"], condition=Q(expires_at__isnull=False), name="members_asked_expiring"),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(representative_email__isnull=True) ^ Q(representative_phone__isnull=True),
                name="members_representative_has_one_contact",
            ),
            models.CheckConstraint(
                condition=Q(state__in=["asked", "given"], expires_at__isnull=False)
                | (~Q(state__in=["asked", "given"]) & Q(expires_at__isnull=True)),
                name="members_asked_until_a_moment",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["given", "used"])
                | (~Q(method="") & Q(agreed_at__isnull=False, notice__isnull=False)),
                name="members_representative_agreed_somehow",
            ),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def is_on_paper(self) -> bool:
        """Whether the representative signs a paper; the others are asked by e-mail."""
        return self.representative_email is None

    @property
    def standing(self) -> State:
        """The state as it is now: what was not gone on with in time is over at once, whoever looks first."""
        if self.expires_at is not None and (self.expires_at <= now() or self.data_key.is_destroyed):
            return self.State.LAPSED
        return self.State(self.state)


class RepresentativeEvent(models.Model):
    """One line of the append-only record of a representative's consent. No personal value in clear."""

    class Kind(models.TextChoices):
        ASKED = "asked", pgettext_lazy("representative", "asked")
        GIVEN = "given", pgettext_lazy("representative", "consented")
        REFUSED = "refused", pgettext_lazy("representative", "refused")
        WITHDRAWN = "withdrawn", pgettext_lazy("representative", "withdrew before the child joined")
        LAPSED = "lapsed", pgettext_lazy("representative", "time was over")
        REPLACED = "replaced", pgettext_lazy("representative", "asked anew")
        USED = "used", pgettext_lazy("representative", "the child joined")

    id = models.BigAutoField(primary_key=True)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    consent = models.ForeignKey(RepresentativeConsent, models.PROTECT, related_name="events")
    kind = models.CharField(_("what"), max_length=10, choices=Kind)
    at = models.DateTimeField(_("when"), help_text=_("When it was done; for a paper form, the day on the form."))
    recorded_at = models.DateTimeField(_("recorded"), default=now)
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+", verbose_name=_("notice"))
    method = models.CharField(_("confirmed by"), max_length=30, choices=ConsentMethod, blank=True)
    delivery = models.CharField(_("how the paper came"), max_length=10, choices=Delivery, blank=True)
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_id = models.UUIDField(_("account"), null=True)
    actor_name = models.CharField(_("job"), max_length=60, blank=True)
    # Of the representative and of staff, never of the child: {"address": ..., "browser": ..., "identity": ...}
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    evidence = SealedJSONField(bound_to="reference", null=True)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("event of a representative's consent")
        verbose_name_plural = _("events of representatives' consents")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["consent", "id"], name="members_rep_events_of_consent"),
            unclosed_rows("members_rep_events_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.reference}"
