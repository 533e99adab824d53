"""What law has us keep of a membership that is closed: moved apart while it can still be read (K2, K3, W8).

Of whoever paid, the record of the contract stays, with what says whose it was; of whoever never did, nothing. The
record of a payment moves when its consent ends (`payments`), that of a complaint as such. The proof of each consent
stays where it is, under a key of its own.
"""

from __future__ import annotations

from datetime import date, datetime

from django.db.models import QuerySet
from django.utils import timezone

from consents.models import Consent, ConsentEvent, State
from members.closing import Keeper, Stays
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from requests.models import MemberRequest

from . import complaints, payment_methods, payments, retaining
from .schedule import months_after, rule_in_force

CONTRACT = "contract_records"
# The law names what tells whose a kept record is: name, address and e-mail address (E-Commerce Act, Article 6(2)).
IDENTIFYING = ("name", "company_name", "address", "email")

Given = ConsentEvent.Kind


def _told(member: Member) -> list[Stays]:
    stays = []
    if _has_paid(member):
        stays.append(_stays(CONTRACT, now()))
    if member.payment_methods.filter(kind__in=payment_methods.PAID_BY, ended_at__isnull=True).exists():
        stays.append(_stays(payment_methods.RULE, now()))
    for consent in _given(member):
        rule, values = payments.kept_of(consent)
        if values:
            stays.append(_stays(rule, max(value.given_at for value in values)))
    for closed_at in _complaints(member).values_list("closed_at", flat=True):
        stays.append(_stays(complaints.RULE, closed_at or now()))
    if (last := _last_proof(member)) is not None:
        stays.append(_stays("consent_evidence", last))
    return _longest_of_each(stays)


def _keep(member: Member, actor: Actor) -> None:
    if _has_paid(member):
        held = {item: value for item, value in member.held_items().items() if item in IDENTIFYING}
        values = {item: value for item, value in held.items() if not value.is_destroyed}
        retaining.keep(
            CONTRACT,
            values | {"joined": _day(member.joined_at), "closed": _day(now())},
            subject_id=member.pk,
            happened_at=now(),
            moved_from="members.member",
            actor=actor,
        )
    for request_id in _complaints(member).filter(data_key__wrapped_key__isnull=False).values_list("pk", flat=True):
        complaints.keep(request_id, actor=actor)


def _has_paid(member: Member) -> bool:
    """Whether a payment was ever agreed to, once or by a method that was kept; then there was a sale, whose record
    the law asks for."""
    if member.payment_methods.filter(kind__in=payment_methods.PAID_BY).exists():
        return True
    agreed = ConsentEvent.objects.filter(kind__in=(Given.GIVEN, Given.RENEWED))
    return agreed.filter(consent__member=member, consent__collection__in=payments.KEPT).exists()


def _given(member: Member) -> QuerySet[Consent]:
    return Consent.objects.filter(member=member, state__in=(State.GIVEN, State.SUPERSEDED)).order_by("pk")


def _complaints(member: Member) -> QuerySet[MemberRequest]:
    return complaints.finished().filter(member=member).order_by("pk")


def _last_proof(member: Member) -> datetime | None:
    """From when the proof of the last consent is kept: now, where one still stands."""
    with_proof = Consent.objects.filter(member=member, evidence_key__wrapped_key__isnull=False)
    if with_proof.filter(state__in=(State.GIVEN, State.SUPERSEDED)).exists():
        return now()
    return with_proof.order_by("-since").values_list("since", flat=True).first()


def _stays(code: str, happened_at: datetime) -> Stays:
    rule = rule_in_force(code)
    until = timezone.localdate(months_after(happened_at, rule.months))
    return Stays(str(rule), until, f"{rule.ground} ({rule.source})")


def _longest_of_each(stays: list[Stays]) -> list[Stays]:
    longest: dict[str, Stays] = {}
    for one in stays:
        known = longest.get(one.what)
        if known is None or (one.until or date.max) > (known.until or date.max):
            longest[one.what] = one
    return list(longest.values())


def _day(moment: datetime) -> str:
    return timezone.localdate(moment).isoformat()


KEEPER = Keeper(_told, _keep)
