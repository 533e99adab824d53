from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from typing import Any

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.lookups import Exact
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from consents.models import Consent
from members.models import LANGUAGE_CHOICES, Member, PaymentMethod
from privacy_portal.append_only import TransactionField, append_only, unclosed_rows
from privacy_portal.audit.history import History
from privacy_portal.clock import now
from privacy_portal.policy.models import Notice
from privacy_portal.vault.fields import SealedJSONField, SealedTextField
from privacy_portal.vault.files import SealedFileField
from privacy_portal.vault.models import DataKey

from . import deadlines, kinds
from .copies.models import DataCopy as DataCopy
from .kinds import Kind


class State(models.TextChoices):
    RECEIVED = "received", _("received")
    IN_REVIEW = "in_review", _("in review")
    WAITING = "waiting", _("waiting for the member")
    TO_CONFIRM = "to_confirm", _("to be confirmed by a second person")
    APPROVED = "approved", _("approved")
    PARTLY_APPROVED = "partly_approved", _("partly approved")
    REFUSED = "refused", pgettext_lazy("request", "refused")
    DONE = "done", _("done")
    CANCELLED = "cancelled", _("cancelled")


UNDECIDED = (State.RECEIVED, State.IN_REVIEW, State.WAITING, State.TO_CONFIRM)
# Where the desk has to act: the period runs.
RUNNING = (State.RECEIVED, State.IN_REVIEW, State.TO_CONFIRM)
DECIDED = (State.APPROVED, State.PARTLY_APPROVED, State.REFUSED)
CLOSED = (State.DONE, State.CANCELLED)


class Decision(models.TextChoices):
    APPROVED = "approved", _("approved")
    PARTLY_APPROVED = "partly_approved", _("partly approved")
    REFUSED = "refused", pgettext_lazy("request", "refused")


class MemberRequestQuerySet(models.QuerySet["MemberRequest"]):
    def of(self, member: Member) -> MemberRequestQuerySet:
        return self.filter(member=member).order_by("-received_at", "-id")

    def undecided(self) -> MemberRequestQuerySet:
        return self.filter(state__in=UNDECIDED)

    def assigned_to(self, account_id: uuid.UUID | None) -> MemberRequestQuerySet:
        return self.filter(assigned_to=account_id)

    def unassigned(self) -> MemberRequestQuerySet:
        """Undecided requests that nobody has taken."""
        return self.undecided().filter(assigned_to__isnull=True)

    def waiting(self) -> MemberRequestQuerySet:
        return self.filter(state=State.WAITING)

    def to_confirm(self) -> MemberRequestQuerySet:
        return self.filter(state=State.TO_CONFIRM)

    def due_soon(self, at: datetime | None = None) -> MemberRequestQuerySet:
        """Due today or within the next days that `rules.yaml` calls soon. One that waits for the member is not."""
        today = timezone.localdate(at or now())
        last = today + timedelta(days=kinds.number("soon_days", today))
        return self.filter(state__in=RUNNING, due_on__gte=today, due_on__lte=last)

    def overdue(self, at: datetime | None = None) -> MemberRequestQuerySet:
        """Past the due day, in Asia/Seoul. One that waits for the member is not."""
        return self.filter(state__in=RUNNING, due_on__lt=timezone.localdate(at or now()))


