"""Every text that people are shown: whole, in both languages, and without a way out."""

from __future__ import annotations

import re

import pytest
from django.db import models

from privacy_portal.policy.models import (
    Collection,
    CollectionGroup,
    CollectionMethod,
    Item,
    Notice,
    NoticeItem,
    Purpose,
)

TEXTS = {
    Notice: ("purpose", "retention", "refusal"),
    NoticeItem: ("name",),
    Item: ("name",),
    Purpose: ("name", "group"),
    CollectionMethod: ("name",),
    CollectionGroup: ("name",),
    Collection: ("title",),
}
# N1: what is collected and why is named, not hinted at.
OPEN_ENDS = re.compile(
    r"\betc\b|\band so on\b|\band the like\b|…|\.\.\.|(?:^|\s)등(?=$|[\s.,·)을의이에과])", re.IGNORECASE
)
HANGUL = re.compile("[가-힣]")
# Names of services are the same in both languages.
IN_LATIN_LETTERS = re.compile(r"[A-Za-z &]+")


def texts(model: type[models.Model], language: str) -> list[str]:
    parts = [f"{part}_{language}" for part in TEXTS[model]]
    return [text for row in model._default_manager.values_list(*parts) for text in row]


@pytest.mark.parametrize("model", TEXTS)
def test_no_text_ends_in_et_cetera(db: None, model: type[models.Model]) -> None:
    every = texts(model, "ko") + texts(model, "en")
    assert every
    assert [text for text in every if OPEN_ENDS.search(text)] == []


@pytest.mark.parametrize("model", TEXTS)
def test_every_text_is_there_in_korean_and_in_english(db: None, model: type[models.Model]) -> None:
    assert [text for text in texts(model, "en") if not text.strip() or HANGUL.search(text)] == []
    not_korean = [text for text in texts(model, "ko") if not HANGUL.search(text)]
    if model is CollectionGroup:
        not_korean = [name for name in not_korean if not IN_LATIN_LETTERS.fullmatch(name)]
    assert not_korean == []


def test_a_notice_says_each_thing_in_a_whole_sentence(db: None) -> None:
    for text in texts(Notice, "ko") + texts(Notice, "en"):
        assert text == text.strip()
        assert text.endswith((".", ".)")), text


def test_a_refusal_says_that_one_may_refuse_and_what_follows(db: None) -> None:
    for notice in Notice.objects.filter(collection__legal_basis="separate_consent"):
        assert re.search("refuse|say no|free|choose|not have to|decline", notice.refusal_en), notice.refusal_en
        assert re.search("동의하지 않|거부|않으셔도", notice.refusal_ko), notice.refusal_ko
