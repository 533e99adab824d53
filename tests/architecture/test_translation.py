"""The Korean catalogue says everything the code and the templates say, and says it in Korean."""

from __future__ import annotations

import ast
import io
import os
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polib
import pytest
from babel.messages.extract import DEFAULT_KEYWORDS, extract_python
from django.utils.translation.template import templatize

ROOT = Path(__file__).parents[2]
CATALOGUE = ROOT / "locale/ko/LC_MESSAGES/django.po"
NOT_SEARCHED = {"var", "tests", "locale", "static", "docs"}
MARKERS: dict[str, Any] = {
    **DEFAULT_KEYWORDS,
    "gettext_lazy": None,
    "gettext_noop": None,
    "ngettext_lazy": (1, 2),
    "pgettext_lazy": ((1, "c"), 2),
    "npgettext_lazy": ((1, "c"), 2, 3),
}
# Messages that are the same in Korean: names, and what holds nothing but placeholders.
NO_HANGUL: set[str] = set()

# What must come through a translation as it is: placeholders, tags and addresses.
FIXED = re.compile(r"%\(\w+\)[a-z]|<[^>]+>|https?://\S+")
HANGUL = re.compile("[가-힣]")
# Two particles at once, as in 을(를); or one that only fits some words, straight after a placeholder.
TWO_PARTICLES = re.compile(r"[가-힣]?\((은|는|이|가|을|를|과|와|으|이나|아|야)\)|[은는이가을를과와]/[은는이가을를과와]")
GUESSED_PARTICLE = re.compile(r"%\(\w+\)s[’”」)]?(은|는|이|가|을|를|과|와|으로|로|이나|나|이며|며|이라|라)(?![가-힣])")

Key = tuple[str, str]  # context and message


def searched_files() -> Iterator[Path]:
    for folder, subfolders, names in os.walk(ROOT):
        subfolders[:] = [name for name in subfolders if name not in NOT_SEARCHED and not name.startswith(".")]
        yield from (Path(folder, name) for name in names if name.endswith((".py", ".html", ".txt")))


def messages_in(path: Path) -> Iterator[Key]:
    """The messages of one file, under whatever names it imports the markers."""
    text, markers = path.read_text(encoding="utf-8"), dict(MARKERS)
    if path.suffix == ".py":
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation":
                markers |= {one.asname: MARKERS[one.name] for one in node.names if one.asname and one.name in MARKERS}
    else:
        text = f"({templatize(text)})"  # in parentheses, so that indentation means nothing
    for _line, marker, found, _comments in extract_python(io.BytesIO(text.encode()), markers, [], {}):
        arguments = [found] if isinstance(found, str) else list(found)
        has_context = (1, "c") in (markers[str(marker)] or ())
        context = str(arguments.pop(0)) if has_context else ""
        if arguments[0]:
            yield context, str(arguments[0])


@pytest.fixture(scope="module")
def catalogue() -> dict[Key, polib.POEntry]:
    return {(entry.msgctxt or "", entry.msgid): entry for entry in polib.pofile(str(CATALOGUE)) if not entry.obsolete}


def translations(entry: polib.POEntry) -> list[str]:
    return list(entry.msgstr_plural.values()) if entry.msgid_plural else [entry.msgstr]


def test_every_message_of_the_code_and_the_templates_is_translated(catalogue: dict[Key, polib.POEntry]) -> None:
    messages = {key: path.relative_to(ROOT) for path in searched_files() for key in messages_in(path)}
    assert ("", "Sign in") in messages, "messages of templates are found"
    assert ("", "consent") in messages, "messages of code are found"
    missing = {key: str(path) for key, path in messages.items() if key not in catalogue}
    assert missing == {}
    assert [key for key in messages if not all(translations(catalogue[key]))] == []


def test_nothing_is_left_empty_or_in_doubt(catalogue: dict[Key, polib.POEntry]) -> None:
    assert [key for key, entry in catalogue.items() if entry.fuzzy or not all(translations(entry))] == []


def test_placeholders_and_links_come_through(catalogue: dict[Key, polib.POEntry]) -> None:
    different = {
        message: translation
        for (_context, message), entry in catalogue.items()
        for translation in translations(entry)
        if Counter(FIXED.findall(message)) != Counter(FIXED.findall(translation))
    }
    assert different == {}


def test_translations_are_korean(catalogue: dict[Key, polib.POEntry]) -> None:
    foreign = {
        message
        for (_context, message), entry in catalogue.items()
        if not all(HANGUL.search(translation) for translation in translations(entry))
    }
    assert foreign - NO_HANGUL == set()


def test_particles_fit_whatever_word_comes_before_them(catalogue: dict[Key, polib.POEntry]) -> None:
    guessed = {
        translation
        for entry in catalogue.values()
        for translation in translations(entry)
        if TWO_PARTICLES.search(translation) or GUESSED_PARTICLE.search(translation)
    }
    assert guessed == set()


@pytest.mark.parametrize("hack", ["%(name)s을(를) 찾기", "%(name)s은/는", "‘%(part)s’이 비었음", "%(name)s로 보내기"])
def test_particles_that_were_guessed_are_noticed(hack: str) -> None:
    assert TWO_PARTICLES.search(hack) or GUESSED_PARTICLE.search(hack)
