"""What a verification says to the person who asked for it."""

from __future__ import annotations

from collections.abc import Callable

from .problems import Problem
from .verifying import Verification

MOST_TOLD = 20


class Report:
    """Says each problem as it is found, up to a number that can be read."""

    def __init__(self, say: Callable[[str], object]) -> None:
        self._say = say
        self.problems = 0

    def tell(self, problem: Problem) -> None:
        self.problems += 1
        if self.problems <= MOST_TOLD:
            self._say(str(problem))

    def conclusion(self, done: Verification) -> str:
        what = f"{_counted(done.rows, 'row')} in {_counted(done.checkpoints, 'checkpoint')} of"
        what = f"{what} {_counted(done.tables, 'table')}"
        if self.problems > MOST_TOLD:
            self._say(f"... and {self.problems - MOST_TOLD:,} more.")
        if self.problems:
            return f"{what} verified: {_counted(self.problems, 'problem')} found."
        removed = f" Removed by rule, and on record: {_counted(done.removed, 'row')}." if done.removed else ""
        waiting = f" Not closed into a checkpoint yet: {_counted(done.unclosed, 'newer row')}." if done.unclosed else ""
        return f"{what} agree.{removed}{waiting}"


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"
