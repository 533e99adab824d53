"""What falls due: for each rule of the schedule, the keys whose period is over. The database finds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce
from django.utils import timezone

from consents.models import Consent, ConsentValue, State
from members.models import Member, PaymentMethod
from privacy_portal.audit.ledger.months import month_after
from privacy_portal.audit.months import month_at
from privacy_portal.clock import beginning_of
from privacy_portal.outbox.models import Mail
from privacy_portal.policy.models import MemberKind
from privacy_portal.vault.models import DataKey
from requests.models import CLOSED, Document, Draft, MemberRequest
from requests.models import State as RequestState

from . import holds
from .complaints import complaint_kinds
from .models import RetainedRecord, RetentionRule
from .schedule import months_after

ENDED = (State.REFUSED, State.WITHDRAWN, State.EXPIRED)
# "Without delay" (K1).
LONGEST_DELAY = timedelta(days=5)

Keys = QuerySet[DataKey]


@dataclass(frozen=True)
class Source:
    """How the keys of one rule are found. `find` gives the living keys whose period is over at a moment, each with
    `since`: what its period counts from."""

    find: Callable[[RetentionRule, datetime], Keys]
    due_since: Callable[[RetentionRule, Any], datetime] = lambda rule, since: months_after(since, rule.months)


def _living(ground: DataKey.Ground) -> Keys:
    return DataKey.objects.filter(ground=ground, wrapped_key__isnull=False)


def _evidence(rule: RetentionRule, at: datetime) -> Keys:
    ended = Consent.objects.filter(state__in=ENDED, since__lte=months_after(at, -rule.months))
    since = Consent.objects.filter(evidence_key=OuterRef("pk")).values("since")[:1]
    return _living(DataKey.Ground.EVIDENCE).filter(pk__in=ended.values("evidence_key")).annotate(since=Subquery(since))


def _values(rule: RetentionRule, at: datetime) -> Keys:
    """Values and documents whose consent or request no longer covers them: only what a hold kept when that ended, or
    an error."""
    before = months_after(at, -rule.months)
    agreed = Q(consent__state__in=(State.GIVEN, State.SUPERSEDED), consent__items__contains=[F("item_id")])
    left = ConsentValue.objects.exclude(agreed).filter(consent__since__lte=before)
    ended = Consent.objects.filter(state__in=ENDED, since__lte=before)
    cancelled = MemberRequest.objects.filter(state=RequestState.CANCELLED, closed_at__lte=before)
    documents = Document.objects.filter(member_request__in=cancelled.values("pk"))
    over = (
        Q(pk__in=left.values("data_key"))
        | Q(ground_id__in=ended.values("pk"))
        | Q(pk__in=cancelled.values("values_key"))
        | Q(pk__in=documents.values("data_key"))
    )
    since = Consent.objects.filter(pk=OuterRef("ground_id")).values("since")[:1]
    return _living(DataKey.Ground.CONSENT).filter(over).annotate(since=Subquery(since))


def _requests(rule: RetentionRule, at: datetime) -> Keys:
    """What was said and decided on a request, once nobody can object any more; complaints are moved, not destroyed."""
    before = months_after(at, -rule.months)
    closed = MemberRequest.objects.filter(state__in=CLOSED, closed_at__lte=before)
    # A complaint that was called off is none.
    closed = closed.filter(~Q(kind__in=complaint_kinds()) | Q(state=RequestState.CANCELLED))
    drafts = Draft.objects.filter(ended_at__lte=before)
    own = MemberRequest.objects.filter(pk=OuterRef("ground_id")).values("closed_at")[:1]
    draft = Draft.objects.filter(pk=OuterRef("ground_id")).values("ended_at")[:1]
    keys = _living(DataKey.Ground.REQUEST).filter(
        Q(ground_id__in=closed.values("pk")) | Q(ground_id__in=drafts.values("pk"))
    )
    return keys.annotate(since=Coalesce(Subquery(own), Subquery(draft)))


def _payment_methods(rule: RetentionRule, at: datetime) -> Keys:
    """What a removed method held, its documents too: only what a hold kept when it was removed, or an error."""
    ended = PaymentMethod.objects.filter(ended_at__lte=months_after(at, -rule.months))
    since = PaymentMethod.objects.filter(pk=OuterRef("ground_id")).values("ended_at")[:1]
    keys = _living(DataKey.Ground.PAYMENT_METHOD).filter(ground_id__in=ended.values("pk"))
    return keys.annotate(since=Subquery(since))


def _visitors(rule: RetentionRule, at: datetime) -> Keys:
    own = Consent.objects.filter(member=OuterRef("pk"))
    last = Coalesce(Subquery(own.order_by("-since").values("since")[:1]), F("joined_at"))
    visitors = Member.objects.filter(kind=MemberKind.VISITOR).annotate(last=last)
    gone = visitors.filter(~Exists(own.exclude(state__in=ENDED)), last__lte=months_after(at, -rule.months))
    since = visitors.filter(data_key=OuterRef("pk")).values("last")[:1]
    return _living(DataKey.Ground.MEMBERSHIP).filter(pk__in=gone.values("data_key")).annotate(since=Subquery(since))


def _memberships(rule: RetentionRule, at: datetime) -> Keys:
    """What memberships that were closed held: only what a hold kept when that was done, or an error."""
    closed = Member.objects.filter(closed_at__lte=months_after(at, -rule.months))
    since = closed.filter(pk=OuterRef("ground_id")).values("closed_at")[:1]
    living = _living(DataKey.Ground.MEMBERSHIP).filter(ground_id__in=closed.values("pk"))
    # The last e-mail to whoever left is under a key that dies when it is sent.
    waiting = Mail.objects.filter(data_key=OuterRef("pk"), key_is_its_own=True, ended_at__isnull=True)
    return living.exclude(Exists(waiting)).annotate(since=Subquery(since))


def _retained(rule: RetentionRule, at: datetime) -> Keys:
    over = RetainedRecord.objects.filter(rule__code=rule.code, keep_until__lt=timezone.localdate(at))
    since = RetainedRecord.objects.filter(data_key=OuterRef("pk")).values("keep_until")[:1]
    return _living(DataKey.Ground.LEGAL_DUTY).filter(pk__in=over.values("data_key")).annotate(since=Subquery(since))


def _day_after(rule: RetentionRule, since: Any) -> datetime:
    return timezone.make_aware(datetime.combine(since + timedelta(days=1), time.min))


def _log(rule: RetentionRule, at: datetime) -> Keys:
    """Months of the access log. A month's key was made by its first entry, so it says itself which month it is of."""
    ended_by_then = beginning_of(month_at(months_after(at, -rule.months)))
    return _living(DataKey.Ground.ACCESS_LOG).filter(created_at__lt=ended_by_then).annotate(since=F("created_at"))


