"""Approving what another officer asked for, which carries it out at once, or refusing it (A2, A3)."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.models import Account, RightsRequest
from members.staff import Because, add_staff, change_groups, groups_of, remove_staff
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand

from .asking import RIGHT, closed, locked
from .password_link import send_password_link

Kind, State = RightsRequest.Kind, RightsRequest.State


def why_not_decide(request: RightsRequest, account_id: UUID | None) -> PortalError | None:
    """Four eyes: nobody decides what they asked for themselves, or what is about themselves."""
    if not request.is_open:
        return PortalError("already_decided", _("This request has been decided already."))
    if account_id is None or account_id == request.requested_by:
        return PortalError("own_request", _("You asked for this yourself: another officer has to decide it."))
    if account_id == request.account_number:
        return PortalError("about_yourself", _("This is about your own account: another officer has to decide it."))
    return None


def waiting_for(account_id: UUID) -> QuerySet[RightsRequest]:
    """What this officer may decide, the oldest first."""
    waiting = RightsRequest.objects.filter(state=State.OPEN).exclude(requested_by=account_id)
    return waiting.exclude(account_number=account_id).order_by("requested_at")


@transaction.atomic
def approve(request: RightsRequest, *, actor: Actor) -> RightsRequest:
    """Approve a request and carry it out, in one transaction. A new account is told how to choose a password.

    Raises `PortalError`: `not_allowed`, `already_decided`, `own_request`, `about_yourself`, `rights_have_changed`,
    `address_taken`.
    """
    demand(actor, RIGHT)
    request = locked(request)
    if refusal := why_not_decide(request, actor.account_id):
        raise refusal
    request.state, request.decided_by, request.decided_at = State.APPROVED, actor.account_id, now()
    save_as(actor, request, reason="rights.approved")
    because = Because(reason=request.reason, asked_in=request)
    account = Account.objects.select_for_update(of=("self",)).filter(pk=request.account_number).first()
    if account is None:
        _make_account(request, because, actor)
        return request
    if groups_of(account) != request.groups_before or account.is_active == (request.kind == Kind.GRANTED):
        raise PortalError(
            "rights_have_changed", _("The rights of this account have changed since. Refuse this, and ask anew.")
        )
    if request.kind == Kind.REMOVED:
        remove_staff(account, actor=actor, because=because)
        return request
    change_groups(account, request.groups_after, actor=actor, because=because)
    if request.kind == Kind.GRANTED:
        send_password_link(Account.objects.get(pk=account.pk))
    return request


@transaction.atomic
def refuse(request: RightsRequest, *, note: str, actor: Actor) -> RightsRequest:
    """Refuse a request, with a reason. Raises `PortalError`: `not_allowed`, `already_decided`, `own_request`,
    `about_yourself`, `reason_needed`."""
    demand(actor, RIGHT)
    request = locked(request)
    if refusal := why_not_decide(request, actor.account_id):
        raise refusal
    if not note.strip():
        raise PortalError("reason_needed", _("Please write the reason."), field="note")
    assert actor.account_id is not None  # noqa: S101  (why_not_decide refuses whoever has none)
    return closed(request, State.REFUSED, actor.account_id, actor, note.strip())


def _make_account(request: RightsRequest, because: Because, actor: Actor) -> None:
    assert request.email is not None  # noqa: S101  (a request for a new account has one)
    email = request.email.open_unseen()
    # From here on the account holds it, under the same key.
    account = add_staff(email, name=request.staff_name, groups=request.groups_after, actor=actor, because=because)
    send_password_link(account)
