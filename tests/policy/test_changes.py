"""What differs between two versions of a notice, and how that is shown."""

from __future__ import annotations

import html
import re
from typing import Any

import pytest
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from privacy_portal.policy import changes, publishing
from privacy_portal.policy.models import Collection, Notice, NoticeItem
from tests.factories import SYSTEM


@pytest.fixture
def before(newsletter: Collection) -> Notice:
    return newsletter.notices.get()


@pytest.fixture
def after(newsletter: Collection, before: Notice) -> Notice:
    return publishing.draft(newsletter, actor=SYSTEM)


def test_two_versions_that_say_the_same_do_not_differ(before: Notice, after: Notice) -> None:
    assert changes.compare(before, after) == []


@pytest.mark.parametrize("part", ["purpose", "retention", "refusal"])
@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_changed_text_is_told_with_its_language(before: Notice, after: Notice, part: str, language: str) -> None:
    was = getattr(before, f"{part}_{language}")
    setattr(after, f"{part}_{language}", "Something else.")
    assert changes.compare(before, after) == [changes.Change(part, language, was, "Something else.")]


@pytest.mark.parametrize(
    ("months", "other", "was", "becomes"),
    [
        (24, 12, "24 months", "12 months"),
        (12, None, "12 months", "until withdrawn"),
        (None, 6, "until withdrawn", "6 months"),
    ],
)
def test_a_changed_period_is_told(
    before: Notice, after: Notice, months: int | None, other: int | None, was: str, becomes: str
) -> None:
    before.valid_months, after.valid_months = months, other
    with translation.override("en"):
        (change,) = changes.compare(before, after)
    assert (change.language, change.before, change.after) == ("", was, becomes)
    assert change.title


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"requirement": "required"}, "Company name (required)"),
        ({"label": "contacts"}, "Company name (optional)"),
        ({"requirement": "required", "choice": 1}, "Company name (required)"),
        ({"item_id": "nickname", "name_en": "Nickname"}, "Nickname (optional)"),
    ],
)
def test_changed_items_are_told_with_what_is_required_of_them(
    before: Notice, after: Notice, change: dict[str, Any], told: str
) -> None:
    after.items.filter(item="company_name").update(**change)
    with translation.override("en"):
        (found,) = changes.compare(before, after)
        assert found.title == "Items"
    assert (found.part, found.language) == ("items", "")
    assert "Company name (optional)" in found.before
    assert told in found.after


def test_an_item_more_or_less_is_a_change(before: Notice, after: Notice) -> None:
    after.items.filter(item="company_name").delete()
    assert [change.part for change in changes.compare(before, after)] == ["items"]
    assert [change.part for change in changes.compare(after, before)] == ["items"]


def test_another_order_or_name_of_the_same_items_is_no_change(before: Notice, after: Notice) -> None:
    for position, item in enumerate(after.items.order_by("-position")):
        NoticeItem.objects.filter(pk=item.pk).update(position=position, name_en=f"Better name {position}")
    assert changes.compare(before, after) == []


def test_what_was_taken_out_and_put_in_is_marked() -> None:
    shown = changes.marked_difference("We keep it for 2 years.", "We keep it for 3 long years.")
    assert shown == "We keep it for <del>2</del><ins>3 long</ins> years."


def test_text_is_shown_as_text_even_where_it_looks_like_html() -> None:
    shown = changes.marked_difference("<b>old</b> & kept", "<script>alert(1)</script> & kept")
    assert "<b>" not in shown
    assert "<script>" not in shown
    assert shown.endswith("&amp; kept")


def test_a_change_shows_its_own_difference() -> None:
    assert changes.Change("purpose", "en", "one two", "one three").marked == "one <del>two</del><ins>three</ins>"


words = st.lists(
    st.sampled_from(["회원님의", "정보를", "we", "keep", "it", "<del>", "&amp;", "\n", "  "]), max_size=12
).map(" ".join)


@given(before=words | st.text(max_size=40), after=words | st.text(max_size=40))
def test_both_texts_can_be_read_out_of_the_marked_one(before: str, after: str) -> None:
    shown = changes.marked_difference(before, after)
    without_new = re.sub(r"<ins>.*?</ins>", "", shown, flags=re.DOTALL)
    without_old = re.sub(r"<del>.*?</del>", "", shown, flags=re.DOTALL)
    assert html.unescape(re.sub("</?del>", "", without_new)) == before
    assert html.unescape(re.sub("</?ins>", "", without_old)) == after


def test_an_item_is_marked_as_a_whole(db: None) -> None:
    change = changes.Change(
        "items", "", "Name (required), Phone number (required)", "Name (required), Company name (optional)"
    )
    assert str(change.marked) == (
        "Name (required), <del>Phone number (required)</del><ins>Company name (optional)</ins>"
    )
