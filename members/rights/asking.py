"""Asking for rights of staff: a new account, other groups, or the removal of an account. Somebody else decides."""

from __future__ import annotations

import uuid
from collections.abc import Collection
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from members.addresses import alias_of
from members.models import Account, RightsRequest
from members.staff import STAFF_GROUPS, groups_of, why_not_address
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_email
from privacy_portal.rights import demand
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

RIGHT = "members.grant_rights"
Kind, State = RightsRequest.Kind, RightsRequest.State


@transaction.atomic
def ask_for_account(email: str, *, name: str, groups: Collection[str], reason: str, actor: Actor) -> RightsRequest:
    """Ask that a colleague gets an account in `groups`. No password is set: whoever gets it chooses one.

    Raises `PortalError`: `not_allowed`, `address_taken`, `already_asked`, `name_needed`, `groups_needed`,
    `reason_needed`, and on a bad address.
    """
    requested_by = _asker(actor)
    if not name.strip():
        raise PortalError("name_needed", _("Please write the name."), field="name")
    _refuse_nothing(groups, reason)
    email = normal_email(email)
    if refusal := why_not_address(email):
        raise refusal
    number = uuid.uuid4()
    return _asked(
        actor,
        kind=Kind.GRANTED,
        account_number=number,
        staff_name=name.strip(),
        alias=alias_of(email),
        data_key=make_data_key(DataKey.Ground.STAFF, number, subject_id=None, items=["email"]),
        email=email,
        groups_after=sorted(set(groups)),
        reason=reason.strip(),
        requested_by=requested_by,
    )


@transaction.atomic
def ask_for_groups(account: Account, *, groups: Collection[str], reason: str, actor: Actor) -> RightsRequest:
    """Ask that a staff account is in these groups and no others; of one that was removed, that it may come back.

    Raises `PortalError`: `not_allowed`, `not_staff`, `already_asked`, `nothing_changes`, `groups_needed`,
    `reason_needed`.
    """
    requested_by = _asker(actor)
    _refuse_nothing(groups, reason)
    if refusal := why_not_staff(account):
        raise refusal
    before = groups_of(account)
    if account.is_active and before == sorted(set(groups)):
        raise PortalError("nothing_changes", _("The account is in these groups already."), field="groups")
    return _asked(
        actor,
        kind=Kind.CHANGED if account.is_active else Kind.GRANTED,
        account_number=account.pk,
        staff_name=account.staff_name,
        groups_before=before,
        groups_after=sorted(set(groups)),
        reason=reason.strip(),
        requested_by=requested_by,
    )


@transaction.atomic
def ask_for_removal(account: Account, *, reason: str, actor: Actor) -> RightsRequest:
    """Ask that a staff account loses its rights and its way in.

    Raises `PortalError`: `not_allowed`, `not_staff`, `already_asked`, `nothing_changes`, `reason_needed`.
    """
    requested_by = _asker(actor)
    if not reason.strip():
        raise _reason_needed()
    if refusal := why_not_staff(account):
        raise refusal
    if not account.is_active:
        raise PortalError("nothing_changes", _("The account has been removed already."))
    return _asked(
        actor,
        kind=Kind.REMOVED,
        account_number=account.pk,
        staff_name=account.staff_name,
        groups_before=groups_of(account),
        reason=reason.strip(),
        requested_by=requested_by,
    )


@transaction.atomic
def take_back(request: RightsRequest, *, actor: Actor) -> RightsRequest:
    """Take one's own request back, before it is decided. Raises `PortalError`: `not_allowed`, `already_decided`."""
    decided_by = _asker(actor)
    request = locked(request)
    if request.requested_by != decided_by:
        raise PortalError("not_allowed", _("Only who asked can take it back."))
    return closed(request, State.TAKEN_BACK, decided_by, actor)


def why_not_staff(account: Account) -> PortalError | None:
    return None if account.is_staff else PortalError("not_staff", _("This is no account of staff."))


def locked(request: RightsRequest) -> RightsRequest:
    """The request as it is now, held until the transaction ends. Raises `PortalError` `already_decided`."""
    request = RightsRequest.objects.select_for_update(of=("self",)).select_related("data_key").get(pk=request.pk)
    if not request.is_open:
        raise PortalError("already_decided", _("This request has been decided already."))
    return request


def closed(
    request: RightsRequest, state: RightsRequest.State, decided_by: uuid.UUID, actor: Actor, note: str = ""
) -> RightsRequest:
    """End a locked request without effect; the address of an account that is not made is destroyed."""
    request.state, request.decided_by, request.decided_at, request.note = state, decided_by, now(), note
    save_as(actor, request, reason=f"rights.{state}")
    if request.data_key_id is not None:
        destroy_key(request.data_key_id, because=f"rights.{state}", actor=actor)
    return request


def _asker(actor: Actor) -> uuid.UUID:
    demand(actor, RIGHT)
    if actor.account_id is None:
        raise PortalError("not_allowed", _("Rights of staff are asked for by somebody who answers for it."))
    return actor.account_id


def _refuse_nothing(groups: Collection[str], reason: str) -> None:
    if not groups or set(groups) - set(STAFF_GROUPS):
        raise PortalError("groups_needed", _("Please choose at least one group."), field="groups")
    if not reason.strip():
        raise _reason_needed()


def _reason_needed() -> PortalError:
    return PortalError("reason_needed", _("Please write the reason."), field="reason")


def _asked(actor: Actor, **values: Any) -> RightsRequest:
    request = RightsRequest(requested_at=now(), **values)
    try:
        with transaction.atomic():
            save_as(actor, request, reason="rights.asked", force_insert=True)
    except IntegrityError:
        raise PortalError("already_asked", _("Something is asked for about this account already.")) from None
    return request
