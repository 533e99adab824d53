"""Numbers that rules go by, as data: each line with where the number comes from and since when it holds."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any


def number_on(lines: Sequence[dict[str, Any]], day: date) -> int:
    """The number as it holds on a day; before the first, the first."""
    holding = [line for line in lines if line["since"] <= day] or lines[:1]
    return int(max(holding, key=lambda line: line["since"])["number"])
