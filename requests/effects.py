"""What approval does, by kind of request. Each effect says what can be granted, why it cannot be, and does it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from consents import correcting, suspending, withdrawal
from consents.ending import rules_that_keep
from consents.models import Consent, ConsentValue, State
from members import changing
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key, on_hold
from privacy_portal.vault.models import DataKey

from . import business_licence, packages
from .models import DECIDED, Decision, MemberRequest, RequestEvent, values_of
from .models import State as RequestState

Granted = dict[str, Any]
Details = dict[str, Any]


@dataclass(frozen=True)
class Effect:
    """`part` is what a partly approved request grants a part of: the key in `granted` and how to list the whole."""

    apply: Callable[[MemberRequest, Granted, Actor], Details]
    part: str = ""
    whole: Callable[[MemberRequest], list[str]] = lambda member_request: []
    why_not: Callable[[MemberRequest, Granted], PortalError | None] = lambda member_request, granted: None
    finish: Callable[[MemberRequest, Actor], None] = lambda member_request, actor: None


def normal_granted(
    member_request: MemberRequest, decision: Decision, granted: Mapping[str, Any] | None
) -> Granted | None:
    """What is granted, whole: all that was asked where it is approved, the part chosen where it is in part."""
    effect = EFFECTS[member_request.the_kind.effect]
    if decision == Decision.REFUSED:
        return None
    chosen = dict(granted or {})
    if effect.part and (decision == Decision.APPROVED or effect.part not in chosen):
        chosen[effect.part] = effect.whole(member_request)
    return chosen


def why_not(
    member_request: MemberRequest, decision: Decision, granted: Mapping[str, Any] | None = None
) -> PortalError | None:
    """Why this cannot be granted, if so."""
    if decision == Decision.REFUSED:
        return None
    effect = EFFECTS[member_request.the_kind.effect]
    if member_request.asked.is_destroyed:
        return PortalError("destroyed", _("What was asked is destroyed. The request can only be refused."))
    if granted is None and member_request.granted is not None:
        granted = member_request.granted.open_unseen()
    if decision == Decision.PARTLY_APPROVED and effect.part:
        chosen, whole = set((granted or {}).get(effect.part, [])), set(effect.whole(member_request))
        if not chosen or chosen >= whole or chosen - whole:
            return PortalError("part_needed", _("Choose which part is granted, and leave some out."), field=effect.part)
    return effect.why_not(member_request, normal_granted(member_request, decision, granted) or {})


def apply(member_request: MemberRequest, actor: Actor) -> Details:
    """Carry out an approved request under its lock; returns details for the event, numbers and codes only."""
    granted = {} if member_request.granted is None else member_request.granted.open_unseen()
    return EFFECTS[member_request.the_kind.effect].apply(member_request, granted, actor)


def finish(member_request: MemberRequest, actor: Actor) -> None:
    """What is only needed until a request is done goes now, whatever was decided (K1)."""
    EFFECTS[member_request.the_kind.effect].finish(member_request, actor)


def asked_items(member_request: MemberRequest) -> list[str]:
    """The items of the policy among what was asked to be changed."""
    items = [field.code for field in member_request.the_kind.fields if field.type == "item"]
    asked = values_of(member_request)
    return [item for item in items if item in asked]


def asked_consents(member_request: MemberRequest) -> list[str]:
    """The collections whose consents the request is about."""
    return list(values_of(member_request).get("consents", []))


def asked_held(member_request: MemberRequest) -> list[str]:
    """What is to be deleted: consents by collection, optional items of the membership by their own code."""
    return list(values_of(member_request).get("held", []))


def _change_values(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    asked = values_of(member_request)
    items = [item for item in granted.get("items", []) if item in asked]
    if not items:
        return {}
    values = {item: asked[item] for item in items}
    reason = f"request {member_request.reference}"
    member_request.replaced = changing.change(member_request.member, values, reason=reason, actor=actor)
    return {"items": items}


def _why_not_correct(member_request: MemberRequest, granted: Granted) -> PortalError | None:
    """`granted["values"]` holds what is corrected of consents: {collection: {item: new value}}."""
    values = granted.get("values", {})
    if not granted.get("items") and not values:
        return PortalError(
            "nothing_to_change", _("Say what is corrected: of the membership, or of a consent."), field="values"
        )
    try:
        for collection, corrections in values.items():
            correcting.normal_corrections(member_request.member, collection, corrections)
    except PortalError as error:
        return error
    return None


def _correct(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    details = _change_values(member_request, granted, actor)
    values = granted.get("values", {})
    for consent in _consents(member_request, list(values)):
        reason = f"request {member_request.reference}"
        correcting.correct(consent, values[consent.collection_id], reason=reason, actor=actor)
    return details | {"consents": sorted(values)}


def _why_not_refund(member_request: MemberRequest, granted: Granted) -> PortalError | None:
    amount = granted.get("amount")
    if isinstance(amount, int) and not isinstance(amount, bool) and 0 < amount < 10**12:
        return None
    return PortalError("amount", _("Give the amount to be refunded, in won."), field="amount")


def _forget_account_number(member_request: MemberRequest, actor: Actor) -> None:
    """The account number was needed to pay the refund, and is not needed any more (K1)."""
    values = ConsentValue.objects.filter(
        consent=member_request.consent_id, item="account_number", data_key__wrapped_key__isnull=False
    )
    for key_id in values.values_list("data_key_id", flat=True):
        destroy_key(key_id, because="request.refund_settled", actor=actor)


def _nothing_more(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    return {}


def _give_access(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    package = packages.make(member_request, granted.get("parts", []), actor=actor)
    return {"parts": granted.get("parts", []), "until": timezone.localdate(package.expires_at).isoformat()}


def _consents(member_request: MemberRequest, codes: list[str]) -> list[Consent]:
    consents = Consent.objects.filter(member=member_request.member, collection__in=codes)
    return list(consents.select_related("collection", "notice").order_by("pk"))


def _why_not_delete(member_request: MemberRequest, granted: Granted) -> PortalError | None:
    codes, member = granted.get("held", []), member_request.member
    ids = [consent.pk for consent in _consents(member_request, codes)]
    of_consents = DataKey.objects.filter(ground=DataKey.Ground.CONSENT, ground_id__in=ids, wrapped_key__isnull=False)
    keys = [*of_consents, *(member.key_of(item) for item in member.optional_items() if item in codes)]
    if business_licence.ITEM in codes and (document := business_licence.held(member)):
        keys.append(document.data_key)
    if on_hold(keys):
        return PortalError(
            "on_hold",
            _("A legal hold lasts on this. Nothing of it can be destroyed until the privacy officer lifts the hold."),
        )
    return None


def _delete(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    codes, member = granted.get("held", []), member_request.member
    consents = [
        consent for consent in _consents(member_request, codes) if consent.state in (State.GIVEN, State.SUPERSEDED)
    ]
    kept = sorted({rule for consent in consents for rule in rules_that_keep(consent)})
    for consent in consents:
        withdrawal.withdraw(consent, language=member_request.language, actor=actor)
    items = [item for item in member.optional_items() if item in codes]
    for item in items:
        changing.take_back(member, item, reason=f"request {member_request.reference}", actor=actor)
    if business_licence.ITEM in codes:
        business_licence.delete(member, actor=actor)
        items.append(business_licence.ITEM)
    return {"consents": [consent.collection_id for consent in consents], "items": items, "kept": kept}


def _suspend(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    suspended = []
    for consent in _consents(member_request, granted.get("consents", [])):
        if suspending.why_not(consent) is None:
            suspending.suspend(consent, actor=actor)
            suspended.append(consent.collection_id)
    return {"consents": suspended}


def _reopen(member_request: MemberRequest, granted: Granted, actor: Actor) -> Details:
    """The objection was right: what it objects to is open again, with a new period, for somebody else to decide."""
    from . import record  # `record` tells members, `telling` reads models: no circle, but effects lie below it

    assert member_request.objects_to_id is not None  # noqa: S101
    reopened = record.locked(member_request.objects_to_id)
    if reopened.asked.is_destroyed or reopened.state not in (*DECIDED, RequestState.DONE):
        return {"reopened": None}
    deciders = {who for who in (reopened.decided_by, reopened.confirmed_by) if who is not None}
    reopened.not_decided_by = sorted({*reopened.not_decided_by, *deciders}, key=str)
    reopened.undo_decision()
    reopened.state, reopened.closed_at = RequestState.IN_REVIEW, None
    reopened.assigned_to = member_request.decided_by
    reopened.counts_from = timezone.localdate(now())
    reopened.period_days = reopened.the_kind.period(reopened.counts_from).days
    reopened.paused_days = reopened.extended_days = 0
    details = {"objection": member_request.reference}
    record.write(reopened, RequestEvent.Kind.REOPENED, actor=actor, details=details)
    return {"reopened": reopened.reference}


def _asked_parts(member_request: MemberRequest) -> list[str]:
    return list(values_of(member_request).get("parts", []))


EFFECTS: dict[str, Effect] = {
    "change_values": Effect(_change_values, "items", asked_items),
    "correct": Effect(_correct, "items", asked_items, _why_not_correct),
    "record_refund": Effect(_nothing_more, why_not=_why_not_refund, finish=_forget_account_number),
    "record_decision": Effect(_nothing_more),
    "answer": Effect(_nothing_more),
    "give_access": Effect(_give_access, "parts", _asked_parts),
    "delete": Effect(_delete, "held", asked_held, _why_not_delete),
    "suspend": Effect(_suspend, "consents", asked_consents),
    "reopen": Effect(_reopen),
}
