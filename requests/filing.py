"""Filing a request: in one transaction with the separate consent that the policy names for it.

Where a right of law is used (access, correction, deletion, suspension) or a decision objected to, there is no
collection and so no consent: the values are sealed under a key of the request itself.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from consents.giving import give_with_request
from consents.models import Consent
from members.locking import locked
from members.models import Member
from members.signup import add_visitor
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, MemberKind, Notice
from privacy_portal.rights import demand
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from . import asking, deadlines, kinds, record
from .documents import Attachment, attach, why_not_complete
from .drafting import close as close_draft
from .identity import needs_identity, note_identity
from .kinds import Kind
from .models import UNDECIDED, Decision, MemberRequest, RequestEvent, State
from .steps import WORK, why_not_member

CAPACITIES = ("legal_representative", "authorised")


@dataclass(frozen=True)
class Representative:
    """Who acts for the member (Q12): `capacity` is one of `CAPACITIES`. The form of authority is attached."""

    capacity: str
    name: str
    contact: str
    relation: str = ""


def file(
    kind_code: str,
    *,
    member: Member | None,
    submission: UUID,
    asked: Mapping[str, Any],
    notice: Notice | None = None,
    items: Iterable[str] = (),
    values: Mapping[str, str] | None = None,
    documents: Sequence[Attachment] = (),
    language: str,
    actor: Actor,
    representative: Representative | None = None,
    objects_to: MemberRequest | None = None,
) -> MemberRequest:
    """File a request; of the same `submission` sent twice there is one.

    `member` is None for a visitor, who is then made. `asked` is what the kind's fields hold; `notice`, `items` and
    `values` belong to the consent, as for `consents.giving.give`. An agent of the member files in the member's name
    with `representative`. Staff record what came on paper or by phone.
    Raises `PortalError`: `not_for_this_member`, `open_already`, `notice_replaced`, `document_missing`,
    `cannot_object`, `not_yours`, and what is wrong with a value or a document.
    """
    try:
        with transaction.atomic():
            return _file(
                kinds.kind(kind_code),
                member=member,
                submission=submission,
                typed=asked,
                notice=notice,
                items=set(items),
                values=values or {},
                documents=documents,
                language=language,
                actor=actor,
                representative=representative,
                objects_to=objects_to,
            )
    except IntegrityError:  # a visitor has no row to lock: the other one of two was first
        existing = MemberRequest.objects.filter(submission=submission).first()
        if existing is None:
            raise
        return existing


def why_not_file(kind: Kind, member: Member | None) -> PortalError | None:
    """Why this kind of request cannot be filed now, if so; what the page asks before it shows the form."""
    if refusal := asking.why_not_asked(kind, member.kind if member else MemberKind.VISITOR):
        return refusal
    if kind.one_at_a_time and member:
        there = MemberRequest.objects.filter(member=member, kind=kind.code, state__in=UNDECIDED).first()
        if there is not None:
            return PortalError(
                "open_already",
                _("You have asked for this already: %(reference)s. You can add to it, or cancel it.")
                % {"reference": there.reference},
                reference=there.reference,
            )
    return None


def why_not_object(member_request: MemberRequest) -> PortalError | None:
    """Why nobody can object to this request's decision, if so (Q14)."""
    if member_request.decision not in (Decision.REFUSED, Decision.PARTLY_APPROVED) or member_request.is_undecided:
        return PortalError("cannot_object", _("Only a refusal, whole or in part, can be objected to."))
    assert member_request.decided_at is not None  # noqa: S101
    days = kinds.number("objection_days", timezone.localdate(now()))
    if timezone.localdate(now()) > timezone.localdate(member_request.decided_at) + timedelta(days=days):
        return PortalError(
            "too_late", _("An objection can be filed within %(days)s days of the decision.") % {"days": days}
        )
    if member_request.objections.filter(state__in=UNDECIDED).exists():
        return PortalError("objected_already", _("You have objected to this already. We are looking at it."))
    return None


