"""What law makes the company keep of values whose deletion a member asked for (Q7): moved apart beforehand (W8)."""

from __future__ import annotations

from collections.abc import Iterable

from consents.models import Consent, ConsentValue
from privacy_portal.actors import Actor

from . import retaining

# Of these collections, these items belong to the record of a payment, which law has kept for five years (K3).
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


def keep(consents: Iterable[Consent], actor: Actor) -> list[str]:
    """Move what law keeps of consents that are about to be withdrawn; returns the rules by which something stays."""
    rules = []
    for consent in consents:
        rule, values = kept_of(consent)
        if values:
            retaining.keep(
                rule,
                {value.item_id: value.value for value in values},
                subject_id=consent.member_id,
                happened_at=max(value.given_at for value in values),
                moved_from="consents.consentvalue",
                actor=actor,
            )
            rules.append(rule)
    return rules
