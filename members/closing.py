"""Closing a membership: everything given in it ends, and only what law has us keep stays, apart and for its time.

What a member may have beyond the membership itself (consents, requests) is known to rooms above: each registers what
it tells the member beforehand and how it ends it. What law keeps is moved first, while it can still be read (K2, W8).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import OperationalError, connection, transaction
from django.template.loader import render_to_string
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from psycopg.errors import DeadlockDetected

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import post_last
from privacy_portal.policy.models import Item
from privacy_portal.vault.destruction import destroy_ground, note_end
from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey

from . import changing_address
from .addresses import ALIAS_DOMAIN
from .locking import locked
from .models import Account, AddressChange, Member
from .naver import linking
from .payment_methods import removing
from .second_factor import factors

BECAUSE = "membership.closed"
# How often closing begins again where it and another step waited for each other.
ATTEMPTS = 3


@dataclass(frozen=True)
class Ends:
    """Something that ends with the membership: what it is in the member's words, the single things, what we do."""

    what: str
    things: list[str]
    how: str


@dataclass(frozen=True)
class Stays:
    """Something that stays: what, until when (empty where it depends on what is still to come), and why."""

    what: str
    until: date | None
    why: str


@dataclass(frozen=True)
class Part:
    """What one room holds of a membership: what ends, as the member is told, and the ending of it."""

    told: Callable[[Member], list[Ends]]
    end: Callable[[Member, Actor], None]


@dataclass(frozen=True)
class Keeper:
    """What law has one room keep: `told` says it beforehand, `keep` moves it apart before anything is destroyed."""

    told: Callable[[Member], list[Stays]]
    keep: Callable[[Member, Actor], None]


# In the order in which they are told and ended.
parts: list[Part] = []
keepers: list[Keeper] = []


@dataclass(frozen=True)
class Plan:
    """What closing would do now."""

    ends: list[Ends]
    stays: list[Stays]


def plan(member: Member) -> Plan:
    """What ends and what stays, told before the member decides."""
    names = Item.objects.in_bulk([item for item, value in member.held_items().items() if not value.is_destroyed])
    in_order = [str(names[item]) for item in member.held_items() if item in names]
    held = Ends(_("Held for your membership"), in_order, _("We destroy it."))
    living = member.payment_methods.filter(ended_at__isnull=True).order_by("-added_at")
    methods = Ends(_("Payment methods"), [method.get_kind_display() for method in living], _("We destroy them."))
    ends = [held, methods, *(one for part in parts for one in part.told(member))]
    return Plan([one for one in ends if one.things], [one for keeper in keepers for one in keeper.told(member)])


def why_not(member: Member, actor: Actor) -> PortalError | None:
    """Why this membership is not for the actor to close, if so."""
    account = member.account
    if account is None or account.is_staff:
        return PortalError("no_membership", _("This account cannot be closed here. Ask a privacy officer."))
    if actor.kind == "member" and actor.account_id != account.pk:
        return PortalError("not_yours", _("This is not your membership."))
    if actor.kind in ("staff", "service"):
        return PortalError("not_allowed", _("Only the member can close a membership."))
    return None


def close(member: Member, *, actor: Actor) -> None:
    """End a membership, whole or not at all. Safe to repeat: one that has ended stays as it is.

    What is on legal hold is not destroyed until the hold is lifted. Raises `PortalError`: `no_membership`,
    `not_yours`, `not_allowed`.
    """
    if refusal := why_not(member, actor):
        raise refusal
    for attempt in range(1, ATTEMPTS + 1):
        try:
            with transaction.atomic():
                return _close(member, actor)
        except OperationalError as error:
            # A colleague may be deciding on a request of the member's: each waits for what the other has locked.
            waits_in_a_circle = isinstance(error.__cause__, DeadlockDetected)
            if not waits_in_a_circle or attempt == ATTEMPTS or connection.in_atomic_block:
                raise
    return None


def _close(member: Member, actor: Actor) -> None:
    try:
        member = locked(member)
    except PortalError:  # closed already, as by a double click
        return
    account, ended_at = member.account, now()
    assert account is not None  # noqa: S101 (`why_not` has asked)
    address = None if account.email.is_destroyed else account.email.open_unseen()
    told = plan(member) if address else None
    for keeper in keepers:
        keeper.keep(member, actor)
    for part in parts:
        part.end(member, actor)
    member.closed_at = ended_at
    save_as(actor, member, reason=BECAUSE)
    removing.remove_all(member, actor=actor)
    linking.unlink(account, actor=actor)
    _end_account(account, actor)
    destroy_ground(DataKey.Ground.MEMBERSHIP, member.pk, because=BECAUSE, actor=actor)
    note_end(Ending(DataKey.Ground.MEMBERSHIP, member.pk, BECAUSE, ended_at))
    if address and told:
        _say_goodbye(member, address, told)


def _end_account(account: Account, actor: Actor) -> None:
    """Nobody signs in with it any more, and its address is free for somebody, or the same person, to join anew."""
    for change_id in AddressChange.objects.filter(account=account, ended_at__isnull=True).values_list("pk", flat=True):
        changing_address.cancel(change_id, actor=actor)
    factors.forget(account)  # and every session
    account.is_active = False
    account.set_unusable_password()
    account.alias = f"closed-{account.pk.hex}@{ALIAS_DOMAIN}"
    save_as(actor, account, reason=BECAUSE)
    EmailAddress.objects.filter(user=account).delete()


def _say_goodbye(member: Member, address: str, told: Plan) -> None:
    with translation.override(member.language):
        context = {
            "company": settings.COMPANY_NAME,
            "at": timezone.localtime(member.closed_at),
            "plan": told,
            "link": settings.BASE_URL,
        }
        post_last(
            to=address,
            subject=" ".join(render_to_string("members/closing/email/closed_subject.txt", context).split()),
            text=render_to_string("members/closing/email/closed.txt", context).strip(),
            ground=DataKey.Ground.MEMBERSHIP,
            ground_id=member.pk,
        )


def standing(endings: Sequence[Ending]) -> list[Ending]:
    """The endings among these that a restored database does not know of."""
    open_ones = set(
        Member.objects.filter(pk__in=[one.ground_id for one in endings], closed_at__isnull=True).values_list(
            "pk", flat=True
        )
    )
    return [one for one in endings if one.ground_id in open_ones]


def end_again(ending: Ending, actor: Actor) -> None:
    """Close a membership again that came back with an older dump."""
    close(Member.objects.select_related("account__data_key").get(pk=ending.ground_id), actor=actor)


def on_record() -> Iterator[Ending]:
    """Every membership that ended."""
    for member in Member.objects.filter(closed_at__isnull=False).only("closed_at").order_by("closed_at").iterator():
        assert member.closed_at is not None  # noqa: S101
        yield Ending(DataKey.Ground.MEMBERSHIP, member.pk, BECAUSE, member.closed_at)