def _file(
    kind: Kind,
    *,
    member: Member | None,
    submission: UUID,
    typed: Mapping[str, Any],
    notice: Notice | None,
    items: set[str],
    values: Mapping[str, str],
    documents: Sequence[Attachment],
    language: str,
    actor: Actor,
    representative: Representative | None,
    objects_to: MemberRequest | None,
) -> MemberRequest:
    if member is not None:  # of two at once the second waits here, and finds what the first has filed
        member = locked(member)
        _must_be_for(member, actor)
    if existing := MemberRequest.objects.filter(submission=submission).first():
        if member is not None and existing.member_id != member.pk:
            raise PortalError("not_yours", _("This is not your request."))
        return existing
    if refusal := why_not_file(kind, member):
        raise refusal
    _check_objection(kind, objects_to, actor)
    asked = asking.normal_asked(kind, member, typed)
    _check_representative(representative)
    attached = [attachment.item for attachment in documents]
    if refusal := why_not_complete(kind, attached, with_representative=representative is not None):
        raise refusal
    if kind.collection and (unasked := {item for item in attached if item not in kinds.papers()} - items):
        raise PortalError("not_agreed", _("Agree to this item first; then attach the document."), field=min(unasked))
    if member is None:
        member = add_visitor(language=language, actor=actor)
    consent = _consent(kind, member, notice, items, values, language, actor)
    member_request = _new(kind, member, submission, consent, asked, language, actor)
    member_request.notice = consent.notice if consent else None
    member_request.representative = asdict(representative) if representative else None
    if actor.kind == "member" and actor.account_id and not needs_identity(member_request):
        # Whoever has signed in has shown who they are. Documents and agents are looked at by a person.
        note_identity(member_request, "signed_in", actor=actor)
    if objects_to is not None:
        member_request.objects_to = objects_to
        deciders = {who for who in (objects_to.decided_by, objects_to.confirmed_by) if who is not None}
        member_request.not_decided_by = sorted(deciders, key=str)
    event = RequestEvent.Kind.RECEIVED
    record.write(member_request, event, actor=actor, details={"documents": len(documents)}, is_new=True)
    attach(member_request, documents, actor=actor)
    close_draft(member, kind, because="request.filed", actor=actor)
    return member_request


def _new(
    kind: Kind,
    member: Member,
    submission: UUID,
    consent: Consent | None,
    asked: dict[str, Any],
    language: str,
    actor: Actor,
) -> MemberRequest:
    request_id, moment = uuid.uuid4(), now()
    today = timezone.localdate(moment)
    named = [field.code for field in kind.fields if field.type == "item" and field.code in asked]
    ground = (DataKey.Ground.CONSENT, consent.pk) if consent else (DataKey.Ground.REQUEST, request_id)
    member_request = MemberRequest(
        id=request_id,
        reference=_reference(today.year),
        submission=submission,
        kind=kind.code,
        member=member,
        consent=consent,
        language=language,
        state=State.RECEIVED,
        received_at=moment,
        counts_from=today,
        period_days=kind.period(today).days,
        data_key=make_data_key(DataKey.Ground.REQUEST, request_id, subject_id=member.pk),
        values_key=make_data_key(*ground, subject_id=member.pk, items=named),
        needs_second_person=kind.four_eyes,
    )
    member_request.asked = asked
    member_request.due_on = deadlines.due_day(member_request)
    return member_request


def _consent(
    kind: Kind,
    member: Member,
    notice: Notice | None,
    items: set[str],
    values: Mapping[str, str],
    language: str,
    actor: Actor,
) -> Consent | None:
    if kind.collection is None:
        return None
    if notice is None:
        raise PortalError("notice_unknown", _("We do not know the notice you were shown. Please read it again."))
    collection = Collection.objects.get(pk=kind.collection)
    event = give_with_request(
        member, collection, notice=notice, items=items, values=values, language=language, actor=actor
    )
    return Consent.objects.select_related("collection", "notice").get(pk=event.consent_id)


def _must_be_for(member: Member, actor: Actor) -> None:
    if actor.kind == "staff":
        demand(actor, WORK)
    elif actor.kind == "member" and actor.account_id != member.account_id:
        raise PortalError("not_yours", _("This is not your request."))


def _check_objection(kind: Kind, objects_to: MemberRequest | None, actor: Actor) -> None:
    if (kind.effect == "reopen") != (objects_to is not None):
        raise PortalError("cannot_object", _("Choose the request whose decision you object to."), field="objects_to")
    if objects_to is None:
        return
    refusal = why_not_member(objects_to, actor) if actor.kind == "member" else None
    if refusal := refusal or why_not_object(objects_to):
        raise refusal


def _check_representative(representative: Representative | None) -> None:
    if representative is None:
        return
    if representative.capacity not in CAPACITIES:
        raise PortalError("capacity", _("Say in what capacity you act for the member."), field="capacity")
    for part in ("name", "contact"):
        if not getattr(representative, part).strip():
            raise PortalError("value_missing", _("Please fill this in."), field=part)


def _reference(year: int) -> str:
    """A number drawn by chance: it tells neither who asked nor how many others have."""
    while True:
        reference = f"R-{year}-{secrets.randbelow(10**6):06}"
        if not MemberRequest.objects.filter(reference=reference).exists():
            return reference
