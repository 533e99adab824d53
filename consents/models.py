from __future__ import annotations

import uuid
from datetime import datetime
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import BrinIndex
from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils.translation import gettext_lazy as _

from members.models import LANGUAGE_CHOICES, Member
from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import Collection, CollectionMethod, Item, Notice
from privacy_portal.vault.fields import SealedJSONField, SealedTextField
from privacy_portal.vault.models import DataKey

from .services.models import Scope, ServiceClient, ServiceKey, ServiceMinute

__all__ = [
    "Consent",
    "ConsentEvent",
    "ConsentValue",
    "DailyTally",
    "LapseReminder",
    "Scope",
    "ServiceClient",
    "ServiceKey",
    "ServiceMinute",
    "State",
]


class State(models.TextChoices):
    GIVEN = "given", _("given")
    REFUSED = "refused", _("refused")
    WITHDRAWN = "withdrawn", _("withdrawn")
    EXPIRED = "expired", _("expired")
    SUPERSEDED = "superseded", _("to be asked again")


class ConsentQuerySet(models.QuerySet["Consent"]):
    def with_standing(self, at: datetime | None = None) -> ConsentQuerySet:
        """Adds `standing`: the state as it is at `at`, which a lapsed date or a new notice changes by itself."""
        return self.annotate(
            standing=Case(
                When(state=State.GIVEN, lapses_at__lte=at or now(), then=Value(State.EXPIRED)),
                When(
                    state=State.GIVEN,
                    notice__version__lt=F("collection__asked_again_since"),
                    then=Value(State.SUPERSEDED),
                ),
                default=F("state"),
            )
        )

    def usable(self, at: datetime | None = None) -> ConsentQuerySet:
        """Those that may be used at `at`: they stand, and their use is not suspended."""
        at = at or now()
        usable = self.filter(state=State.GIVEN, suspended_since__isnull=True).exclude(lapses_at__lte=at)
        return usable.exclude(notice__version__lt=F("collection__asked_again_since"))


class Consent(models.Model):
    """One member's standing towards one collection. Derived from its events (`consents.derivation`)."""

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    member = models.ForeignKey(Member, models.PROTECT, verbose_name=_("member"), related_name="consents")
    collection = models.ForeignKey(Collection, models.PROTECT, verbose_name=_("collection"), related_name="consents")
    state = models.CharField(_("state"), max_length=20, choices=State)
    notice = models.ForeignKey(Notice, models.PROTECT, verbose_name=_("notice"), related_name="consents")
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items agreed"), default=list)
    since = models.DateTimeField(_("in this state since"))
    lapses_at = models.DateTimeField(_("lapses"), null=True)
    # The member had its use stopped (W1). It stands all the same, and may be used again once that is lifted.
    suspended_since = models.DateTimeField(_("use suspended since"), null=True)
    # Seals the evidence of its events. It outlives the consent: the proof stays when the values go.
    evidence_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    history = History()

    objects = ConsentQuerySet.as_manager()

    class Meta:
        verbose_name = _("consent")
        verbose_name_plural = _("consents")
        permissions = [("record_consent", _("Can record a consent that came on paper, by phone or by fax"))]
        ordering = ["-since", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["member", "collection"], name="consents_one_a_member_and_collection"),
            models.CheckConstraint(
                condition=Q(state=State.GIVEN) | Q(state=State.SUPERSEDED) | Q(items=[], lapses_at__isnull=True),
                name="consents_only_given_ones_have_items",
            ),
            models.CheckConstraint(
                condition=~Q(state=State.GIVEN, items=[]), name="consents_given_ones_name_their_items"
            ),
            models.CheckConstraint(
                condition=Q(suspended_since__isnull=True) | Q(state__in=[State.GIVEN, State.SUPERSEDED]),
                name="consents_only_given_ones_are_suspended",
            ),
        ]
        indexes = [
            models.Index(fields=["-since", "-id"], name="consents_newest"),
            models.Index(fields=["state", "-since", "-id"], name="consents_newest_of_state"),
            models.Index(fields=["collection", "-since", "-id"], name="consents_newest_of_coll"),
            models.Index(fields=["lapses_at"], condition=Q(state="given"), name="consents_lapsing"),
            models.Index(fields=["collection", "notice"], condition=Q(state="given"), name="consents_on_a_notice"),
        ]

    def __str__(self) -> str:
        return f"{self.collection} · {self.member_id}"

    @property
    def stands(self) -> bool:
        return self.standing_at(now()) == State.GIVEN

    @property
    def may_be_used(self) -> bool:
        """Whether what it covers may be used now: it stands, and the member has not had its use suspended."""
        return self.stands and self.suspended_since is None

    def standing_at(self, at: datetime) -> State:
        """The state as it is at `at`; see `ConsentQuerySet.with_standing`."""
        if self.state == State.GIVEN and self.lapses_at is not None and self.lapses_at <= at:
            return State.EXPIRED
        if self.state == State.GIVEN and self.notice.version < self.collection.asked_again_since:
            return State.SUPERSEDED
        return State(self.state)


