"""Asking a child's representative: of the child nothing is taken, of the representative a name and one contact (S9)."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Q
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from ..models import RepresentativeConsent, RepresentativeEvent
from . import periods, record, telling

Kind = RepresentativeEvent.Kind
LETTERS = "ABCDEFGHJKMNPQRSTUVWXYZ23456789"  # none that is read as another
# The items by whose rules the details are read.
ITEMS = {"representative_name": "name", "representative_email": "email", "representative_phone": "phone"}


def normal_details(values: Mapping[str, str]) -> dict[str, str]:
    """Name and contact in normal form. Raises `PortalError`: `one_contact`, or what is wrong with a value."""
    typed = {name: values[name] for name in ITEMS if name == "representative_name" or values.get(name, "").strip()}
    if len(typed) != 2:
        raise PortalError("one_contact", _("Please write an e-mail address or a phone number: one of them is enough."))
    details = {}
    for name, value in typed.items():
        try:
            details[name] = normal_value(ITEMS[name], value)
        except PortalError as error:
            error.field = name
            raise
    return details


@transaction.atomic
def ask(values: Mapping[str, str], *, submission: UUID, language: str) -> RepresentativeConsent:
    """Ask the representative, by e-mail or, where there is a phone number, on paper.

    Whoever asks is a child who is not known and stays so: no address and no browser is kept. The same `submission`
    sent twice asks once; asking the same person again replaces what waits. Raises `PortalError` as `normal_details`.
    """
    actor = Actor("member")
    details = normal_details(values)
    if before := RepresentativeConsent.objects.filter(submission=submission).first():
        return before
    number = uuid.uuid4()
    try:
        with transaction.atomic():
            consent = RepresentativeConsent(
                id=number,
                reference=_reference(),
                submission=submission,
                data_key=make_data_key(DataKey.Ground.MEMBERSHIP, number, subject_id=number, items=sorted(details)),
                language=language,
                asked_at=now(),
                **details,
            )
            record.add_event(consent, Kind.ASKED, actor=actor, expires_at=now() + periods.days("unconfirmed_days"))
    except IntegrityError:  # two clicks at the same moment
        return RepresentativeConsent.objects.get(submission=submission)
    _replace_others(consent, details, actor)
    telling.ask(consent)
    return consent


def _replace_others(consent: RepresentativeConsent, details: Mapping[str, str], actor: Actor) -> None:
    same = Q()
    if "representative_email" in details:
        same = Q(representative_email_index=details["representative_email"])
    if "representative_phone" in details:
        same = Q(representative_phone_index=details["representative_phone"])
    waiting = RepresentativeConsent.objects.filter(same, state=RepresentativeConsent.State.ASKED)
    for number in waiting.exclude(pk=consent.pk).order_by("pk").values_list("pk", flat=True):
        other = record.locked(number)
        if other.state == RepresentativeConsent.State.ASKED:
            record.add_event(other, Kind.REPLACED, actor=actor)


def _reference() -> str:
    while True:
        reference = "".join(secrets.choice(LETTERS) for _letter in range(8))
        if not RepresentativeConsent.objects.filter(reference=reference).exists():
            return reference
