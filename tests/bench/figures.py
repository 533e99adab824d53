"""What a bench found: a figure, and the bar it is held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar


class BenchError(Exception):
    """What was measured did not do what it should; its figures would mean nothing."""


@dataclass(frozen=True)
class Figure:
    """`value` in `unit`. A bar is a most, such as of seconds, or a least, such as of rows a second."""

    HEADS: ClassVar = ("work", "figure", "bar", "met?")

    work: str
    value: float
    unit: str
    at_most: float | None = None
    at_least: float | None = None

    @property
    def is_met(self) -> bool:
        """A figure without a bar is only told."""
        return (self.at_most is None or self.value <= self.at_most) and (
            self.at_least is None or self.value >= self.at_least
        )

    def cells(self) -> tuple[str, str, str, str]:
        if self.at_most is not None:
            bar = f"at most {_number(self.at_most)}"
        elif self.at_least is not None:
            bar = f"at least {_number(self.at_least)}"
        else:
            return self.work, f"{_number(self.value)} {self.unit}", "", ""
        return self.work, f"{_number(self.value)} {self.unit}", bar, "yes" if self.is_met else "NO"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
