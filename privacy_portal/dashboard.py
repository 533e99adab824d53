"""The admin's home: notes and panels that each room of the house adds for those who may see them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from privacy_portal.clock import now


@dataclass(frozen=True)
class Cell:
    """What one cell of a table says, and the list behind it."""

    text: int | str
    link: str = ""


@dataclass(frozen=True)
class Table:
    headings: list[str]
    rows: list[list[Cell]]


# The toolkit's own options lay the bars of one label over each other and leave the legend out.
SIDE_BY_SIDE = json.dumps(
    {
        "responsive": True,
        "maintainAspectRatio": False,
        "maxBarThickness": 16,
        "plugins": {"legend": {"position": "top", "align": "end", "labels": {"boxWidth": 12, "boxHeight": 12}}},
        "scales": {
            "x": {"grid": {"display": False}},
            "y": {"beginAtZero": True, "grid": {"display": True}, "ticks": {"precision": 0}},
        },
    }
)


@dataclass(frozen=True)
class Series:
    """One figure of each week. `narrowing` are the parameters that narrow the list behind it to what was counted."""

    name: str
    counts: list[int]
    colour: str
    narrowing: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class WeeklyChart:
    """Bars over weeks, each week named by its Monday. The same figures are shown as a table."""

    weeks: list[date]
    series: list[Series]
    page: str  # the list that was counted, with a filter over the days of `at`

    def as_json(self) -> str:
        """What the toolkit's chart reads."""
        datasets = [{"label": one.name, "data": one.counts, "backgroundColor": one.colour} for one in self.series]
        labels = [date_format(week, "SHORT_DATE_FORMAT") for week in self.weeks]
        return json.dumps({"labels": labels, "datasets": datasets}, ensure_ascii=False)

    @property
    def is_empty(self) -> bool:
        return not any(any(one.counts) for one in self.series)

    @property
    def options(self) -> str:
        return SIDE_BY_SIDE

    @property
    def table(self) -> Table:
        """The same figures, each with the list behind it."""
        rows = [
            [
                Cell(date_format(week, "SHORT_DATE_FORMAT"), self._list_of(week, {})),
                *(Cell(one.counts[number], self._list_of(week, one.narrowing)) for one in self.series),
            ]
            for number, week in enumerate(self.weeks)
        ]
        return Table([_("Week of"), *(one.name for one in self.series)], rows)

    def _list_of(self, week: date, narrowing: dict[str, str]) -> str:
        return between(self.page, week, week + timedelta(days=6), **narrowing)


def between(page: str, first: date, last: date, **narrowing: str) -> str:
    """The address of a list, narrowed to some days and by further parameters."""
    return f"{page}?{urlencode({'at_from': str(first), 'at_to': str(last), **narrowing})}"


def last_weeks(count: int) -> list[date]:
    """The Mondays, in Asia/Seoul, of the last so many weeks, this one among them."""
    today = timezone.localdate(now())
    first = today - timedelta(days=today.weekday() + 7 * (count - 1))
    return [first + timedelta(weeks=number) for number in range(count)]


@dataclass(frozen=True)
class Panel:
    """One part of the home page: a heading over a chart or a table."""

    title: str
    chart: WeeklyChart | None = None
    table: Table | None = None
    empty: str = ""  # what is said where there is nothing yet
    help: str = ""
    is_folded: bool = False  # a long table, opened by who wants it


@dataclass(frozen=True)
class Note:
    """Something that waits for somebody, said before all else."""

    text: str
    link: str = ""
    is_bad: bool = True  # otherwise a warning


NoteMaker = Callable[[HttpRequest], Iterable[Note]]
_note_makers: list[NoteMaker] = []
PanelMaker = Callable[[HttpRequest], Panel | None]
_makers: list[tuple[int, PanelMaker]] = []


def panel(position: int) -> Callable[[PanelMaker], PanelMaker]:
    """Add a panel to the home page; lower positions come first. The maker gives None to who may not see it."""

    def add(maker: PanelMaker) -> PanelMaker:
        _makers.append((position, maker))
        _makers.sort(key=lambda entry: entry[0])
        return maker

    return add


def notes(maker: NoteMaker) -> NoteMaker:
    """Add notes to the top of the home page; the maker gives none to who may not see them."""
    _note_makers.append(maker)
    return maker


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the admin's home page."""
    made = [maker(request) for _position, maker in _makers]
    said = [note for maker in _note_makers for note in maker(request)]
    return context | {"notes": said, "panels": [one for one in made if one is not None]}
