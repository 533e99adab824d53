"""The admin's home page: the state of the ledger, reveals and exports by week, reviews that are due."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from urllib.parse import urlencode

from django.db.models import Count
from django.db.models.functions import TruncDate
from django.http import HttpRequest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from privacy_portal.admin_base import moment
from privacy_portal.audit import reviewing
from privacy_portal.audit.ledger_state import LedgerState, state
from privacy_portal.audit.models import AccessEntry
from privacy_portal.clock import beginning_of, now
from privacy_portal.dashboard import Cell, Note, Panel, Series, Table, WeeklyChart, last_weeks, notes, panel

What = AccessEntry.What
WEEKS = 12
SERIES = ((What.REVEAL, "var(--color-primary-600)"), (What.EXPORT, "var(--record-bad)"))


def notes_about(ledger: LedgerState) -> Iterator[Note]:
    """What an officer has to know of the ledger, worst first."""
    verification = ledger.verification
    if verification is not None and ledger.is_broken:
        told = _("The ledger does not agree with its checkpoints (verified on %(at)s).") % {
            "at": moment(verification.at)
        }
        more = ngettext(
            "%(more)s problem was found in all.", "%(more)s problems were found in all.", verification.problems
        ) % {"more": verification.problems}
        yield Note(f"{told} {ledger.problem} {more}", _ledger_page())
    if ledger.is_late:
        yield Note(
            _(
                "New rows have not been closed for more than 15 minutes. See that the background worker runs and that "
                "no transaction stays open in the database."
            ),
            _ledger_page(),
            is_bad=False,
        )
    if verification is None:
        yield Note(_("The ledger has never been verified."), _ledger_page(), is_bad=False)
    elif ledger.is_verified_long_ago:
        told = _("The ledger was last verified on %(at)s. It should be verified every night.")
        yield Note(told % {"at": moment(verification.at)}, _ledger_page(), is_bad=False)


@notes
def of_the_ledger(request: HttpRequest) -> Iterator[Note]:
    if request.user.has_perm("audit.view_checkpoint"):
        yield from notes_about(state(now()))


@notes
def of_overdue_reviews(request: HttpRequest) -> Iterator[Note]:
    if request.user.has_perm("audit.view_accessreview"):
        for month in reviewing.overdue_reviews(timezone.localdate(now())):
            told = _("The review of the access log for %(month)s is overdue.") % {"month": f"{month:%Y-%m}"}
            yield Note(told, _page_of(month))


@panel(20)
def reveals_and_exports(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("audit.view_accessentry"):
        return None
    weeks = last_weeks(WEEKS)
    counts = {what: [0] * WEEKS for what, _colour in SERIES}
    entries = AccessEntry.objects.filter(what__in=list(counts), at__gte=beginning_of(weeks[0])).order_by()
    for what, day, count in entries.annotate(day=TruncDate("at")).values_list("what", "day").annotate(Count("id")):
        counts[What(what)][(day - weeks[0]).days // 7] += count
    series = [Series(str(what.label), counts[what], colour, {"what__exact": what}) for what, colour in SERIES]
    log = reverse("admin:audit_accessentry_changelist")
    empty = _("Nothing was revealed or exported in the last %(weeks)s weeks.") % {"weeks": WEEKS}
    return Panel(_("Reveals and exports by week"), chart=WeeklyChart(weeks, series, log), empty=empty)


@panel(21)
def reviews_due(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("audit.view_accessreview"):
        return None
    today = timezone.localdate(now())
    rows = [
        [Cell(f"{month:%Y-%m}", _page_of(month)), Cell(str(reviewing.due_on(month, today)))]
        for month in reviewing.months_open(today)
    ]
    return Panel(
        _("Reviews of the access log to sign off"),
        table=Table([_("Month"), _("Due on")], rows),
        empty=_("Every month that is over is signed off."),
    )


@panel(30)
def the_ledger(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("audit.view_checkpoint"):
        return None
    found = state(now())
    rows = []
    for table in found.tables:
        checkpoints = f"{_ledger_page()}?{urlencode({'table': table.model._meta.db_table})}"
        closed = table.newest.total if table.newest else 0
        up_to = moment(table.closed_at) if table.closed_at else "–"
        rows.append([Cell(table.title, checkpoints), Cell(closed, checkpoints), Cell(up_to)])
    verified = found.verification
    return Panel(
        _("Ledger"),
        table=Table([_("Record"), _("Rows closed"), _("Closed up to")], rows),
        help=_("Last verified on %(at)s.") % {"at": moment(verified.at)} if verified else "",
    )


def _ledger_page() -> str:
    return reverse("admin:audit_checkpoint_changelist")


def _page_of(month: date) -> str:
    return reverse("admin:audit_accessreview_month", args=[month.year, month.month])
