"""From a line of a dump to the line that a checkpoint digested: the columns it names, times in UTC."""

from __future__ import annotations

import re
from datetime import UTC, datetime

from .verifying import Gone

NULL = b"\\N"
ESCAPED = re.compile(rb"\\(.)", re.DOTALL)
MEANING = {b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Columns:
    """Raises `Gone` where the dump lacks a column that the checkpoint names."""

    def __init__(self, in_dump: list[str], named: list[tuple[str, str]]) -> None:
        if lost := [name for name, _kind in named if name not in in_dump]:
            raise Gone("column_gone", lost[0])
        self._places = [in_dump.index(name) for name, _kind in named]
        self._as_they_are = self._places == list(range(len(in_dump)))
        # pg_dump writes times in whatever zone the server has by default.
        self._times = [place for place, (_n, kind) in zip(self._places, named, strict=True) if is_moment(kind)]

    def line(self, line: bytes, values: list[bytes]) -> bytes:
        """`values` are those of `line`."""
        moved = [place for place in self._times if not values[place].endswith(b"+00") and values[place] != NULL]
        if self._as_they_are and not moved:
            return line
        if moved:
            values = values.copy()
            for place in moved:
                values[place] = in_utc(values[place])
        return b"\t".join([values[place] for place in self._places])


def is_moment(kind: str) -> bool:
    return kind.startswith("timestamp") and kind.endswith("with time zone")


def in_utc(value: bytes) -> bytes:
    """A moment as PostgreSQL writes it in UTC; what Python cannot read, such as infinity, stays as it is."""
    try:
        moment = datetime.fromisoformat(value.decode()).astimezone(UTC)
    except (ValueError, OverflowError):
        return value
    text = moment.replace(tzinfo=None).isoformat(" ")
    return f"{text.rstrip('0') if moment.microsecond else text}+00".encode()


def unescaped(value: bytes) -> bytes:
    """A value of COPY as it is in the table."""
    return ESCAPED.sub(lambda found: MEANING.get(found[1], found[1]), value) if b"\\" in value else value
