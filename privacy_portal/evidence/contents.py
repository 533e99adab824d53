"""What a bundle says of the person: consents, their events, the notices agreed to, what was destroyed and kept."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy

from consents.models import Consent, ConsentEvent, State
from members.models import Member, PaymentMethod, RepresentativeEvent
from members.naming import masked_name
from members.payment_methods.showing import shown
from privacy_portal.admin_history import by_whom, reason_in_words, staff_names
from privacy_portal.audit import sections
from privacy_portal.audit.sections import Line, Section, Subject
from privacy_portal.policy.models import Notice
from privacy_portal.policy.publishing import content
from privacy_portal.retention.models import RetainedRecord
from privacy_portal.vault.models import DestructionRecord

from .words import DASH, at, evidence, items_in_words, listed


def _person(subject: Subject) -> QuerySet[Any]:
    return Member.objects.filter(pk=subject.person_id).select_related("data_key", "account__data_key")


def _person_lines(members: Sequence[Member], opened: bool) -> Iterator[Line]:
    for member in members:
        facts = {
            "person": member.pk,
            "kind": member.kind,
            "masked_name": masked_name(member),
            "language": member.language,
            "joined_at": member.joined_at,
            "notice_at_sign_up": member.notice_id,
            "said_14_or_over": member.said_14_or_over,
            "representative_consented": member.representative_id is not None,
        }
        cells = [str(member.pk), str(member.get_kind_display()), masked_name(member), at(member.joined_at)]
        yield Line(cells, facts)


def _representative(subject: Subject) -> QuerySet[Any]:
    """The record of the representative's consent to a child's membership, which has the membership's number."""
    if subject.consent_id is not None:
        return RepresentativeEvent.objects.none()
    events = RepresentativeEvent.objects.filter(consent=subject.person_id)
    return events.select_related("notice", "data_key").order_by("pk")


def _representative_lines(events: Sequence[RepresentativeEvent], opened: bool) -> Iterator[Line]:
    staff = staff_names(event.actor_id for event in events)
    for event in events:
        shown, held = evidence(event.evidence, opened)
        told = [
            at(event.at),
            str(event.get_kind_display()),
            str(event.get_method_display()) or DASH,
            f"v{event.notice.version}" if event.notice else DASH,
            by_whom(event.actor_kind, event.actor_id, event.actor_name, staff),
            shown,
        ]
        yield Line(told, {"evidence": held})


def _consents(subject: Subject) -> QuerySet[Any]:
    own = Consent.objects.filter(member=subject.person_id)
    narrowed = own.filter(pk=subject.consent_id) if subject.consent_id else own
    return narrowed.with_standing().select_related("collection", "notice").order_by("collection__position")


def _consent_lines(consents: Sequence[Any], opened: bool) -> Iterator[Line]:
    names = items_in_words()
    for consent in consents:
        facts = {
            "consent": consent.pk,
            "collection": consent.collection_id,
            "standing": consent.standing,
            "state_recorded": consent.state,
            "since": consent.since,
            "lapses_at": consent.lapses_at,
            "notice": consent.notice_id,
            "items": consent.items,
        }
        yield Line(
            [
                str(consent.collection),
                str(State(consent.standing).label),
                at(consent.since),
                f"v{consent.notice.version}",
                listed(consent.items, names),
                at(consent.lapses_at),
                str(consent.pk),
            ],
            facts,
        )


def _events(subject: Subject) -> QuerySet[Any]:
    about = Q(consent=subject.consent_id) if subject.consent_id else Q(consent__member=subject.person_id)
    return ConsentEvent.objects.filter(about).select_related("consent__collection", "notice", "method", "evidence_key")


def _event_lines(events: Sequence[ConsentEvent], opened: bool) -> Iterator[Line]:
    names, staff = items_in_words(), staff_names(event.actor_id for event in events)
    for event in events:
        shown, held = evidence(event.evidence, opened)
        yield Line(
            [
                at(event.at),
                str(event.get_kind_display()),
                str(event.consent.collection),
                f"v{event.notice.version}",
                listed(event.items, names),
                str(event.method),
                by_whom(event.actor_kind, event.actor_id, event.actor_name, staff),
                shown,
                at(event.recorded_at),
            ],
            {"evidence": held},
        )


def _payment_methods(subject: Subject) -> QuerySet[Any]:
    if subject.consent_id is not None:
        return PaymentMethod.objects.none()
    own = PaymentMethod.objects.filter(member=subject.person_id).select_related("data_key", "notice")
    return own.order_by("added_at", "pk")


def _payment_method_lines(methods: Sequence[PaymentMethod], opened: bool) -> Iterator[Line]:
    """Masked whatever is asked: no bundle holds the number of a card or an account (P1)."""
    names = items_in_words()
    for method in methods:
        facts = {
            "payment_method": method.pk,
            "kind": method.kind,
            "notice": method.notice_id,
            "added_at": method.added_at,
            "removed_at": method.ended_at,
            "masked": {item: shown(item, value) for item, value in method.held_items().items()},
        }
        held = listed(method.held_items(), names)
        version = f"v{method.notice.version}"
        yield Line(
            [method.get_kind_display(), version, at(method.added_at), held, at(method.ended_at), str(method.pk)], facts
        )


