"""What a bundle says of who saw the person: the access log, the person's own access, and reveals.

Of one consent, it is the access to the items the consent ever named.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.admin_history import by_whom, staff_names
from privacy_portal.audit import sections
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry, Reveal
from privacy_portal.audit.sections import Line, Section, Subject
from privacy_portal.vault.fields import DOTS

from .words import DASH, at, evidence, items_in_words, listed


def _named(subject: Subject) -> Q:
    return Q(items__overlap=sorted(subject.items)) if subject.consent_id else Q()


def _how(in_full: bool) -> str:
    return _("in full") if in_full else _("masked")


def _access(subject: Subject) -> QuerySet[Any]:
    entries = AccessEntry.objects.filter(_named(subject), people__contains=[subject.person_id])
    return entries.select_related("data_key")


def _access_lines(entries: Sequence[AccessEntry], opened: bool) -> Iterator[Line]:
    names, staff = items_in_words(), staff_names(entry.account_id for entry in entries)
    for entry in entries:
        # From where colleagues looked is theirs; only why they did is about the person.
        reason, held = evidence(entry.evidence, opened, ["reason"])
        others = len(entry.people) > 1
        by = by_whom(entry.actor_kind, entry.account_id, entry.actor_name, staff)
        yield Line(
            [
                at(entry.at),
                str(entry.get_what_display()),
                f"{by} ({entry.role})" if entry.role else by,
                entry.page,
                listed(entry.items, names),
                _how(entry.in_full),
                entry.request_reference or DASH,
                reason,
            ],
            {"evidence": held, "people_shown": len(entry.people)},
            # A list shows many people at once: who the others are is nobody's business here.
            {"people": ""} if others else {},
        )


def _own(subject: Subject) -> QuerySet[Any]:
    return OwnAccessEntry.objects.filter(_named(subject), person_id=subject.person_id)


def _own_lines(entries: Sequence[OwnAccessEntry], opened: bool) -> Iterator[Line]:
    names = items_in_words()
    for entry in entries:
        yield Line([at(entry.at), entry.page, listed(entry.items, names), _how(entry.in_full)])


def _reveals(subject: Subject) -> QuerySet[Any]:
    whole_or_named = _named(subject) | Q(items=[]) if subject.consent_id else Q()
    reveals = Reveal.objects.filter(whole_or_named, person_id=subject.person_id)
    return reveals.select_related("data_key").order_by("at", "pk")


def _reveal_lines(reveals: Sequence[Reveal], opened: bool) -> Iterator[Line]:
    names, staff = items_in_words(), staff_names(one.account_id for one in reveals)
    for one in reveals:
        remark = _remark(one, opened)
        facts = {
            "reveal": one.pk,
            "account": one.account_id,
            "at": one.at,
            "until": one.expires_at,
            "why": one.why,
            "items": one.items,
            "request_reference": one.request_reference,
            "remark": remark,
        }
        yield Line(
            [
                at(one.at),
                at(one.expires_at),
                staff.get(one.account_id, str(one.account_id)),
                str(one.get_why_display()),
                listed(one.items, names) if one.items else _("the whole record"),
                one.request_reference or DASH,
                remark,
            ],
            facts,
        )


def _remark(one: Reveal, opened: bool) -> str:
    if one.remark is None:
        return DASH
    if one.remark.is_destroyed:
        return _("destroyed")
    return str(one.remark.open()) if opened else DOTS


def register() -> None:
    """Add these sections; called once, when the portal is ready."""
    when, items, by = gettext_lazy("when"), gettext_lazy("items"), gettext_lazy("by whom")
    what, page, values = gettext_lazy("what"), gettext_lazy("page"), gettext_lazy("values")
    reference, reason = gettext_lazy("reference of the request"), gettext_lazy("reason")
    since, until, remark = gettext_lazy("since"), gettext_lazy("until"), gettext_lazy("remark")
    for section in (
        Section(
            "access",
            gettext_lazy("Who saw it"),
            (when, what, by, page, items, values, reference, reason),
            _access,
            _access_lines,
        ),
        Section("own_access", gettext_lazy("The person's own access"), (when, page, items, values), _own, _own_lines),
        Section(
            "reveals",
            gettext_lazy("Values shown in full"),
            (since, until, by, reason, items, reference, remark),
            _reveals,
            _reveal_lines,
        ),
    ):
        sections.register(section)
