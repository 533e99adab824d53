"""What law has us keep of payments (K3): moved apart when the consent they were made with ends, however (W8)."""

from __future__ import annotations

from consents.models import Consent, ConsentEvent, ConsentValue
from privacy_portal.actors import Actor

from . import retaining

# Of these collections, these items belong to the record of a payment, which law has kept for five years.
# Numbers of cards and accounts are not needed for it.
KEPT = {
    "general.one_time_payment.card": ("payment_records", ["card_company_name"]),
    "general.one_time_payment.bank_transfer": ("payment_records", ["bank_name"]),
    "general.one_time_payment.paypal": ("payment_records", ["paypal_email"]),
}


def kept_of(consent: Consent) -> tuple[str, list[ConsentValue]]:
    """The rule by which law has something of a consent kept, and the values; none where it keeps nothing."""
    rule, items = KEPT.get(consent.collection_id, ("", []))
    living = ConsentValue.objects.filter(consent=consent, item__in=items, data_key__wrapped_key__isnull=False)
    return rule, list(living.select_related("data_key")) if items else []


def rules_of(consent: Consent) -> list[str]:
    """The rules by which something of a consent stays when it ends."""
    rule, values = kept_of(consent)
    return [rule] if values else []


def keep_what_ends(event: ConsentEvent, actor: Actor) -> None:
    """A consent ends: what law keeps of it moves before its values are destroyed."""
    rule, values = kept_of(event.consent)
    if values:
        retaining.keep(
            rule,
            {value.item_id: value.value for value in values},
            subject_id=event.consent.member_id,
            happened_at=max(value.given_at for value in values),
            moved_from="consents.consentvalue",
            actor=actor,
        )
