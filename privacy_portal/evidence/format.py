"""What an evidence bundle is made of, for the portal that makes it and for `evidence.check`, which knows no Django.

A bundle is a zip. `manifest.json` names every other file with its size and SHA-256, and `manifest.sig` is an Ed25519
signature, 64 bytes, over the bytes of `manifest.json`. `data/*.json` hold one row a line. `ledger/<table>.json` holds
the checkpoints that cover rows of the bundle, and `ledger/<table>.rows` the number and digest of each row they closed.
"""

from __future__ import annotations

import re
import struct
from collections.abc import Iterable

FORMAT = "privacy portal, evidence bundle, format 1"
MANIFEST, SIGNATURE, KEYS, REPORT = "manifest.json", "manifest.sig", "public-keys.json", "report.html"
NAMES = re.compile(r"report\.html|public-keys\.json|data/[a-z_]{1,60}\.json|ledger/[a-z0-9_]{1,63}\.(json|rows)")
# Number and SHA-256 of one row, in the order in which a checkpoint closed them.
RECORD = struct.Struct(">q32s")
# A file of rows begins and ends with these lines; each line between is one row, with a comma after all but the last.
FIRST_LINE, LAST_LINE = b"[\n", b"]\n"
ESCAPES = {"\\": "\\\\", "\b": "\\b", "\f": "\\f", "\n": "\\n", "\r": "\\r", "\t": "\\t", "\v": "\\v"}
ESCAPED = re.compile("[\\\\\b\f\n\r\t\v]")


def copied(values: Iterable[str | None]) -> bytes:
    """The line that COPY gives of a row with these values: what its digest is made of."""
    return "\t".join("\\N" if value is None else _escaped(value) for value in values).encode()


def _escaped(value: str) -> str:
    return ESCAPED.sub(lambda found: ESCAPES[found[0]], value)