class MemberRequest(models.Model):
    """Something a member asks for that staff must do by a deadline.

    What was asked (`asked`) is sealed under `values_key`: a key of the consent that filing gave, or of the request
    itself where a right of law is used. The thread, remarks, reasons and whoever acts for the member are sealed
    under `data_key`, a key of the request's own.
    """

    State = State

    id = models.UUIDField(_("number"), primary_key=True, default=uuid.uuid4, editable=False)
    reference = models.CharField(_("reference"), max_length=20, unique=True, editable=False)
    # Made with the form: the same form sent twice is one request.
    submission = models.UUIDField(unique=True, editable=False)
    kind = models.CharField(pgettext_lazy("request", "kind"), max_length=40, choices=kinds.choices)
    member = models.ForeignKey(Member, models.PROTECT, verbose_name=_("member"), related_name="member_requests")
    consent = models.ForeignKey(Consent, models.PROTECT, null=True, related_name="member_requests")
    # What the person was shown when filing; empty where no consent is given.
    notice = models.ForeignKey(Notice, models.PROTECT, null=True, related_name="+", verbose_name=_("notice"))
    language = models.CharField(_("language"), max_length=2, choices=LANGUAGE_CHOICES)
    state = models.CharField(_("state"), max_length=20, choices=State, default=State.RECEIVED)
    version = models.PositiveIntegerField(_("version"), default=1, editable=False)
    received_at = models.DateTimeField(_("received"), default=now)
    assigned_to = models.UUIDField(_("assigned to"), null=True)

    # The period: see `deadlines`.
    counts_from = models.DateField(_("counted from"), help_text=_("The day of receipt; the day after is the first."))
    period_days = models.PositiveSmallIntegerField(_("days to answer"))
    paused_days = models.PositiveSmallIntegerField(_("days rested"), default=0)
    extended_days = models.PositiveSmallIntegerField(_("days added"), default=0)
    paused_at = models.DateTimeField(_("period rests since"), null=True)
    due_on = models.DateField(_("due on"))

    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    values_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    # {"name": "...", "consents": ["general.newsletter"], ...}, by field code
    asked = SealedJSONField(_("what was asked"), key="values_key")
    # How the values were before an approved change, by item code.
    replaced = SealedJSONField(_("what it replaced"), key="values_key", null=True)
    # {"as": "legal_representative" or "authorised", "name": ..., "contact": ..., "relation": ...} (Q12)
    representative = SealedJSONField(_("who acts for the member"), null=True)
    # {"how": ..., "result": ..., "remark": ...}; who and when beside it in clear (Q11)
    identity_check = SealedJSONField(_("check of identity or authority"), null=True)
    identity_checked_by = models.UUIDField(_("checked by"), null=True)
    identity_checked_at = models.DateTimeField(_("checked"), null=True)

    objects_to = models.ForeignKey(
        "self", models.PROTECT, null=True, related_name="objections", verbose_name=_("objects to")
    )
    # Who may not decide this: whoever refused what is objected to.
    not_decided_by = ArrayField(models.UUIDField(), default=list, editable=False)
    decision = models.CharField(_("decision"), max_length=20, choices=Decision, blank=True)
    refusal_ground = models.CharField(_("ground to refuse"), max_length=40, blank=True)
    reason = SealedTextField(_("reason told to the member"), null=True)
    # What exactly is granted, by effect: {"items": [...]}, {"consents": [...]}, {"amount": ...}
    granted = SealedJSONField(_("what is granted"), null=True)
    decided_by = models.UUIDField(_("decided by"), null=True)
    decided_at = models.DateTimeField(_("decided"), null=True)
    confirmed_by = models.UUIDField(_("confirmed by"), null=True)
    confirmed_at = models.DateTimeField(_("confirmed"), null=True)
    closed_at = models.DateTimeField(_("closed"), null=True)
    needs_second_person = models.BooleanField(_("needs a second person"), default=False)
    history = History()

    objects = MemberRequestQuerySet.as_manager()

    class Meta:
        verbose_name = _("request")
        verbose_name_plural = _("requests")
        ordering = ["-received_at", "-id"]
        permissions = [
            ("work_request", _("Can work on requests assigned to them, and take unassigned ones")),
            ("work_any_request", _("Can work on every request, and assign them")),
            ("confirm_decision", _("Can confirm the decision of somebody else")),
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(state__in=[*UNDECIDED, State.CANCELLED])
                | ~Q(decision="") & Q(decided_by__isnull=False, decided_at__isnull=False),
                name="requests_decided_ones_have_a_decider",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=[State.RECEIVED, State.IN_REVIEW, State.WAITING])
                | Q(decision="", decided_by__isnull=True, decided_at__isnull=True, confirmed_by__isnull=True),
                name="requests_open_ones_have_no_decision",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=DECIDED) | Q(decision=F("state")), name="requests_state_is_the_decision"
            ),
            # Q4, W4: nothing is refused without a lawful ground and a reason that the member reads.
            models.CheckConstraint(
                condition=Q(decision__in=["", Decision.APPROVED]) | ~Q(refusal_ground="") & Q(reason__isnull=False),
                name="requests_refusals_have_ground_and_reason",
            ),
            models.CheckConstraint(
                condition=Q(needs_second_person=False)
                | ~Q(state__in=[*DECIDED, State.DONE])
                | Q(confirmed_by__isnull=False, confirmed_at__isnull=False),
                name="requests_four_eyes_have_confirmed",
            ),
            models.CheckConstraint(
                condition=Q(confirmed_by__isnull=True) | ~Q(confirmed_by=F("decided_by")),
                name="requests_confirmed_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(decided_by__isnull=True) | ~Q(not_decided_by__contains=[F("decided_by")]),
                name="requests_decided_by_somebody_else",
            ),
            models.CheckConstraint(
                condition=Q(state__in=CLOSED, closed_at__isnull=False)
                | ~Q(state__in=CLOSED) & Q(closed_at__isnull=True),
                name="requests_closed_ones_have_their_time",
            ),
            models.CheckConstraint(
                condition=Q(paused_at__isnull=True) | Q(state=State.WAITING), name="requests_rest_while_waiting_only"
            ),
            models.CheckConstraint(
                condition=Q(identity_checked_by__isnull=True, identity_checked_at__isnull=True)
                | Q(identity_checked_by__isnull=False, identity_checked_at__isnull=False),
                name="requests_check_has_who_and_when",
            ),
            models.UniqueConstraint(
                fields=["objects_to"],
                condition=Q(objects_to__isnull=False) & Q(state__in=UNDECIDED),
                name="requests_one_open_objection",
            ),
        ]
        indexes = [
            models.Index(fields=["-received_at", "-id"], name="requests_newest"),
            models.Index(fields=["state", "-received_at", "-id"], name="requests_newest_of_state"),
            models.Index(fields=["kind", "-received_at", "-id"], name="requests_newest_of_kind"),
            models.Index(fields=["member", "-received_at", "-id"], name="requests_of_member"),
            models.Index(fields=["assigned_to", "-received_at", "-id"], name="requests_of_colleague"),
            models.Index(
                fields=["assigned_to", "due_on", "id"], condition=Q(state__in=UNDECIDED), name="requests_mine"
            ),
            models.Index(
                fields=["due_on", "id"],
                condition=Q(state__in=UNDECIDED, assigned_to__isnull=True),
                name="requests_unassigned",
            ),
            models.Index(fields=["due_on", "id"], condition=Q(state__in=RUNNING), name="requests_running_by_due_day"),
            models.Index(fields=["paused_at", "id"], condition=Q(state=State.WAITING), name="requests_waiting"),
            models.Index(fields=["decided_at", "id"], condition=Q(state=State.TO_CONFIRM), name="requests_to_confirm"),
            models.Index(fields=["kind", "decided_at"], condition=Q(state__in=DECIDED), name="requests_to_finish"),
            models.Index(fields=["closed_at"], condition=Q(state__in=CLOSED), name="requests_closed"),
        ]

    def __str__(self) -> str:
        return self.reference

    @property
    def the_kind(self) -> Kind:
        """What `kinds.yaml` says of this kind of request."""
        return kinds.kind(self.kind)

    @property
    def is_undecided(self) -> bool:
        return self.state in UNDECIDED

    @property
    def is_closed(self) -> bool:
        return self.state in CLOSED

    def days_left(self, at: datetime | None = None) -> int | None:
        """Days until the due day, which shows 0; below 0 when overdue; None once decided. The one number for all."""
        return deadlines.days_left(self, at or now()) if self.is_undecided else None

    def undo_decision(self) -> None:
        """Forget a decision that was not confirmed, or that an objection reopened; the events keep it."""
        self.decision = self.refusal_ground = ""
        self.reason = self.granted = None
        self.decided_by = self.decided_at = self.confirmed_by = self.confirmed_at = None

    def is_overdue(self, at: datetime | None = None) -> bool:
        left = self.days_left(at)
        return left is not None and left < 0 and self.state != State.WAITING