def _notices(subject: Subject) -> QuerySet[Any]:
    """Those that any event rests on, and those shown at sign-up and as payment methods were added."""
    told = Q(pk__in=_events(subject).order_by().values("notice"))
    if subject.consent_id is None:
        told |= Q(pk__in=Member.objects.filter(pk=subject.person_id, notice__isnull=False).values("notice"))
        told |= Q(pk__in=PaymentMethod.objects.filter(member=subject.person_id).values("notice"))
    found = Notice.objects.filter(told).select_related("collection").prefetch_related("items")
    return found.order_by("collection__position", "version")


def _notice_lines(notices: Sequence[Notice], opened: bool) -> Iterator[Line]:
    for notice in notices:
        said = content(notice)
        facts = {
            "notice": notice.pk,
            "digest": notice.digest,
            "published_at": notice.published_at,
            "title_ko": notice.collection.title_ko,
            "title_en": notice.collection.title_en,
            "content": said,
        }
        yield Line([str(notice.collection), f"v{notice.version}", at(notice.published_at), notice.digest], facts)


def _destructions(subject: Subject) -> QuerySet[Any]:
    about = Q(ground_id=subject.consent_id) if subject.consent_id else Q()
    return DestructionRecord.objects.filter(about, subject_id=subject.person_id).order_by("pk")


def _destruction_lines(records: Sequence[DestructionRecord], opened: bool) -> Iterator[Line]:
    accounts = [account for one in records for account in (one.actor_id, *one.approved_by)]
    names, staff = items_in_words(), staff_names(accounts)
    for one in records:
        approved = ", ".join(staff.get(account, str(account)) for account in one.approved_by)
        yield Line(
            [
                at(one.at),
                str(one.get_ground_display()),
                listed(one.items, names),
                reason_in_words(one.because),
                by_whom(one.actor_kind, one.actor_id, one.actor_name, staff),
                approved or DASH,
                str(one.get_method_display()),
            ]
        )


def _kept(subject: Subject) -> QuerySet[Any]:
    if subject.consent_id is not None:
        return RetainedRecord.objects.none()
    return RetainedRecord.objects.filter(subject_id=subject.person_id).select_related("rule").order_by("pk")


def _kept_lines(records: Sequence[RetainedRecord], opened: bool) -> Iterable[Line]:
    return (Line([at(one.moved_at), str(one.rule), one.keep_until.isoformat(), one.moved_from]) for one in records)


def register() -> None:
    """Add these sections; called once, when the portal is ready."""
    what, when, items, by = gettext_lazy("what"), gettext_lazy("when"), gettext_lazy("items"), gettext_lazy("by whom")
    collection, notice = gettext_lazy("collection"), gettext_lazy("notice")
    since, agreed = gettext_lazy("in this state since"), gettext_lazy("items agreed")
    for section in (
        Section(
            "person",
            gettext_lazy("The person"),
            (gettext_lazy("number"), gettext_lazy("kind"), gettext_lazy("name"), gettext_lazy("joined")),
            _person,
            _person_lines,
        ),
        Section(
            "representative",
            gettext_lazy("Consent of a child's representative"),
            (when, what, gettext_lazy("confirmed by"), notice, by, gettext_lazy("evidence")),
            _representative,
            _representative_lines,
        ),
        Section(
            "consents",
            gettext_lazy("Consents and where they stand"),
            (collection, gettext_lazy("state"), since, notice, agreed, gettext_lazy("lapses"), gettext_lazy("number")),
            _consents,
            _consent_lines,
        ),
        Section(
            "events",
            gettext_lazy("What happened"),
            (
                when,
                what,
                collection,
                notice,
                agreed,
                gettext_lazy("how it reached us"),
                by,
                gettext_lazy("evidence"),
                gettext_lazy("recorded"),
            ),
            _events,
            _event_lines,
        ),
        Section(
            "payment_methods",
            gettext_lazy("Payment methods"),
            (
                gettext_lazy("payment method"),
                notice,
                gettext_lazy("added"),
                gettext_lazy("items held"),
                gettext_lazy("removed"),
                gettext_lazy("number"),
            ),
            _payment_methods,
            _payment_method_lines,
        ),
        Section("notices", gettext_lazy("Notices"), (), _notices, _notice_lines, template="evidence/notices.html"),
        Section(
            "destructions",
            gettext_lazy("What was destroyed"),
            (when, gettext_lazy("ground"), items, gettext_lazy("because"), by, gettext_lazy("approved by"), what),
            _destructions,
            _destruction_lines,
        ),
        Section(
            "retained",
            gettext_lazy("What law keeps"),
            (gettext_lazy("moved"), gettext_lazy("rule"), gettext_lazy("kept until"), gettext_lazy("moved from")),
            _kept,
            _kept_lines,
        ),
    ):
        sections.register(section)
