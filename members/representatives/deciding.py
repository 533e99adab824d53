"""The representative consents, by one of the listed ways, or refuses (S7, S8)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import MemberKind, Notice
from privacy_portal.rights import demand

from ..models import ConsentMethod, Delivery, RepresentativeConsent, RepresentativeEvent
from ..signup import notice_for
from . import methods, periods, record, telling

State, Kind = RepresentativeConsent.State, RepresentativeEvent.Kind
RIGHT = "members.record_representative"


def the_notice() -> Notice:
    """What the representative is told: the notice of the membership the child wants."""
    return notice_for(MemberKind.INDIVIDUAL)


def acceptable_notices() -> list[Notice]:
    """The versions that a paper signed some days ago may show, the newest first: all that nobody was asked anew on."""
    newest = the_notice()
    published = Notice.objects.published().filter(collection=newest.collection_id)
    return list(published.filter(version__gte=newest.collection.asked_again_since).order_by("-version"))


def why_not_decide(consent: RepresentativeConsent) -> PortalError | None:
    """Why nothing can be decided any more, if so."""
    match consent.standing:
        case State.ASKED:
            return None
        case State.GIVEN:
            return PortalError("given_already", _("The parent or guardian has consented already."))
        case State.USED:
            return PortalError("used_already", _("The parent or guardian has consented, and the child has joined."))
        case State.REFUSED:
            return PortalError("refused_already", _("The parent or guardian has refused. The details are destroyed."))
        case State.REPLACED:
            return PortalError("replaced", _("The parent or guardian was asked anew. Only the newest request counts."))
    return PortalError("lapsed", _("The time to decide is over, and the details are destroyed. Please ask anew."))


def agree_by_email(consent_id: UUID, *, shown: UUID, actor: Actor) -> RepresentativeEvent:
    """The representative consents on the page that the e-mailed link opens. Consenting twice is one event.

    `shown` is the number of the notice shown. Raises `PortalError`: `notice_replaced`, `not_by_email`, or why nothing
    can be decided.
    """
    return _agree(consent_id, ConsentMethod.EMAIL, shown=shown, actor=actor)


def agree_by_adapter(
    consent_id: UUID, method: ConsentMethod, answer: Mapping[str, str], *, shown: UUID, actor: Actor
) -> RepresentativeEvent:
    """The representative consents in a way that an outside party confirms (`methods.Confirmation`).

    Raises `PortalError`: `method_unavailable`, `not_confirmed`, or as `agree_by_email`.
    """
    adapter = methods.adapter(method)
    if adapter is None or not adapter.available():
        raise PortalError("method_unavailable", _("This way of confirming is not available."))
    if not adapter.confirms(RepresentativeConsent.objects.select_related("data_key").get(pk=consent_id), answer):
        raise PortalError("not_confirmed", _("The consent could not be confirmed. Nothing was recorded."))
    return _agree(consent_id, method, shown=shown, actor=actor)


@transaction.atomic
def record_signed(
    consent_id: UUID, *, delivery: str, on: date, identity: str, shown: UUID, actor: Actor
) -> RepresentativeEvent:
    """Staff record the paper that the representative signed. `on` is its day, `identity` how it was checked who signed,
    `shown` the number of the notice on the paper.

    Raises `PortalError`: `not_allowed`, `delivery`, `identity_needed`, `date_in_future`, `date_before_asked`,
    `notice_replaced`, or why nothing can be decided.
    """
    demand(actor, RIGHT)
    if delivery not in Delivery.values:
        raise PortalError("delivery", _("Please choose how the paper came."), field="delivery")
    if not identity.strip():
        raise PortalError("identity_needed", _("Please write how it was checked who signed."), field="identity")
    consent = record.locked(consent_id)
    at = _moment(on, consent.asked_at)
    return _agree(
        consent_id,
        ConsentMethod.SIGNED_PAPER,
        shown=shown,
        actor=actor,
        at=at,
        delivery=delivery,
        evidence={"identity": identity.strip()},
    )


@transaction.atomic
def refuse(consent_id: UUID, *, actor: Actor) -> RepresentativeEvent:
    """The representative says no, or takes the consent back before the child has joined: the details are destroyed at
    once (S10). Refusing twice is one event. Staff record it with the right to.

    Raises `PortalError`: `not_allowed`, or why nothing can be decided.
    """
    if actor.kind == "staff":
        demand(actor, RIGHT)
    consent = record.locked(consent_id)
    if consent.state == State.REFUSED:
        return consent.events.latest("id")
    if consent.standing == State.GIVEN:
        return record.add_event(consent, Kind.WITHDRAWN, actor=actor)
    if refusal := why_not_decide(consent):
        raise refusal
    return record.add_event(consent, Kind.REFUSED, actor=actor)


@transaction.atomic
def _agree(
    consent_id: UUID,
    method: ConsentMethod,
    *,
    shown: UUID,
    actor: Actor,
    at: datetime | None = None,
    delivery: str = "",
    evidence: Mapping[str, str] | None = None,
) -> RepresentativeEvent:
    consent = record.locked(consent_id)
    if consent.standing == State.GIVEN:
        return consent.events.filter(kind=Kind.GIVEN).latest("id")
    if refusal := why_not_decide(consent):
        raise refusal
    if method == ConsentMethod.EMAIL and consent.is_on_paper:
        raise PortalError("not_by_email", _("This parent or guardian is asked on paper."))
    notices = acceptable_notices() if method == ConsentMethod.SIGNED_PAPER else [the_notice()]
    notice = next((one for one in notices if one.pk == shown), None)
    if notice is None:
        raise PortalError("notice_replaced", _("What we tell you here has changed. Please read the new version."))
    event = record.add_event(
        consent,
        Kind.GIVEN,
        actor=actor,
        expires_at=now() + periods.days("join_days"),
        at=at,
        notice=notice,
        method=method,
        delivery=delivery,
        evidence={"address": actor.address, "browser": actor.browser, **(evidence or {})},
    )
    telling.consented(consent)
    return event


def _moment(day: date, asked_at: datetime) -> datetime:
    """The moment that stands for a day on paper: noon, but neither before it was asked nor in the future."""
    if day > timezone.localdate(now()):
        raise PortalError("date_in_future", _("This date is in the future."), field="on")
    if day < timezone.localdate(asked_at):
        raise PortalError("date_before_asked", _("This date is before the child asked."), field="on")
    return min(now(), max(asked_at, timezone.make_aware(datetime.combine(day, time(12)))))
