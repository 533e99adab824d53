"""Services that may call the portal, their keys, and how often each called in the minute that runs."""

from __future__ import annotations

import uuid
from datetime import datetime

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from privacy_portal.audit.history import History
from privacy_portal.clock import now


class Scope(models.TextChoices):
    """What a service may do, whatever the collection."""

    CHECK = "consents:check", _("ask whether items may be used")
    READ = "consents:read", _("read consents and their events")
    WRITE = "consents:write", _("record consents and withdrawals")
    EVENTS = "events:read", _("follow what changes")
    MEMBERS = "members:read", _("read which consents a member has")


class ServiceClient(models.Model):
    """A service of the company, with all it may do at the portal. The verbs are in `consents.services.clients`."""

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    # Goes into the access log and the consent events as the name of whoever acted.
    name = models.CharField(_("name"), max_length=60, unique=True)
    scopes = ArrayField(models.CharField(max_length=20, choices=Scope), verbose_name=_("may do"), default=list)
    collections = ArrayField(models.CharField(max_length=120), verbose_name=_("for these consents"), default=list)
    rate_limit = models.PositiveIntegerField(_("calls a minute"))
    address_ranges = ArrayField(
        models.CharField(max_length=50),
        verbose_name=_("network addresses"),
        default=list,
        help_text=_("Addresses and ranges it may call from. None: from anywhere."),
    )
    is_active = models.BooleanField(_("may call"), default=True)
    made_at = models.DateTimeField(_("added"), default=now, editable=False)
    history = History()

    class Meta:
        verbose_name = _("service")
        verbose_name_plural = _("services")
        ordering = ["name"]
        permissions = [("manage_services", _("Can add services and make and revoke their keys"))]
        constraints = [
            models.CheckConstraint(
                condition=Q(scopes__contained_by=Scope.values), name="consents_services_have_known_scopes"
            ),
            models.CheckConstraint(condition=Q(rate_limit__gte=1), name="consents_services_may_call_sometimes"),
        ]

    def __str__(self) -> str:
        return self.name


class ServiceKeyQuerySet(models.QuerySet["ServiceKey"]):
    def valid(self, at: datetime | None = None) -> ServiceKeyQuerySet:
        return self.filter(revoked_at__isnull=True, expires_at__gt=at or now())


class ServiceKey(models.Model):
    """A key of a service: `prefix` is told to everybody who may see the service, the secret to nobody ever again."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    client = models.ForeignKey(ServiceClient, models.PROTECT, related_name="keys", verbose_name=_("service"))
    prefix = models.CharField(_("begins with"), max_length=12, unique=True)
    # SHA-256 of 256 random bits: there is nothing to guess, so nothing to slow down.
    secret_digest = models.BinaryField(editable=False)
    made_at = models.DateTimeField(_("made"), default=now)
    expires_at = models.DateTimeField(_("expires"))
    last_used_at = models.DateTimeField(_("last used"), null=True, help_text=_("To the minute."))
    revoked_at = models.DateTimeField(_("revoked"), null=True)
    # When it was used is no change of it.
    history = History(excluded_fields=["secret_digest", "last_used_at"])

    objects = ServiceKeyQuerySet.as_manager()

    class Meta:
        verbose_name = _("key of a service")
        verbose_name_plural = _("keys of services")
        ordering = ["-made_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("made_at")), name="consents_keys_of_services_last_a_while"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.client} · {self.prefix}"

    def is_valid_at(self, at: datetime) -> bool:
        return self.revoked_at is None and at < self.expires_at


class ServiceMinute(models.Model):
    """How often a service called in the latest minute it called in (`consents.services.limits`). One row a service."""

    client = models.OneToOneField(ServiceClient, models.CASCADE, primary_key=True, related_name="+")
    minute = models.BigIntegerField(_("minute"), help_text=_("Minutes since 1970."))
    calls = models.PositiveIntegerField(_("calls"))

    class Meta:
        verbose_name = _("calls in a minute")
        verbose_name_plural = _("calls in a minute")

    def __str__(self) -> str:
        return f"{self.client_id} · {self.calls}"
