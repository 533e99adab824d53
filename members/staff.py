"""Accounts of the company's own people: the only place that makes them, and gives or takes their rights.

Each act writes its line of the record (`RightsChange`) in the same transaction. People ask and approve in
`members.rights`; the portal itself acts where nobody could yet, as at the first set-up.
"""

from __future__ import annotations

import uuid
from collections.abc import Collection
from dataclasses import dataclass

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_email
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .addresses import alias_of
from .models import Account, RightsChange, RightsRequest
from .models.rights import RightsKind

PRIVACY_OFFICER, SUPPORT_AGENT, AUDITOR = "Privacy officer", "Support agent", "Auditor"
STAFF_GROUPS = (PRIVACY_OFFICER, SUPPORT_AGENT, AUDITOR)
Kind = RightsKind


@dataclass(frozen=True)
class Because:
    """On whose word rights change: an approved request, or, where the portal itself acts, the names it was told."""

    reason: str = "set up by the system"
    asked_in: RightsRequest | None = None
    requested_by_name: str = ""
    approved_by_name: str = ""


@transaction.atomic
def add_staff(
    email: str,
    *,
    name: str,
    password: str | None = None,
    groups: Collection[str],
    actor: Actor,
    is_superuser: bool = False,
    because: Because | None = None,
) -> Account:
    """Make a staff account in `groups`, its address taken as verified; without a password nobody signs in yet.

    Raises `PortalError`: on a bad address, `address_taken`, `unknown_group`, `not_allowed`.
    """
    because = _allowed(because, actor)
    email, account_id, key = normal_email(email), uuid.uuid4(), None
    if refusal := why_not_address(email):
        raise refusal
    if because.asked_in is not None:
        account_id, key = because.asked_in.account_number, because.asked_in.data_key
    account = Account(
        id=account_id,
        alias=alias_of(email),
        data_key=key or make_data_key(DataKey.Ground.STAFF, account_id, subject_id=None, items=["email"]),
        email=email,
        staff_name=name,
        is_staff=True,
        is_superuser=is_superuser,
    )
    account.set_password(password)
    save_as(actor, account, reason="staff account", force_insert=True)
    EmailAddress.objects.create(user=account, email=account.alias, primary=True, verified=True)
    _set(account, groups, Kind.GRANTED, actor, because)
    return account


@transaction.atomic
def change_groups(account: Account, groups: Collection[str], *, actor: Actor, because: Because | None = None) -> None:
    """Give a staff account other groups; one that was removed may sign in again. Raises as `add_staff` does."""
    because = _allowed(because, actor)
    account = Account.objects.select_for_update(of=("self",)).get(pk=account.pk, is_staff=True)
    kind = Kind.CHANGED if account.is_active else Kind.GRANTED
    if not account.is_active:
        account.is_active = True
        save_as(actor, account, reason="rights granted")
    _set(account, groups, kind, actor, because)


@transaction.atomic
def remove_staff(account: Account, *, actor: Actor, because: Because | None = None) -> None:
    """Take every right from a staff account, and the way in. Its sessions end at their next request. Safe to repeat.

    The account stays, nameable in what it did.
    """
    because = _allowed(because, actor)
    account = Account.objects.select_for_update(of=("self",)).get(pk=account.pk, is_staff=True)
    if not account.is_active:
        return
    account.is_active = account.is_superuser = False
    # Sessions carry a hash of the password: with another one, none of them is any good, also should the account return.
    account.set_unusable_password()
    save_as(actor, account, reason="left the company")
    _set(account, (), Kind.REMOVED, actor, because)


def why_not_address(email: str) -> PortalError | None:
    """Whether nobody signs in with this address yet; one account is one person's."""
    if Account.objects.filter(alias=alias_of(email)).exists():
        return PortalError("address_taken", _("There is an account with this address already."), field="email")
    return None


def groups_of(account: Account) -> list[str]:
    """The names of the account's groups, in order."""
    return sorted(account.groups.values_list("name", flat=True))


def _allowed(because: Because | None, actor: Actor) -> Because:
    because = because or Because()
    if actor.kind != "system" and because.asked_in is None:
        raise PortalError("not_allowed", _("Rights of staff are asked for by one officer and approved by another."))
    return because


def _set(account: Account, groups: Collection[str], kind: RightsKind, actor: Actor, because: Because) -> None:
    if unknown := set(groups) - set(STAFF_GROUPS):
        raise PortalError(
            "unknown_group", _("There is no such group: %(name)s.") % {"name": ", ".join(sorted(unknown))}
        )
    asked_in, before = because.asked_in, groups_of(account)
    account.groups.set(Group.objects.filter(name__in=groups))
    RightsChange.objects.create(
        at=now(),
        account=account,
        kind=kind,
        groups_before=before,
        groups_after=sorted(groups),
        every_right=account.is_superuser,
        asked_in=asked_in,
        requested_by=asked_in.requested_by if asked_in else None,
        approved_by=actor.account_id if asked_in else None,
        requested_by_name=because.requested_by_name,
        approved_by_name=because.approved_by_name,
        actor_kind=actor.kind,
        actor_name=actor.name,
        reason=because.reason,
    )
