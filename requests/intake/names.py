"""Names that files come with: shown to people, and never used as a path."""

from __future__ import annotations

import re
import unicodedata

from requests.parsers.resident_numbers import holds_full_number
from requests.parsers.work import Kind

EXTENSIONS: dict[Kind, str] = {"pdf": ".pdf", "jpeg": ".jpg", "png": ".png"}
WITHOUT_NAME = "document"
LONGEST = 100  # characters, with the extension
# The end of a name that says what the file is, or pretends to; several of them too.
ENDING = re.compile(r"(\.[a-z]\w{0,4}|[\s.])+$", re.IGNORECASE)
# Neither letters nor anything to see: control, direction and other formatting, unpaired halves, private, unassigned.
UNSEEN = {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"}
# What some system takes as part of a path, or refuses in a name.
NOT_IN_NAMES = set('<>:"|?*')
RESERVED = re.compile(r"(con|prn|aux|nul|com\d|lpt\d)(\..*)?", re.IGNORECASE)


def harmless(name: str, kind: Kind) -> str:
    """`name` as it may be shown, downloaded and kept, ending as its content asks. A resident number is left out."""
    last = re.split(r"[/\\]", name)[-1]
    seen = "".join(char for char in unicodedata.normalize("NFC", last) if _is_shown(char))
    ending = EXTENSIONS[kind]
    stem = ENDING.sub("", " ".join(seen.split())[: LONGEST - len(ending)]).lstrip(". ")
    if not stem or RESERVED.fullmatch(stem) or holds_full_number(stem):
        stem = WITHOUT_NAME
    return stem + ending


def _is_shown(char: str) -> bool:
    if char in "\t\n\r":
        return True  # becomes a space
    return unicodedata.category(char) not in UNSEEN and char not in NOT_IN_NAMES
