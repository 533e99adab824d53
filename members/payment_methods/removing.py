"""Removing a payment method: its contract ends, and its key is destroyed (K1, W2); what law keeps moves aside first."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_ground, note_end
from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey

from ..models import Member, PaymentMethod

# Each is told in the transaction that ends a method, while what it holds can still be read: to keep apart what law
# makes the company keep (K2, K3).
before_destroying: list[Callable[[PaymentMethod, Actor], None]] = []


def why_not_remove(method: PaymentMethod, actor: Actor) -> PortalError | None:
    """Why this actor cannot remove it, if so."""
    if actor.kind != "member" or actor.account_id is None or actor.account_id != method.member.account_id:
        return PortalError("not_yours", _("This is not your membership."))
    return None


def remove(method: PaymentMethod, *, actor: Actor) -> PaymentMethod:
    """End a method at its member's wish and destroy all it holds, documents too. Safe to repeat: the second time
    nothing happens.

    Raises `PortalError` `not_yours`. What is on legal hold stays until the hold is lifted.
    """
    if refusal := why_not_remove(method, actor):
        raise refusal
    return end(method.pk, because="payment_method.removed", actor=actor)


@transaction.atomic
def remove_all(member: Member, *, actor: Actor) -> None:
    """End every method of a membership that closes. Safe to repeat. Whoever closes it has asked who may."""
    living = member.payment_methods.filter(ended_at__isnull=True).order_by("pk")
    for method_id in living.values_list("pk", flat=True):
        end(method_id, because="payment_method.membership_closed", actor=actor)


@transaction.atomic
def end(method_id: UUID, *, because: str, actor: Actor) -> PaymentMethod:
    """End a method, whatever ended it. Of two who do so at once, the second finds it ended."""
    member_id = PaymentMethod.objects.values_list("member_id", flat=True).get(pk=method_id)
    # The member first, as whoever places a legal hold does.
    Member.objects.select_for_update(of=("self",), no_key=True).get(pk=member_id)
    rows = PaymentMethod.objects.select_for_update(of=("self",)).select_related("data_key", "member", "notice")
    method = rows.get(pk=method_id)
    if method.ended_at is not None:
        return method
    method.ended_at = now()
    for told in before_destroying:
        told(method, actor)
    save_as(actor, method, reason=because)
    note_end(Ending(DataKey.Ground.PAYMENT_METHOD, method.pk, because, method.ended_at))
    destroy_ground(DataKey.Ground.PAYMENT_METHOD, method.pk, because=because, actor=actor)
    return method
