"""Rows as CSV that a spreadsheet opens as it is: Korean readable, and no cell that it would take for a formula."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

# By this spreadsheets know the encoding.
BYTE_ORDER_MARK = "\ufeff"
# What some spreadsheet takes for the beginning of a formula, in its wide form too, or skips on the way to one.
BEGINS_FORMULA = ("=", "+", "-", "@", "|", "%", "\uff1d", "\uff0b", "\uff0d", "\uff20")
BEGINS_UNSEEN = ("\t", "\r", "\n", "\0")
# Put before what could be taken for one. What begins with it by itself gets it too, so that one is always taken off.
GUARD = "'"


def cell(value: Any) -> str:
    """A value as the text of one cell."""
    text = plain(value)
    risky = text.startswith((GUARD, *BEGINS_UNSEEN)) or text.lstrip().startswith(BEGINS_FORMULA)
    return GUARD + text if risky else text


def plain(value: Any) -> str:
    """A value as text: moments by RFC 3339, lists and mappings as JSON, nothing as nothing."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return moment(value)
    if isinstance(value, list | tuple | dict):
        return as_json(value)
    return str(value)


def moment(at: datetime) -> str:
    """By RFC 3339, in the time of Asia/Seoul."""
    return timezone.localtime(at).isoformat()


def as_json(value: Any) -> str:
    return json.dumps(
        value, ensure_ascii=False, default=lambda one: moment(one) if isinstance(one, datetime) else str(one)
    )


def table(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
    """The lines of one file, by RFC 4180, the first with the names of the columns."""
    yield (BYTE_ORDER_MARK + _line(columns)).encode()
    for row in rows:
        yield _line([cell(row[name]) for name in columns]).encode()


def _line(cells: Sequence[str]) -> str:
    line = io.StringIO()
    csv.writer(line, quoting=csv.QUOTE_ALL).writerow(cells)
    return line.getvalue()
