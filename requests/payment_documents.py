"""A business's documents for automatic payment: the licence comes with them, or is the copy that is kept already.

The copy is sealed anew under a key on the ground of the payment method, so that it is destroyed with it whatever
becomes of the one that the membership keeps.
"""

from __future__ import annotations

from collections.abc import Mapping

from django.db import transaction
from django.views.decorators.debug import sensitive_variables

from members.models import Member, PaymentKind, PaymentMethod
from members.payment_methods import adding
from privacy_portal.actors import Actor
from privacy_portal.policy.models import Notice

from . import business_licence
from .business_licence import ITEM
from .documents import Attachment, attach_to_payment_method, taken_again
from .intake import TakenFile
from .models import Document

KIND = PaymentKind.BUSINESS_DOCUMENTS


@sensitive_variables()
@transaction.atomic
def add(
    member: Member,
    values: Mapping[str, str],
    licence: TakenFile | None,
    *,
    notice: Notice,
    language: str,
    actor: Actor,
) -> PaymentMethod:
    """Keep the documents of a business. Without a `licence` the copy kept with the membership is used.

    Raises `PortalError` as `members.payment_methods.adding.add` does; `document_missing` where there is no copy.
    """
    if licence is None and (kept := business_licence.held(member)) is not None:
        licence = taken_again(kept)
    method = adding.add(
        member,
        KIND,
        values,
        notice=notice,
        language=language,
        actor=actor,
        documents=[ITEM] if licence is not None else [],
    )
    if licence is not None:
        attach_to_payment_method(method, Attachment(ITEM, licence), actor=actor)
    return method


def licence_of(method: PaymentMethod) -> Document | None:
    """The copy that came with a business's documents, unless it is destroyed."""
    found = Document.objects.filter(payment_method=method, data_key__wrapped_key__isnull=False)
    return found.select_related("data_key").first()
