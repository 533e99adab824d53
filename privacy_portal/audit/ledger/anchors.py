"""The anchors file: one line a checkpoint, outside the database.

Without it nobody could tell that the newest checkpoints were cut off together with their rows. A line names the
time, table, number, digest, signing key and signature of a checkpoint; lines are only ever added.
"""

from __future__ import annotations

import base64
import os
from array import array
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from .checkpoint import Checkpoint, statement
from .keys import PublicKeys
from .problems import LedgerError, Problem

DIGEST_BYTES = 32
SIGNATURE_BYTES = 64
BLOCK = 65_536
UNKNOWN = bytes(DIGEST_BYTES)


@dataclass(frozen=True)
class Anchor:
    table: str
    number: int
    digest: bytes
    key: str
    signature: bytes


def line_of(checkpoint: Checkpoint) -> str:
    signature = base64.b64encode(checkpoint.signature).decode()
    at = checkpoint.made_at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return f"{at} {checkpoint.table} {checkpoint.number} {checkpoint.digest.hex()} {checkpoint.key} {signature}\n"


def append(file: BinaryIO, lines: list[str]) -> None:
    """Add lines, and see them on the disk before going on. A line that a crash cut short is left as it is."""
    if not lines:
        return
    end = file.seek(0, os.SEEK_END)
    file.seek(max(end - 1, 0))
    begun = end and file.read(1) != b"\n"
    file.write(b"\n" * bool(begun) + "".join(lines).encode())
    file.flush()
    os.fsync(file.fileno())


def last_numbers(file: BinaryIO, tables: set[str]) -> dict[str, int]:
    """The number of the last checkpoint of each table in the file, which is read from its end."""
    found: dict[str, int] = {}
    place, rest = file.seek(0, os.SEEK_END), b""
    while place and not tables <= set(found):
        begin = max(place - BLOCK, 0)
        file.seek(begin)
        first, *lines = (file.read(place - begin) + rest).split(b"\n")
        place, rest = begin, first
        # What follows the last end of a line is empty, or was cut short.
        for line in reversed([*([] if begin else [first]), *lines]):
            if anchor := _anchor(line):
                found.setdefault(anchor.table, anchor.number)
    return found


def _anchor(line: bytes) -> Anchor | None:
    """What a line says; nothing where it is not one of ours, such as one that a crash cut short."""
    try:
        _at, table, number, digest, key, signature = line.decode().split()
        anchor = Anchor(table, int(number), bytes.fromhex(digest), key, base64.b64decode(signature, validate=True))
    except ValueError:
        return None
    return anchor if len(anchor.digest) == DIGEST_BYTES and len(anchor.signature) == SIGNATURE_BYTES else None


class Anchors:
    """What the file says of each checkpoint, in 40 bytes of memory each. Raises `LedgerError` if it cannot be read.

    A line that agrees with a checkpoint needs no signature of its own to be looked at; one that does not agree
    counts only if it is signed.
    """

    def __init__(self, path: str | Path, keys: PublicKeys) -> None:
        self.path = Path(path)
        self.problems: list[Problem] = []
        self._keys = keys
        self._digests: dict[str, bytearray] = {}
        self._places: dict[str, array[int]] = {}
        for place, anchor in self._lines():
            self._take_in(place, anchor)

    @property
    def tables(self) -> set[str]:
        return set(self._digests)

    def disagreement(self, checkpoint: Checkpoint) -> Problem | None:
        """What speaks against a checkpoint, if anything does."""
        known = self._digest(checkpoint.table, checkpoint.number)
        if known in (None, UNKNOWN, checkpoint.digest):
            return None
        return self._if_signed("checkpoint_replaced", checkpoint.table, checkpoint.number)

    def cut_off(self, table: str, last: int) -> Problem | None:
        """The first checkpoint of a table after `last` that the file knows of."""
        count = len(self._places.get(table, ()))
        first = next((number for number in range(last + 1, count + 1) if self._digest(table, number) != UNKNOWN), None)
        return self._if_signed("cut_off", table, first) if first else None

    def _lines(self) -> Iterator[tuple[int, Anchor]]:
        """Every line and where it begins. What is no line of ours says nothing, and so is missed where it should."""
        place, found = 0, False
        try:
            with self.path.open("rb") as file:
                for line in file:
                    if line.endswith(b"\n") and (anchor := _anchor(line)):
                        found = True
                        yield place, anchor
                    place += len(line)
        except OSError as error:
            raise LedgerError(f"The anchors file {self.path} cannot be read: {error.strerror}.") from error
        if place and not found:
            raise LedgerError(f"{self.path} is not an anchors file: none of its lines is one the portal writes.")

    def _take_in(self, place: int, anchor: Anchor) -> None:
        digests = self._digests.setdefault(anchor.table, bytearray())
        places = self._places.setdefault(anchor.table, array("Q"))
        if anchor.number == len(places) + 1:
            digests += anchor.digest
            places.append(place)
        elif not self._is_signed(anchor):
            self.problems.append(Problem("anchor_changed", anchor.table, anchor.number))
        elif anchor.number > len(places):
            self.problems.append(Problem("anchor_missing", anchor.table, len(places) + 1))
            while len(places) < anchor.number - 1:
                digests += UNKNOWN
                places.append(0)
            digests += anchor.digest
            places.append(place)
        elif self._digest(anchor.table, anchor.number) != anchor.digest:
            self.problems.append(Problem("checkpoint_replaced", anchor.table, anchor.number))

    def _digest(self, table: str, number: int) -> bytes | None:
        return bytes(self._digests.get(table, b"")[(number - 1) * DIGEST_BYTES : number * DIGEST_BYTES]) or None

    def _is_signed(self, anchor: Anchor) -> bool:
        return self._keys.fits(anchor.key, anchor.signature, statement(anchor.table, anchor.number, anchor.digest))

    def _if_signed(self, kind: str, table: str, number: int) -> Problem:
        """The problem, unless it is the file that was changed."""
        with self.path.open("rb") as file:
            file.seek(self._places[table][number - 1])
            anchor = _anchor(file.readline())
        return Problem(kind if anchor and self._is_signed(anchor) else "anchor_changed", table, number)
