"""What a file is, judged by its content: neither its name nor what a browser says of it counts."""

from __future__ import annotations

from typing import Literal

import puremagic

from .work import Refused

# What of a file tells its kind.
HEAD_BYTES = 4096
TAKEN: dict[str, Literal["pdf", "jpeg", "png", "heic"]] = {
    "application/pdf": "pdf",
    "image/jpeg": "jpeg",
    "image/png": "png",
    "image/heic": "heic",
    "image/heif": "heic",
}


def kind_of(content: bytes) -> Literal["pdf", "jpeg", "png", "heic"]:
    """The kind of a file that is taken. Raises `Refused`."""
    if not content:
        raise Refused("empty")
    try:
        found = puremagic.magic_string(content[:HEAD_BYTES])
    except puremagic.PureError:
        found = []
    for one in found:
        if one.mime_type in TAKEN:
            return TAKEN[one.mime_type]
    # Readers of PDF look for its beginning this far into a file.
    raise Refused("more_than_a_document" if b"%PDF-" in content[:1024] else "not_taken")
