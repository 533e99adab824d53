"""What is asked of the parsers' process, and what it answers. Both go through a pipe as one line of JSON and bytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["pdf", "jpeg", "png"]


@dataclass(frozen=True, kw_only=True)
class Work:
    """`task`: "clean" a file that came in, or "render" one page of a clean one."""

    task: Literal["clean", "render"]
    max_bytes: int
    max_pages: int
    max_pixels: int
    seconds: int
    memory: int
    # Clean: whether full resident registration numbers are looked for, and pages become pictures of themselves.
    covered: bool = False
    # Render: which page, from 1, and how many pixels its longer side has at most.
    page: int = 1
    edge: int = 0


@dataclass(frozen=True, kw_only=True)
class Answer:
    """`refused` is a code of `intake.refusals`, or empty."""

    refused: str = ""
    kind: Kind = "pdf"
    pages: int = 0


class Refused(Exception):
    """The file is not taken; its only argument is a code of `intake.refusals`."""

    @property
    def code(self) -> str:
        return str(self.args[0])
