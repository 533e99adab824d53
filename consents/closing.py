"""What closing a membership does with its consents: each that is given is withdrawn, and its values destroyed (W2)."""

from __future__ import annotations

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from members.closing import Ends, Part
from members.models import Member
from privacy_portal.actors import Actor

from .models import Consent, State
from .withdrawal import withdraw


def _told(member: Member) -> list[Ends]:
    given = [str(consent.collection) for consent in _given(member).select_related("collection")]
    return [Ends(_("Your consents"), given, _("We withdraw them, and destroy what you gave with them."))]


def _end(member: Member, actor: Actor) -> None:
    for consent in _given(member):
        withdraw(consent, language=member.language, actor=actor)


def _given(member: Member) -> QuerySet[Consent]:
    given = Consent.objects.filter(member=member, state__in=(State.GIVEN, State.SUPERSEDED))
    return given.order_by("collection__position")


PART = Part(_told, _end)
