"""What a check found: what holds, and every doubt, in sentences."""

from __future__ import annotations

from dataclasses import dataclass, field

MOST_TOLD = 20


@dataclass
class Findings:
    """`doubts` counts them all; of many, the first ones are told."""

    holds: list[str] = field(default_factory=list)
    told: list[str] = field(default_factory=list)
    doubts: int = 0

    def doubt(self, sentence: str) -> None:
        self.doubts += 1
        if self.doubts <= MOST_TOLD:
            self.told.append(sentence)

    def hold(self, sentence: str) -> None:
        self.holds.append(sentence)

    @property
    def sentences(self) -> list[str]:
        more = [f"... and {self.doubts - MOST_TOLD:,} more."] if self.doubts > MOST_TOLD else []
        end = f"Do not rely on this bundle: {counted(self.doubts, 'doubt')}." if self.doubts else "Nothing is in doubt."
        return [_printable(sentence) for sentence in (*self.holds, *self.told, *more, end)]


def _printable(sentence: str) -> str:
    """Without what a forger may have put into a name to deceive a terminal."""
    return "".join(one if one.isprintable() else "\N{REPLACEMENT CHARACTER}" for one in sentence)


def counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


def some(names: list[str]) -> str:
    """Names for a sentence, the first of many."""
    return ", ".join(names[:MOST_TOLD]) + (f" and {len(names) - MOST_TOLD:,} more" if len(names) > MOST_TOLD else "")
