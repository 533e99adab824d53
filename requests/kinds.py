"""The kinds of request as data: `kinds.yaml`, with the lawful grounds to refuse (`grounds.yaml`)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from django.utils.translation import get_language

from privacy_portal.dated_numbers import number_on

FOLDER = Path(__file__).parent


@dataclass(frozen=True)
class Text:
    """One text in both languages; as a string it is in the language of the page."""

    ko: str
    en: str

    def in_language(self, language: str) -> str:
        return self.en if language.startswith("en") else self.ko

    def __str__(self) -> str:
        return self.in_language(get_language() or "ko")


@dataclass(frozen=True)
class Field:
    """A value the form of a kind asks for.

    `type`: `item` (an item of the policy, brought to its normal form), `text`, `long_text`, `choices` (some of
    `choices`), `consents` (some of the member's own consents, by collection code), `held` (consents, or optional items
    of the membership by their own code).
    """

    code: str
    type: str
    required: bool = False
    name: Text | None = None  # None for an item: the policy names it
    help: Text | None = None
    choices: dict[str, Text] | None = None

    @property
    def is_list(self) -> bool:
        return self.type in ("choices", "consents", "held")


@dataclass(frozen=True)
class Paper:
    """A document to attach. `need`: `required`, `one_of` (one of these is enough), `optional`."""

    item: str
    need: str


@dataclass(frozen=True)
class Period:
    """In how many days a request is answered, by which rule, and whether the law or a service target sets it."""

    since: date
    days: int
    rule: str
    source: Text
    by_law: bool


@dataclass(frozen=True)
class Kind:
    """One kind of request; `kinds.yaml` says what each part means."""

    code: str
    name: Text
    bring: Text
    collection: str | None
    who: tuple[str, ...]
    fields: tuple[Field, ...]
    at_least_one: bool
    documents: tuple[Paper, ...]
    periods: tuple[Period, ...]
    pausing: bool
    extension_days: int | None
    extension_source: Text | None
    one_at_a_time: bool
    four_eyes: bool
    finished_after_days: int | None
    complaint: bool
    effect: str

    def __str__(self) -> str:
        return str(self.name)

    def period(self, on: date) -> Period:
        """The period that holds for what is received on a day; before the first, the first."""
        holding = [period for period in self.periods if period.since <= on] or [self.periods[0]]
        return max(holding, key=lambda period: period.since)

    @property
    def required_documents(self) -> list[str]:
        return [paper.item for paper in self.documents if paper.need == "required"]

    @property
    def one_of_documents(self) -> list[str]:
        return [paper.item for paper in self.documents if paper.need == "one_of"]


@dataclass(frozen=True)
class Ground:
    """A lawful ground to refuse (Q4, W3)."""

    code: str
    name: Text
    source: Text
    kinds: tuple[str, ...]

    def __str__(self) -> str:
        return str(self.name)


@cache
def kinds() -> dict[str, Kind]:
    """Every kind by its code, in the order of the file."""
    return {row["code"]: _kind(row) for row in _read("kinds")}


def kind(code: str) -> Kind:
    """The kind of that code. Raises `KeyError`."""
    return kinds()[code]


def kinds_for(member_kind: str) -> list[Kind]:
    """What a member of this kind may ask for."""
    return [one for one in kinds().values() if member_kind in one.who]


def choices() -> list[tuple[str, Any]]:
    """Code and name of every kind, for a model's field."""
    return [(code, one.name) for code, one in kinds().items()]


@cache
def grounds() -> dict[str, Ground]:
    return {
        row["code"]: Ground(row["code"], Text(**row["name"]), Text(**row["source"]), tuple(row["kinds"]))
        for row in _read("grounds")
    }


def grounds_for(kind_code: str) -> list[Ground]:
    """The grounds on which a request of this kind can be refused."""
    return [ground for ground in grounds().values() if kind_code in ground.kinds]


@cache
def papers() -> dict[str, Text]:
    """Names of the documents that the law, not the policy, lets us ask for."""
    return {code: Text(**row["name"]) for code, row in _read("papers").items()}


def number(code: str, on: date) -> int:
    """A number of `rules.yaml` as it holds on a day; before the first, the first."""
    return number_on(_read("rules")[code], on)


@cache
def late_holidays() -> frozenset[date]:
    """Public holidays declared after the calendar in use was made."""
    return frozenset(row["day"] for row in _read("holidays"))


@cache
def _read(name: str) -> Any:
    return yaml.safe_load((FOLDER / f"{name}.yaml").read_text("utf-8"))


def _kind(row: dict[str, Any]) -> Kind:
    extension = row.get("extension")
    return Kind(
        code=row["code"],
        name=Text(**row["name"]),
        bring=Text(**row["bring"]),
        collection=row.get("collection"),
        who=tuple(row["who"]),
        fields=tuple(_field(field) for field in row["fields"]),
        at_least_one=row.get("at_least_one", False),
        documents=tuple(Paper(**paper) for paper in row["documents"]),
        periods=tuple(Period(**period | {"source": Text(**period["source"])}) for period in row["periods"]),
        pausing=row["pausing"],
        extension_days=extension["days"] if extension else None,
        extension_source=Text(**extension["source"]) if extension else None,
        one_at_a_time=row.get("one_at_a_time", False),
        four_eyes=row.get("four_eyes", False),
        finished_after_days=row.get("finished_after_days"),
        complaint=row.get("complaint", False),
        effect=row["effect"],
    )


def _field(row: dict[str, Any]) -> Field:
    choices = row.get("choices")
    return Field(
        code=row["code"],
        type=row["type"],
        required=row.get("required", False),
        name=Text(**row["name"]) if "name" in row else None,
        help=Text(**row["help"]) if "help" in row else None,
        choices={code: Text(**text) for code, text in choices.items()} if choices else None,
    )
