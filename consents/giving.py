"""Giving a consent, renewing it, and agreeing to or taking back single items of it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.db import transaction
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, Notice
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import asking, record
from .derivation import lapse
from .expiry import expire
from .models import Consent, ConsentEvent, ConsentValue, State

Kind = ConsentEvent.Kind


@transaction.atomic
def give(
    member: Member,
    collection: Collection,
    *,
    notice: Notice,
    items: Iterable[str],
    values: Mapping[str, str],
    language: str,
    actor: Actor,
    reason: str = "",
    at: datetime | None = None,
) -> ConsentEvent:
    """Give a consent, item by item, on the notice that was shown.

    `items` are the codes agreed to; `values` what was typed, by item code. A consent that is to be asked
    again is renewed, and keeps the values it holds unless new ones are typed. Giving the same twice is one
    event. Raises `PortalError`: `notice_replaced`, `item_required`, `choice_required`, `already_given`,
    `needs_documents`, `needs_representative`, `representative_signed`, or what is wrong with a value.
    """
    agreed = set(items)
    asked = _asked(member, collection, notice, actor)
    if member.needs_representative and not reason.strip():
        raise PortalError(
            "representative_signed",
            _("Write that the legal representative signed, and where the paper is filed."),
            field="reason",
        )
    if asking.needs_documents(asked):
        raise PortalError(
            "needs_documents",
            _("This consent comes with documents. It is given when you file the request they are for."),
        )
    consent = _as_it_is(member, collection)
    if consent and consent.stands:
        if set(consent.items) == agreed and consent.notice_id == notice.pk:
            return consent.events.latest("id")
        raise _already_given(consent)
    return _agree(member, consent, asked, agreed, values, notice, language, actor, reason, at)


@transaction.atomic
def give_with_request(
    member: Member,
    collection: Collection,
    *,
    notice: Notice,
    items: Iterable[str],
    values: Mapping[str, str],
    language: str,
    actor: Actor,
    at: datetime | None = None,
) -> ConsentEvent:
    """Give the consent that a request is filed on, documents among its items; called in the filing's transaction.

    Whoever files seals the documents under keys of the consent's ground. Each filing is an event: one that finds
    the consent given already renews it, and what was given with earlier requests stays, unless typed anew.
    Raises `PortalError` as `give` does.
    """
    agreed = set(items)
    asked = _asked(member, collection, notice, actor)
    consent = _as_it_is(member, collection)
    if consent and consent.stands:  # what an earlier request rests on stays agreed to
        still_asked = {item.code for item in asked}
        agreed |= set(consent.items) & still_asked
    return _agree(member, consent, asked, agreed, values, notice, language, actor, "", at)


def _as_it_is(member: Member, collection: Collection) -> Consent | None:
    """The member's consent, locked; one whose period is over is expired first."""
    consent = record.locked_of(member, collection)
    if consent and consent.standing_at(now()) == State.EXPIRED and consent.state == State.GIVEN:
        expire(consent)
        consent.refresh_from_db()
    return consent


def _agree(
    member: Member,
    consent: Consent | None,
    asked: list[asking.AskedItem],
    agreed: set[str],
    values: Mapping[str, str],
    notice: Notice,
    language: str,
    actor: Actor,
    reason: str,
    at: datetime | None,
) -> ConsentEvent:
    if refusal := asking.why_not_enough(asked, agreed):
        raise refusal
    renewed = consent is not None and consent.state in (State.GIVEN, State.SUPERSEDED)
    check_date(consent, at)
    if at and (end := lapse(at, notice.valid_months)) and end <= now():
        raise PortalError(
            "lapsed_already", _("A consent of this day has ended by itself already. Ask for a new one."), field="at"
        )
    living = _living_values(consent)
    typed = asking.normal_values(member, asked, agreed, values, held=living)
    event = record.add_event(
        consent,
        Kind.RENEWED if renewed else Kind.GIVEN,
        member=member,
        notice=notice,
        items=agreed,
        language=language,
        actor=actor,
        reason=reason,
        at=at,
    )
    for item, value in living.items():
        if item not in agreed or item in typed:
            destroy_key(value.data_key_id, because="consent.renewed", actor=actor)
    _seal(event, typed, actor)
    return event


@transaction.atomic
def renew(consent: Consent, *, notice: Notice, language: str, actor: Actor, at: datetime | None = None) -> ConsentEvent:
    """Renew a consent that stands and would lapse: same items, same values, counted anew from now (M6).

    Raises `PortalError`: `not_given` where it does not stand, `nothing_to_renew` where it does not lapse.
    """
    consent = record.locked(consent)
    _asked(consent.member, consent.collection, notice, actor)
    _must_stand(consent)
    if consent.lapses_at is None:
        raise PortalError("nothing_to_renew", _("This consent does not lapse. It stands until you withdraw it."))
    check_date(consent, at)
    return record.add_event(
        consent,
        Kind.RENEWED,
        member=consent.member,
        notice=notice,
        items=consent.items,
        language=language,
        actor=actor,
        at=at,
    )


