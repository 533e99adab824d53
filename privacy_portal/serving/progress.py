"""What the person at the terminal reads while the portal is set up."""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

LONG = 1.0


class CannotServe(Exception):
    """The portal cannot be served; the sentence says why and what to do."""


@contextmanager
def step(what: str, *, has_output: bool = False) -> Iterator[None]:
    """Print "`what` ... done" around the block; with its seconds if it took long."""
    begun = time.monotonic()
    print(f"{what} ...", end="\n" if has_output else " ", flush=True)
    try:
        yield
    except BaseException:
        if not has_output:
            print("not done", flush=True)
        raise
    seconds = time.monotonic() - begun
    if not has_output:
        print(f"done ({seconds:.0f} s)" if seconds > LONG else "done", flush=True)


def table(rows: Sequence[Sequence[str]]) -> str:
    """Rows of text as aligned columns, the first row being the heads."""
    widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    return "\n".join([lines[0], "  ".join("-" * width for width in widths), *lines[1:]])
