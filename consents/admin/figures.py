"""Consents on the admin's home page: given and withdrawn by week, and by collection."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from consents.models import ConsentEvent
from consents.tallies import by_collection, in_weeks
from privacy_portal.clock import now
from privacy_portal.dashboard import Cell, Chart, Panel, Table, panel
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
    if not request.user.has_perm("consents.view_consentevent"):
        return None
    today = timezone.localdate(now())
    first = today - timedelta(days=today.weekday() + 7 * (WEEKS - 1))
    counts = in_weeks(first, WEEKS)
    weeks = [first + timedelta(weeks=number) for number in range(WEEKS)]
    chart = Chart(
        labels=[date_format(week, "SHORT_DATE_FORMAT") for week in weeks],
        series=[(str(kind.label), counts[kind], colour) for kind, colour in SERIES],
        links=[events_between(week, week + timedelta(days=6)) for week in weeks],
    )
    return Panel(_("Consents by week, the last %(weeks)s weeks") % {"weeks": WEEKS}, chart=chart)


@panel(11)
def consents_by_collection(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("consents.view_consentevent"):
        return None
    first = timezone.localdate(now()) - timedelta(days=DAYS)
    counts = by_collection(first)
    rows = []
    for collection in Collection.objects.filter(pk__in=counts):
        of_it = counts[collection.pk]
        consents = reverse("admin:consents_consent_changelist")
        name = Cell(str(collection), f"{consents}?{urlencode({'collection__code__exact': collection.pk})}")
        rows.append([name, *(Cell(of_it.get(kind, 0)) for kind, _colour in SERIES)])
    return Panel(
        _("By collection, the last %(days)s days") % {"days": DAYS},
        table=Table([_("Collection"), *(str(kind.label) for kind, _colour in SERIES)], rows),
        empty=_("Nothing was given, refused or withdrawn."),
    )


def events_between(first: object, last: object) -> str:
    """The list of events of some days."""
    days = urlencode({"at_from": str(first), "at_to": str(last)})
    return f"{reverse('admin:consents_consentevent_changelist')}?{days}"
