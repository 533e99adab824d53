"""The numbers of `rules.yaml`: periods and thresholds, with the days from which they hold."""

from __future__ import annotations

from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml

FILE = Path(__file__).with_name("rules.yaml")


@cache
def _all() -> dict[str, list[dict[str, Any]]]:
    content: dict[str, list[dict[str, Any]]] = yaml.safe_load(FILE.read_text("utf-8"))
    return content


def number(code: str, on: date) -> int:
    """The number that holds on a day; before the first, the first."""
    lines = _all()[code]
    holding = [line for line in lines if line["since"] <= on] or lines[:1]
    return int(max(holding, key=lambda line: line["since"])["number"])
