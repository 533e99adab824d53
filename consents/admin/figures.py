"""Consents on the admin's home page: given and withdrawn by week, and by collection."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from consents.models import ConsentEvent
from consents.tallies import by_collection, in_weeks
from privacy_portal.audit import people
from privacy_portal.clock import now
from privacy_portal.dashboard import Cell, Panel, Series, Table, WeeklyChart, between, last_weeks, panel
from privacy_portal.policy.models import Collection

Kind = ConsentEvent.Kind
WEEKS = 12
DAYS = 30
SERIES = (
    (Kind.GIVEN, "var(--color-primary-600)"),
    (Kind.REFUSED, "var(--color-base-400)"),
    (Kind.WITHDRAWN, "var(--record-bad)"),
)


@panel(10)
def consents_by_week(request: HttpRequest) -> Panel | None:
    if not _sees_all(request):
        return None
    weeks = last_weeks(WEEKS)
    counts = in_weeks(weeks[0], WEEKS)
    series = [Series(str(kind.label), counts[kind], colour, {"kind__exact": kind}) for kind, colour in SERIES]
    title = _("Consents by week, the last %(weeks)s weeks") % {"weeks": WEEKS}
    empty = _("Nothing was given, refused or withdrawn.")
    return Panel(title, chart=WeeklyChart(weeks, series, _events()), empty=empty)


@panel(11)
def consents_by_collection(request: HttpRequest) -> Panel | None:
    if not _sees_all(request):
        return None
    today = timezone.localdate(now())
    first = today - timedelta(days=DAYS)
    counts = by_collection(first)
    rows = []
    for collection in Collection.objects.filter(pk__in=counts):
        of_it = counts[collection.pk]
        consents = reverse("admin:consents_consent_changelist")
        name = Cell(str(collection), f"{consents}?{urlencode({'collection__code__exact': collection.pk})}")
        row = [name]
        for kind, _colour in SERIES:
            events = between(_events(), first, today, kind__exact=kind, collection=collection.pk)
            row.append(Cell(of_it.get(kind, 0), events))
        rows.append(row)
    return Panel(
        _("By collection, the last %(days)s days") % {"days": DAYS},
        table=Table([_("Collection"), *(str(kind.label) for kind, _colour in SERIES)], rows),
        empty=_("Nothing was given, refused or withdrawn."),
        is_folded=True,
    )


def _events() -> str:
    return reverse("admin:consents_consentevent_changelist")


def _sees_all(request: HttpRequest) -> bool:
    """Whether the lists behind the figures are whole for this colleague."""
    return request.user.has_perm("consents.view_consentevent") and people.within_reach(request.user) is None
