"""What a call says: its query and its body, read strictly. Unknown names are refused, never passed over."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from rest_framework.request import Request

from consents.checks import Question
from privacy_portal.api import Refusal

MOST_QUESTIONS = 1000
MOST_ITEMS = 100
NUMBER = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.IGNORECASE)
CODE = re.compile(r"[a-z0-9_]+(\.[a-z0-9_]+)*")
LONGEST_CODE = 120
LONGEST_ITEM = 60
FIELDS = ("member", "collection", "items")


@dataclass(frozen=True, slots=True)
class Invalid:
    """A question that is none: the field that is wrong, and what belongs there."""

    field: str
    detail: str


def query(request: Request, *names: str, repeated: Iterable[str] = ()) -> dict[str, list[str]]:
    """The query's values by name. Raises `Refusal` `unknown_field` or `given_twice`."""
    values = {name: request.query_params.getlist(name) for name in request.query_params}
    for name, given in values.items():
        if name not in names:
            raise Refusal("unknown_field", "This address takes no such parameter.", field=name[:LONGEST_CODE])
        if len(given) > 1 and name not in repeated:
            raise Refusal("given_twice", "Give this parameter once.", field=name)
    return values


def questions(body: Any) -> list[Question | Invalid]:
    """The questions of a batch, each by itself: one that is wrong spoils no other.

    Raises `Refusal` where there is no list of at most 1,000 to go through.
    """
    if not isinstance(body, dict):
        raise Refusal("invalid", 'The body must be an object, {"questions": [...]}.')
    if unknown := [name for name in body if name != "questions"]:
        raise Refusal("unknown_field", "The body has no such field.", field=unknown[0][:LONGEST_CODE])
    asked = body.get("questions")
    if not isinstance(asked, list):
        raise Refusal("invalid", "Give a list of questions.", field="questions")
    if len(asked) > MOST_QUESTIONS:
        raise Refusal("too_many_questions", f"Ask {MOST_QUESTIONS} questions at most.", field="questions")
    return [question(one) for one in asked]


def question(raw: Any) -> Question | Invalid:
    """One question, or what is wrong with it."""
    if not isinstance(raw, Mapping):
        return Invalid("", 'A question is an object: {"member": ..., "collection": ..., "items": [...]}.')
    for name in raw:
        if name not in FIELDS:
            return Invalid(name[:LONGEST_CODE], "A question has no such field.")
    member, collection, items = raw.get("member"), raw.get("collection"), raw.get("items", [])
    if not isinstance(member, str) or not NUMBER.fullmatch(member):
        return Invalid("member", "Give the member's number, a UUID.")
    if not isinstance(collection, str) or len(collection) > LONGEST_CODE or not CODE.fullmatch(collection):
        return Invalid("collection", "Give the code of a collection.")
    if not isinstance(items, list) or len(items) > MOST_ITEMS:
        return Invalid("items", f"Give a list of {MOST_ITEMS} items at most, or leave it out.")
    for item in items:
        if not isinstance(item, str) or len(item) > LONGEST_ITEM or not CODE.fullmatch(item):
            return Invalid("items", "Give the codes of items.")
    return Question(UUID(member), collection, tuple(items))
