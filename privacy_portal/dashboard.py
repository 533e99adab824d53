"""The admin's home: panels that each room of the house adds for those who may see them."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from django.http import HttpRequest


@dataclass(frozen=True)
class Cell:
    """What one cell of a table says, and the list behind it."""

    text: int | str
    link: str = ""


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
class Chart:
    """Bars over labels; `series` are (name, values, CSS colour). The same figures are shown as a table."""

    labels: list[str]
    series: list[tuple[str, list[int], str]]
    links: list[str] = field(default_factory=list)  # one a label

    def as_json(self) -> str:
        """What the toolkit's chart reads."""
        datasets = [{"label": name, "data": values, "backgroundColor": colour} for name, values, colour in self.series]
        return json.dumps({"labels": self.labels, "datasets": datasets}, ensure_ascii=False)

    @property
    def names(self) -> list[str]:
        return [name for name, _values, _colour in self.series]

    @property
    def options(self) -> str:
        return SIDE_BY_SIDE

    @property
    def rows(self) -> list[tuple[str, str, list[int]]]:
        columns = list(zip(*(values for _name, values, _colour in self.series), strict=True))
        links = self.links or [""] * len(self.labels)
        return [(label, link, list(column)) for label, link, column in zip(self.labels, links, columns, strict=True)]


@dataclass(frozen=True)
class Table:
    headings: list[str]
    rows: list[list[Cell]]


@dataclass(frozen=True)
class Panel:
    """One part of the home page: a heading over a chart or a table."""

    title: str
    chart: Chart | None = None
    table: Table | None = None
    empty: str = ""  # what is said where there is nothing yet


PanelMaker = Callable[[HttpRequest], Panel | None]
_makers: list[tuple[int, PanelMaker]] = []


def panel(position: int) -> Callable[[PanelMaker], PanelMaker]:
    """Add a panel to the home page; lower positions come first. The maker gives None to who may not see it."""

    def add(maker: PanelMaker) -> PanelMaker:
        _makers.append((position, maker))
        _makers.sort(key=lambda entry: entry[0])
        return maker

    return add


def fill(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """The context of the admin's home page."""
    made = [maker(request) for _position, maker in _makers]
    return context | {"panels": [one for one in made if one is not None]}