def _end_of_month_after(rule: RetentionRule, since: datetime) -> datetime:
    return months_after(beginning_of(month_after(month_at(since))), rule.months)


RETAINED = Source(_retained, _day_after)
SOURCES: dict[str, Source] = {
    "consent_values": Source(_values),
    "consent_evidence": Source(_evidence),
    "payment_methods": Source(_payment_methods),
    "visitors": Source(_visitors),
    "memberships": Source(_memberships),
    "request_records": Source(_requests),
    "contract_records": RETAINED,
    "payment_records": RETAINED,
    "complaint_records": RETAINED,
    "advertising_records": RETAINED,
    "access_log": Source(_log, _end_of_month_after),
}


def rules(at: datetime) -> list[RetentionRule]:
    """The rules in force whose keys can be found."""
    in_force = RetentionRule.objects.in_force(timezone.localdate(at))
    return [rule for rule in in_force if rule.code in SOURCES]


def due(rule: RetentionRule, at: datetime) -> Keys:
    """The keys that must be destroyed by this rule; without those on legal hold."""
    return SOURCES[rule.code].find(rule, at).exclude(holds.is_held())


def held_back(at: datetime) -> dict[str, int]:
    """How many keys are past their period but on legal hold, by rule."""
    found = {rule.code: SOURCES[rule.code].find(rule, at).filter(holds.is_held()).count() for rule in rules(at)}
    return {code: count for code, count in found.items() if count}


def overdue_destructions(at: datetime) -> dict[str, int]:
    """How many keys fell due more than five days ago and still live, by rule: what a dashboard must show (K1)."""
    found = {rule.code: due(rule, at - LONGEST_DELAY).count() for rule in rules(at)}
    return {code: count for code, count in found.items() if count}