class ConsentValue(models.Model):
    """A value given with a consent, beyond what the membership holds: sealed under a key of the consent's ground.

    Each item has a key of its own, so that one item can be taken back alone.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="values")
    item = models.ForeignKey(Item, models.PROTECT, related_name="+", verbose_name=_("item"))
    data_key = models.OneToOneField(DataKey, models.PROTECT, related_name="consent_value", editable=False)
    value = SealedTextField()
    given_at = models.DateTimeField(_("given on"), default=now)
    history = History()

    class Meta:
        verbose_name = _("value given with a consent")
        verbose_name_plural = _("values given with consents")
        ordering = ["item__position", "-given_at"]

    def __str__(self) -> str:
        return f"{self.item_id} · {self.consent_id}"


class LapseReminder(models.Model):
    """That a member was told when a consent will lapse; once for each date."""

    id = models.BigAutoField(primary_key=True)
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="reminders")
    lapses_at = models.DateTimeField(_("lapses"))
    sent_at = models.DateTimeField(_("told"), default=now)

    class Meta:
        verbose_name = _("reminder")
        verbose_name_plural = _("reminders")
        constraints = [models.UniqueConstraint(fields=["consent", "lapses_at"], name="consents_reminded_once_a_date")]

    def __str__(self) -> str:
        return f"{self.consent_id} · {self.lapses_at:%Y-%m-%d}"


class ConsentEvent(models.Model):
    """One line of the append-only record that a consent's state is derived from. No personal value in clear."""

    class Kind(models.TextChoices):
        GIVEN = "given", _("given")
        REFUSED = "refused", _("refused")
        WITHDRAWN = "withdrawn", _("withdrawn")
        EXPIRED = "expired", _("expired")
        SUPERSEDED = "superseded", _("to be asked again")
        RENEWED = "renewed", _("renewed")
        ITEM_AGREED = "item_agreed", _("item agreed")
        ITEM_TAKEN_BACK = "item_taken_back", _("item taken back")
        SUSPENDED = "suspended", _("use suspended")
        SUSPENSION_LIFTED = "suspension_lifted", _("suspension lifted")

    id = models.BigAutoField(primary_key=True)
    reference = models.UUIDField(_("reference"), default=uuid.uuid4, unique=True, editable=False)
    consent = models.ForeignKey(Consent, models.PROTECT, related_name="events", verbose_name=_("consent"))
    kind = models.CharField(_("what"), max_length=20, choices=Kind)
    at = models.DateTimeField(_("when"), help_text=_("When it was done; for a paper form, the day on the form."))
    recorded_at = models.DateTimeField(_("recorded"), default=now)
    notice = models.ForeignKey(Notice, models.PROTECT, related_name="+", verbose_name=_("notice"))
    items = ArrayField(models.SlugField(max_length=60), verbose_name=_("items agreed"), default=list)
    method = models.ForeignKey(CollectionMethod, models.PROTECT, related_name="+", verbose_name=_("how it reached us"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_id = models.UUIDField(_("account"), null=True)
    actor_name = models.CharField(_("job"), max_length=60, blank=True)
    # Address, browser and, where staff gave one, the reason: {"address": ..., "browser": ..., "reason": ...}
    evidence_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    evidence = SealedJSONField(key="evidence_key", bound_to="reference", null=True)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("consent event")
        verbose_name_plural = _("consent events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["consent", "id"], name="consents_events_of_consent"),
            models.Index(fields=["kind", "-id"], name="consents_events_of_kind"),
            unclosed_rows("consents_events_unclosed"),
            models.Index(fields=["at"], name="consents_events_of_a_day"),
            # Finding what was recorded lately; rows lie in the order in which they were recorded.
            BrinIndex(fields=["recorded_at"], name="consents_events_recorded"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.reference}"

    def opened_evidence(self) -> dict[str, Any]:
        """The evidence in clear; empty where none was taken or its key is destroyed."""
        return {} if self.evidence is None or self.evidence.is_destroyed else self.evidence.open()


class DailyTally(models.Model):
    """How many events of one kind one collection had on one day in Asia/Seoul."""

    id = models.BigAutoField(primary_key=True)
    day = models.DateField(_("day"))
    collection = models.ForeignKey(Collection, models.PROTECT, verbose_name=_("collection"), related_name="+")
    kind = models.CharField(_("what"), max_length=20, choices=ConsentEvent.Kind)
    count = models.PositiveIntegerField(_("how many"))

    class Meta:
        verbose_name = _("daily tally")
        verbose_name_plural = _("daily tallies")
        constraints = [models.UniqueConstraint(fields=["day", "collection", "kind"], name="consents_one_tally_a_day")]

    def __str__(self) -> str:
        return f"{self.day} · {self.collection_id} · {self.kind}: {self.count}"
