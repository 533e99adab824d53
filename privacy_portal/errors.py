"""The one class for everything a person may be told went wrong."""

from __future__ import annotations

from typing import Any


class PortalError(Exception):
    """A rule said no. Doors turn it into a form error, an admin message or a problem document.

    `code` is stable and part of the API. `sentence` is translated, names no personal value, and says what
    to do. `field` is the input it belongs to, if one. `details` are values a door may need to show more.
    """

    def __init__(self, code: str, sentence: Any, *, field: str | None = None, **details: Any) -> None:
        super().__init__(code)
        self.code = code
        self.sentence = sentence
        self.field = field
        self.details = details

    def __str__(self) -> str:
        return str(self.sentence)
