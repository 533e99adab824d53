"""Changing the address one signs in with: both addresses confirm it by a mailed link, then it is changed at once.

Asking never tells whether an address belongs to somebody, and neither reserves it nor keeps it. Who it belongs to is
looked up by the background worker, which writes to the new address or to its owner; the request itself does the same
work for every address.
"""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

from allauth.account.models import EmailAddress
from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_email
from privacy_portal.rights import demand

from .address import telling
from .address.links import Side
from .addresses import alias_of
from .models import Account, AddressChange

Ending = AddressChange.Ending


def waiting(account: Account) -> AddressChange | None:
    """The change that waits to be confirmed, if one does."""
    change = AddressChange.objects.select_related("data_key").filter(account=account, ended_at__isnull=True).first()
    return change if change is not None and change.waits(now()) else None


def why_not_ask(account: Account, address: str) -> PortalError | None:
    """Why the account cannot change to `address`, if so; never because somebody else has it."""
    try:
        alias = alias_of(address)
    except PortalError as error:
        return error
    if alias == account.alias:
        return PortalError("same_address", _("You sign in with this address already."), field="email")
    return None


def why_not_confirm(change: AddressChange) -> PortalError | None:
    if not change.waits(now()):
        return PortalError("change_over", _("This link does not work any more."))
    return None


@transaction.atomic
def ask_for(account: Account, address: str, *, actor: Actor) -> AddressChange:
    """Ask for a change to `address`, and write to both addresses. One that waited is replaced.

    Raises `PortalError`: `same_address`, or what is wrong with the address.
    """
    account = _locked(account.pk)
    if refusal := why_not_ask(account, address):
        raise refusal
    before = AddressChange.objects.filter(account=account, ended_at__isnull=True).first()
    if before is not None:
        _end(before, Ending.REPLACED if before.waits(now()) else Ending.EXPIRED, actor=actor)
    change = AddressChange(account=account, data_key=account.data_key, new_address=normal_email(address))
    save_as(actor, change, reason="address change asked", force_insert=True)
    telling.tell_old(change)
    telling.tell_new.enqueue(str(change.pk))
    return change


@transaction.atomic
def confirm(change_id: UUID, side: Side, *, actor: Actor, reason: str = "") -> AddressChange:
    """Confirm the change by one of its addresses; once both have, it is carried out. Safe to repeat.

    Staff confirm only for an old mailbox that is lost, and give the reason. Raises `PortalError`: `change_over`,
    `not_allowed`, `reason_missing`.
    """
    if actor.kind == "staff":
        demand(actor, "members.confirm_address")
        if side != "old":
            raise PortalError("not_allowed", _("Only the new address itself can confirm that it is theirs."))
        if not reason.strip():
            raise PortalError("reason_missing", _("Please give the reason."), field="reason")
    account, change = _both_locked(change_id)
    confirmed = f"confirmed_{side}_at"
    if change.ending == Ending.CHANGED or (change.waits(now()) and getattr(change, confirmed)):
        return change
    if refusal := why_not_confirm(change):
        raise refusal
    setattr(change, confirmed, now())
    if change.confirmed_old_at and change.confirmed_new_at:
        _carry_out(change, account, actor=actor, reason=reason)
    else:
        save_as(actor, change, reason=reason or f"confirmed by the {side} address")
    return change


@transaction.atomic
def cancel(change_id: UUID, *, actor: Actor) -> AddressChange:
    """Stop a change. Safe to repeat. Raises `PortalError`: `change_over` where it was carried out already."""
    _account, change = _both_locked(change_id)
    if change.ending == Ending.CHANGED:
        raise PortalError("change_over", _("The address is changed already."))
    if change.ended_at is None:
        _end(change, Ending.CANCELLED, actor=actor)
    return change


@task()
def end_expired() -> None:
    """Forget the addresses that nobody confirmed in time; run by the schedule."""
    due = now() - timedelta(hours=settings.ADDRESS_CHANGE_HOURS)
    expired = AddressChange.objects.filter(ended_at__isnull=True, asked_at__lte=due)
    for change_id in expired.values_list("pk", flat=True):
        with transaction.atomic():
            _account, change = _both_locked(change_id)
            if change.ended_at is None:
                _end(change, Ending.EXPIRED, actor=Actor.system("end_expired"))


def _carry_out(change: AddressChange, account: Account, *, actor: Actor, reason: str) -> None:
    """Change alias and address together. Where somebody else has it by now, it is as if it had not confirmed."""
    assert change.new_address is not None  # noqa: S101 (the constraint holds it until the end)
    before, after = account.email.open_unseen(), change.new_address.open_unseen()
    account.alias, account.email = alias_of(after), after
    try:
        with transaction.atomic():
            save_as(actor, account, reason="address changed", update_fields=["alias", "email"])
            EmailAddress.objects.filter(user=account, primary=True).update(email=account.alias, verified=True)
    except IntegrityError:
        change.confirmed_new_at = None
        save_as(actor, change, reason="the new address belongs to somebody else")
        telling.tell_new.enqueue(str(change.pk))
        return
    _end(change, Ending.CHANGED, actor=actor, reason=reason)
    telling.tell_changed(account, before=before)


def _end(change: AddressChange, ending: AddressChange.Ending, *, actor: Actor, reason: str = "") -> None:
    change.ended_at, change.ending, change.new_address = now(), ending, None
    save_as(actor, change, reason=reason or f"address change {ending}")


def _locked(account_id: UUID) -> Account:
    return Account.objects.select_for_update(of=("self",), no_key=True).select_related("data_key").get(pk=account_id)


def _both_locked(change_id: UUID) -> tuple[Account, AddressChange]:
    """The account first, as asking does: nobody waits for another in a circle."""
    account = _locked(AddressChange.objects.values_list("account", flat=True).get(pk=change_id))
    return account, AddressChange.objects.select_related("data_key").get(pk=change_id)
