"""What law makes the company keep of a payment method that ends: that one was paid by it, and the bank (K3).

Numbers, dates of birth and documents are not needed for that, and go with the method's key.
"""

from __future__ import annotations

from django.utils import timezone

from members.models import PaymentKind, PaymentMethod
from privacy_portal.actors import Actor
from privacy_portal.vault.fields import SealedValue

from . import retaining

RULE = "payment_records"
# A business's documents are no record of a payment.
PAID_BY = (PaymentKind.CREDIT_CARD, PaymentKind.ACCOUNT_TRANSFER)


def keep(method: PaymentMethod, actor: Actor) -> None:
    """Move the record of a method that is ending; called before its key is destroyed."""
    if method.kind not in PAID_BY or method.ended_at is None:
        return
    began, ended = (timezone.localdate(at).isoformat() for at in (method.added_at, method.ended_at))
    values: dict[str, SealedValue | str] = {"payment_record": f"{method.kind} {began}/{ended}"}
    # In a database restored from an older dump the key may be destroyed again already.
    if method.bank_name is not None and not method.bank_name.is_destroyed:
        values["bank_name"] = method.bank_name
    retaining.keep(
        RULE,
        values,
        subject_id=method.member_id,
        happened_at=method.ended_at,
        moved_from="members.paymentmethod",
        actor=actor,
    )