class RequestEvent(models.Model):
    """One line of the append-only record of a request. No personal value in clear; remarks are sealed."""

    class Kind(models.TextChoices):
        RECEIVED = "received", _("received")
        TAKEN = "taken", _("taken")
        ASSIGNED = "assigned", _("assigned")
        HANDED_OVER = "handed_over", _("handed over")
        ASKED = "asked", _("member asked")
        ANSWERED = "answered", _("member answered")
        DOCUMENT_ADDED = "document_added", _("document added")
        MESSAGE_WRITTEN = "message_written", _("message written")
        IDENTITY_CHECKED = "identity_checked", _("identity or authority checked")
        EXTENDED = "extended", _("period extended")
        PROPOSED = "proposed", _("decision put to a second person")
        SENT_BACK = "sent_back", _("sent back by the second person")
        APPROVED = "approved", _("approved")
        PARTLY_APPROVED = "partly_approved", _("partly approved")
        REFUSED = "refused", pgettext_lazy("request", "refused")
        APPLIED = "applied", _("carried out")
        DOWNLOADED = "downloaded", _("package downloaded")
        REOPENED = "reopened", _("reopened after an objection")
        FINISHED = "finished", _("finished")
        CANCELLED = "cancelled", _("cancelled")
        DOCUMENTS_DESTROYED = "documents_destroyed", _("what was given with it destroyed")

    id = models.BigAutoField(primary_key=True)
    number = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    member_request = models.ForeignKey(MemberRequest, models.PROTECT, related_name="events", verbose_name=_("request"))
    kind = models.CharField(_("what"), max_length=30, choices=Kind)
    at = models.DateTimeField(_("when"), default=now)
    state = models.CharField(_("state afterwards"), max_length=20, choices=State)
    version = models.PositiveIntegerField(_("version afterwards"))
    # Numbers and codes only: {"to": account, "due_on": day, "days": 7, "ground": code, "decision": code}
    details = models.JSONField(_("details"), default=dict)
    actor_kind = models.CharField(_("by"), max_length=10)
    actor_id = models.UUIDField(_("account"), null=True)
    actor_name = models.CharField(_("job"), max_length=60, blank=True)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    remark = SealedTextField(_("remark"), bound_to="number", null=True)
    written_in = TransactionField()

    class Meta:
        verbose_name = _("request event")
        verbose_name_plural = _("request events")
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["member_request", "id"], name="requests_events_of_request"),
            models.Index(fields=["kind", "-id"], name="requests_events_of_kind"),
            unclosed_rows("requests_events_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.get_kind_display()} · {self.number}"


class Message(models.Model):
    """One message of the thread between the member and the desk. Nobody changes what was written."""

    id = models.BigAutoField(primary_key=True)
    number = models.UUIDField(_("number"), default=uuid.uuid4, unique=True, editable=False)
    member_request = models.ForeignKey(
        MemberRequest, models.PROTECT, related_name="messages", verbose_name=_("request")
    )
    at = models.DateTimeField(_("when"), default=now)
    by_member = models.BooleanField(_("from the member"))
    actor_id = models.UUIDField(_("account"), null=True)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    text = SealedTextField(_("text"), bound_to="number")
    written_in = TransactionField()

    class Meta:
        verbose_name = _("message")
        verbose_name_plural = _("messages")
        ordering = ["id"]
        indexes = [
            models.Index(fields=["member_request", "id"], name="requests_thread"),
            unclosed_rows("requests_messages_unclosed"),
        ]
        triggers = append_only()

    def __str__(self) -> str:
        return f"{self.member_request_id} · {self.number}"


HOLDERS = ("member_request", "draft", "member", "payment_method")


class Document(models.Model):
    """A document that came with a request, sealed under a key of its own; or, before that, with a draft. The copy of
    the business licence is of a membership where a business keeps one with it, and of the payment method where it
    came with that."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member_request = models.ForeignKey(
        MemberRequest, models.PROTECT, null=True, related_name="documents", verbose_name=_("request")
    )
    draft = models.ForeignKey("Draft", models.PROTECT, null=True, related_name="documents")
    member = models.ForeignKey(Member, models.PROTECT, null=True, related_name="documents", verbose_name=_("member"))
    payment_method = models.ForeignKey(
        PaymentMethod, models.PROTECT, null=True, related_name="documents", verbose_name=_("payment method")
    )
    # Code of an item of the policy, or of `papers.yaml`.
    item = models.SlugField(_("what it is"), max_length=60)
    data_key = models.OneToOneField(DataKey, models.PROTECT, related_name="+", editable=False)
    file = SealedFileField(_("file"))
    name = SealedTextField(_("name of the file"))
    kind = models.CharField(_("kind of file"), max_length=10)
    size = models.PositiveIntegerField(_("bytes"))
    pages = models.PositiveSmallIntegerField(_("pages"), default=1)
    added_at = models.DateTimeField(_("added"), default=now)
    added_by = models.UUIDField(_("added by"), null=True)
    history = History()

    class Meta:
        verbose_name = _("document")
        verbose_name_plural = _("documents")
        ordering = ["added_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Exact(Func(*HOLDERS, function="num_nonnulls", output_field=models.IntegerField()), 1),
                name="requests_document_held_by_exactly_one",
            )
        ]
        indexes = [models.Index(fields=["-added_at", "-id"], name="requests_documents_newest")]

    def __str__(self) -> str:
        return f"{self.item} · {self.pk}"


class Draft(models.Model):
    """What a member has begun to ask for: one a kind, kept when the session ends, destroyed after some days."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(pgettext_lazy("request", "kind"), max_length=40, choices=kinds.choices)
    member = models.ForeignKey(Member, models.PROTECT, verbose_name=_("member"), related_name="drafts")
    # Becomes the request's, so that a draft is filed once.
    submission = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    data_key = models.ForeignKey(DataKey, models.PROTECT, related_name="+", editable=False)
    values = SealedJSONField(_("what was typed"))
    saved_at = models.DateTimeField(_("saved"), default=now)
    ended_at = models.DateTimeField(_("filed or destroyed"), null=True)
    history = History()

    class Meta:
        verbose_name = _("draft")
        verbose_name_plural = _("drafts")
        ordering = ["-saved_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["member", "kind"], condition=Q(ended_at__isnull=True), name="requests_one_open_draft_a_kind"
            )
        ]
        indexes = [
            models.Index(fields=["saved_at"], condition=Q(ended_at__isnull=True), name="requests_old_drafts"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} · {self.member_id}"


class Package(models.Model):
    """What was prepared for access, ready to download for some days under a key of its own; then destroyed."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    member_request = models.OneToOneField(MemberRequest, models.PROTECT, related_name="package")
    data_key = models.OneToOneField(DataKey, models.PROTECT, related_name="+", editable=False)
    file = SealedFileField(_("file"))
    made_at = models.DateTimeField(_("made"), default=now)
    expires_at = models.DateTimeField(_("can be downloaded until"))
    downloaded_at = models.DateTimeField(_("first downloaded"), null=True)
    history = History()

    class Meta:
        verbose_name = _("package")
        verbose_name_plural = _("packages")
        indexes = [models.Index(fields=["expires_at"], name="requests_packages_to_destroy")]

    def __str__(self) -> str:
        return str(self.pk)


def values_of(member_request: MemberRequest) -> dict[str, Any]:
    """What was asked, for the portal's own use; empty where it is destroyed."""
    return {} if member_request.asked.is_destroyed else member_request.asked.open_unseen()