@transaction.atomic
def agree_to_item(consent: Consent, item: str, *, value: str, language: str, actor: Actor) -> ConsentEvent:
    """Agree later to an item that was declined. Agreeing twice is one event."""
    consent = record.locked(consent)
    _must_stand(consent)
    if item in consent.items:
        return consent.events.latest("id")
    if refusal := why_not_alone(consent.member, actor):
        raise refusal
    asked = asking.asked_items(consent.member, consent.notice)
    agreed = {*consent.items, item}
    if refusal := asking.why_not_enough(asked, agreed):
        raise refusal
    typed = asking.normal_values(consent.member, asked, {item}, {item: value})
    event = _item_event(consent, Kind.ITEM_AGREED, agreed, language, actor)
    _seal(event, typed, actor)
    return event


@transaction.atomic
def take_back_item(consent: Consent, item: str, *, language: str, actor: Actor) -> ConsentEvent:
    """Take back an optional item; its value is destroyed at once (W2). Taking it back twice is one event.

    Raises `PortalError` for an item the consent cannot do without: that is withdrawing it.
    """
    consent = record.locked(consent)
    _must_stand(consent)
    if item not in consent.items:
        return consent.events.latest("id")
    agreed = set(consent.items) - {item}
    asked = asking.asked_items(consent.member, consent.notice)
    if asking.why_not_enough(asked, agreed):
        raise PortalError(
            "item_needed",
            _("This consent cannot do without that item. You can withdraw the consent as a whole."),
            field=item,
        )
    living = _living_values(consent)
    event = _item_event(consent, Kind.ITEM_TAKEN_BACK, agreed, language, actor)
    if item in living:
        destroy_key(living[item].data_key_id, because="consent.item_taken_back", actor=actor)
    return event


def why_not_alone(member: Member, actor: Actor) -> PortalError | None:
    """Why this member's account cannot give a consent alone, if so: a child's needs the representative too (S7).

    Staff record what the representative signed.
    """
    if member.needs_representative and actor.kind != "staff":
        return PortalError(
            "needs_representative",
            _("You cannot say yes to this alone. Ask your mother, father or guardian to write to us: they must agree."),
        )
    return None


def check_date(consent: Consent | None, at: datetime | None) -> None:
    """What came on paper may carry an earlier date, but not one before the consent's last change, nor a later day."""
    if at is None:
        return
    if at > now():
        raise PortalError("date_in_future", _("This date is in the future."), field="at")
    if consent and at < consent.since:
        raise PortalError(
            "date_before_last_change",
            _("This date is before the last change of this consent, on %(date)s.")
            % {"date": date_format(timezone.localtime(consent.since), "DATE_FORMAT")},
            field="at",
        )


def _asked(member: Member, collection: Collection, notice: Notice, actor: Actor) -> list[asking.AskedItem]:
    if refusal := asking.why_not_asked(member, collection) or why_not_alone(member, actor):
        raise refusal
    in_force = asking.notice_in_force(collection)
    # Staff record forms that were signed earlier; they count unless everybody has been asked again since.
    is_newest = notice.pk == in_force.pk or (
        actor.kind == "staff"
        and notice.is_published
        and notice.collection_id == collection.pk
        and notice.version >= in_force.collection.asked_again_since
    )
    if not is_newest:
        raise PortalError(
            "notice_replaced",
            _("This notice has been replaced by a new version. Please read it and decide again. Nothing was recorded."),
            notice=in_force,
        )
    return asking.asked_items(member, notice)


def _must_stand(consent: Consent) -> None:
    if not consent.stands:
        raise PortalError("not_given", _("This consent is not given at present."))


def _already_given(consent: Consent) -> PortalError:
    return PortalError(
        "already_given",
        _("This consent was given on %(date)s. To change it, agree to or take back single items, or withdraw it.")
        % {"date": date_format(timezone.localtime(consent.since), "DATETIME_FORMAT")},
    )


def _item_event(
    consent: Consent, kind: ConsentEvent.Kind, agreed: set[str], language: str, actor: Actor
) -> ConsentEvent:
    return record.add_event(
        consent, kind, member=consent.member, notice=consent.notice, items=agreed, language=language, actor=actor
    )


def _living_values(consent: Consent | None) -> dict[str, ConsentValue]:
    if consent is None:
        return {}
    values = consent.values.filter(data_key__wrapped_key__isnull=False).select_related("data_key")
    return {value.item_id: value for value in values}


def _seal(event: ConsentEvent, typed: Mapping[str, str], actor: Actor) -> None:
    consent = event.consent
    for item, value in typed.items():
        key = make_data_key(DataKey.Ground.CONSENT, consent.pk, subject_id=consent.member_id, items=[item])
        sealed = ConsentValue(consent=consent, item_id=item, data_key=key, value=value, given_at=event.at)
        save_as(actor, sealed, reason=f"consent.{event.kind}", force_insert=True)
