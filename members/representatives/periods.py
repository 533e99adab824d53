"""How long a representative's details are kept for, as `rules.yaml` says."""

from __future__ import annotations

from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils import timezone

from privacy_portal.clock import now
from privacy_portal.dated_numbers import number_on


def days(code: str) -> timedelta:
    """A number of days of `rules.yaml`, as it holds today in Asia/Seoul."""
    return timedelta(days=number_on(_read()[code], timezone.localdate(now())))


@cache
def _read() -> Any:
    return yaml.safe_load(Path(__file__).with_name("rules.yaml").read_text("utf-8"))
