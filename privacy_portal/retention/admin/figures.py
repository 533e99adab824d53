"""The admin's home page: what is due, what waits for approval, what was destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _

from privacy_portal.admin_base import moment
from privacy_portal.clock import now
from privacy_portal.dashboard import Cell, Note, Panel, Series, Table, WeeklyChart, last_weeks, notes, panel
from privacy_portal.retention import tallies
from privacy_portal.retention.models import DestructionRun, DueTally

from .labels import rule_names

RIGHT = "retention.view_destructionrun"
WEEKS = 12
State = DestructionRun.State


def notes_of_overdue() -> Iterator[Note]:
    """What should have been destroyed long ago, and whether anybody has counted."""
    names = rule_names()
    for code, count in tallies.overdue().items():
        told = _("Due for more than five days and not destroyed: %(name)s, %(count)s.")
        yield Note(told % {"name": names.get(code, code), "count": count}, _runs())
    if not tallies.is_counted(now()):
        yield Note(
            _("What is due has not been counted for hours. See that the background worker runs."),
            _runs(),
            is_bad=False,
        )


@notes
def of_what_is_overdue(request: HttpRequest) -> Iterator[Note]:
    if request.user.has_perm(RIGHT):
        yield from notes_of_overdue()


@panel(40)
def due_destructions(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm(RIGHT):
        return None
    names, holds = rule_names(), reverse("admin:retention_legalhold_changelist")
    counted = list(DueTally.objects.order_by("code"))
    rows = [
        [
            Cell(names.get(one.code, one.code), reverse("admin:retention_retentionrule_changelist")),
            Cell(one.due, _runs(State.PROPOSED)),
            Cell(one.overdue, _runs(State.PROPOSED)),
            Cell(one.held, holds),
        ]
        for one in counted
    ]
    return Panel(
        _("Due to be destroyed"),
        table=Table([_("Rule"), _("Due"), _("For more than five days"), _("On legal hold")], rows),
        empty=_("Nothing has been counted yet."),
        help=_("As counted on %(at)s.") % {"at": moment(counted[0].counted_at)} if counted else "",
    )


@panel(41)
def runs_not_done(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm(RIGHT):
        return None
    names = rule_names()
    rows = [
        [
            Cell(
                _("Run %(number)s") % {"number": run.pk},
                reverse("admin:retention_destructionrun_change", args=[run.pk]),
            ),
            Cell(", ".join(f"{names.get(code, code)} {count}" for code, count in run.counts.items())),
            Cell(run.get_state_display()),
        ]
        for run in DestructionRun.objects.exclude(state__in=(State.DONE, State.CANCELLED)).order_by("-id")[:5]
    ]
    return Panel(
        _("Destruction runs under way"),
        table=Table([_("Run"), _("What"), _("State")], rows),
        empty=_("No run waits for approval or is being destroyed."),
    )


@panel(42)
def destroyed_by_week(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("vault.view_destructionrecord"):
        return None
    weeks = last_weeks(WEEKS)
    counts = tallies.destroyed_in_weeks(weeks[0], WEEKS)
    series = [
        Series(_("their ground ended"), counts[False], "var(--color-base-400)", {"by_run": "no"}),
        Series(_("by an approved run"), counts[True], "var(--color-primary-600)", {"by_run": "yes"}),
    ]
    records = reverse("admin:vault_destructionrecord_changelist")
    empty = _("Nothing was destroyed in the last %(weeks)s weeks.") % {"weeks": WEEKS}
    return Panel(_("Destroyed by week"), chart=WeeklyChart(weeks, series, records), empty=empty)


def _runs(state: str = "") -> str:
    page = reverse("admin:retention_destructionrun_changelist")
    return f"{page}?{urlencode({'state__exact': state})}" if state else page


def _page_of(run: DestructionRun) -> str:
    return reverse("admin:retention_destructionrun_change", args=[run.pk])
