"""Finding the data in a dump by pg_dump (plain SQL), as `psql` would.

Only a COPY that is a statement counts: text that looks like one may stand in a function's body or in a comment, put
there by somebody who wants an auditor to read other rows than the table has.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from .problems import LedgerError

NAME = r'"(?:[^"]|"")+"|[a-zA-Z_\x80-\xff][\w$\x80-\xff]*'
COPY = re.compile(rf"COPY (?:(?:{NAME})\.)?({NAME}) \((.*)\) FROM stdin;\n".encode())
NAMES = re.compile(NAME.encode())
SETTING = re.compile(rb"SET (client_encoding|standard_conforming_strings) = (.*);\n")
EXPECTED = {b"client_encoding": b"'UTF8'", b"standard_conforming_strings": b"on"}
# What opens something in which other things mean nothing, or ends a statement.
OPENING = re.compile(
    rb"--|/\*|(?<![\w$\x80-\xff])[eE]'|'|\"|(?<![\w$\x80-\xff])\$(?:[a-zA-Z_\x80-\xff][\w\x80-\xff]*)?\$|;"
)
CLOSING = {
    b"'": re.compile(rb"'"),
    b"E'": re.compile(rb"\\.|'", re.DOTALL),
    b'"': re.compile(rb'"'),
    b"/*": re.compile(rb"/\*|\*/"),
}
END_OF_DATA = b"\\.\n"


@dataclass
class Block:
    """The data of one table. Its lines must be read before the next block is asked for."""

    table: str
    columns: list[str]
    lines: Iterator[bytes] = field(repr=False)


def blocks(file: Iterator[bytes]) -> Iterator[Block]:
    """The data of every table. Raises `LedgerError` where the file is not a whole dump that can be read."""
    text, is_whole = _Text(), False
    for line in file:
        if text.is_between_statements:
            if found := COPY.fullmatch(line):
                lines = _data(file)
                yield Block(_name(found[1]), [_name(name) for name in NAMES.findall(found[2])], lines)
                for _unread in lines:
                    pass
                continue
            if (setting := SETTING.fullmatch(line)) and setting[2] != EXPECTED[setting[1]]:
                raise LedgerError(f"The dump has {line.decode().strip()} Make it with --encoding=UTF8.")
            is_whole = is_whole or line.startswith(b"-- PostgreSQL database dump complete")
            if line.startswith(b"\\"):  # a command to psql
                continue
        text.read(line)
    if not is_whole:
        raise LedgerError("The dump ends before it is complete, or is not one that pg_dump makes as plain SQL.")


def _data(file: Iterator[bytes]) -> Iterator[bytes]:
    for line in file:
        if line == END_OF_DATA:
            return
        yield line[:-1]
    raise LedgerError("The dump ends in the middle of a table.")


def _name(text: bytes) -> str:
    name = text.decode()
    return name[1:-1].replace('""', '"') if name.startswith('"') else name


class _Text:
    """Whether the end of what was read so far lies between two statements."""

    def __init__(self) -> None:
        self.is_between_statements = True
        self._open = b""
        self._depth = 0

    def read(self, line: bytes) -> None:
        place = 0
        while place < len(line):
            place = self._within(line, place) if self._open else self._outside(line, place)

    def _outside(self, line: bytes, place: int) -> int:
        found = OPENING.search(line, place)
        comment = found is not None and found[0] in (b"--", b"/*")
        if line[place : found.start() if found else len(line)].strip() or (found and not comment):
            self.is_between_statements = False
        if found is None or found[0] == b"--":
            return len(line)
        if found[0] == b";":
            self.is_between_statements = True
        else:
            self._open, self._depth = (b"E'" if found[0] == b"e'" else found[0]), 1
        return found.end()

    def _within(self, line: bytes, place: int) -> int:
        closing = CLOSING.get(self._open) or re.compile(re.escape(self._open))
        found = closing.search(line, place)
        if found is None:
            return len(line)
        if found[0] == b"/*":  # comments stand in one another
            self._depth += 1
        elif not found[0].startswith(b"\\"):
            self._depth -= 1
        if not self._depth:
            self._open = b""
        return found.end()
