"""Bringing the catalogue into the database, again and again."""

from __future__ import annotations

import copy
from collections.abc import Callable
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command

from privacy_portal.audit.history import save_as
from privacy_portal.policy import catalogue, loading, publishing
from privacy_portal.policy.models import Collection, Item, Notice
from tests.factories import SYSTEM

OFFICER = SYSTEM
Row = dict[str, Any]
Altering = Callable[[Callable[[Row], Any]], None]


@pytest.fixture
def catalogue_says(monkeypatch: pytest.MonkeyPatch) -> Altering:
    """Alters the newsletter's row of the catalogue; each time from what it said last."""
    rows = copy.deepcopy(list(catalogue.collections()))
    row = next(row for row in rows if row["code"] == "general.newsletter")

    def alter(change: Callable[[Row], Any]) -> None:
        change(row)
        monkeypatch.setattr(catalogue, "collections", lambda: iter(rows))

    return alter


def new_purpose(text: str) -> Callable[[Row], Any]:
    return lambda row: row["notice"]["purpose"].update(en=text)


def versions(collection: Collection) -> list[tuple[int, bool]]:
    return [(notice.version, notice.is_published) for notice in collection.notices.order_by("version")]


def test_loading_twice_changes_nothing(db: None) -> None:
    lines_of_history = Notice.history.count() + Collection.history.count() + Item.history.count()
    said = StringIO()
    call_command("load_policy", stdout=said)
    assert said.getvalue() == "Nothing changed.\n"
    assert Notice.history.count() + Collection.history.count() + Item.history.count() == lines_of_history


def test_every_row_of_the_catalogue_has_one_published_notice(db: None) -> None:
    codes = [row["code"] for row in catalogue.collections()]
    assert list(Collection.objects.values_list("code", flat=True)) == codes
    assert sorted(Notice.objects.published().values_list("collection_id", "version")) == sorted(
        (code, 1) for code in codes
    )


def test_a_new_text_becomes_a_draft_and_the_published_notice_stays(
    newsletter: Collection, catalogue_says: Altering
) -> None:
    published = newsletter.notices.get()
    catalogue_says(new_purpose("To send you something else."))
    assert loading.load() == ["drafted  general.newsletter v2: publish it in the admin"]
    assert versions(newsletter) == [(1, True), (2, False)]
    assert newsletter.notices.get(version=2).purpose_en == "To send you something else."
    assert newsletter.notices.get(version=1).purpose_en == published.purpose_en
    assert Notice.objects.in_force().get(collection=newsletter) == published


def test_a_draft_is_made_once(newsletter: Collection, catalogue_says: Altering) -> None:
    catalogue_says(new_purpose("To send you something else."))
    loading.load()
    assert loading.load() == []
    assert versions(newsletter) == [(1, True), (2, False)]


def test_a_text_that_an_officer_has_published_is_not_drafted_again(
    newsletter: Collection, catalogue_says: Altering
) -> None:
    catalogue_says(new_purpose("To send you something else."))
    loading.load()
    publishing.publish(newsletter.notices.get(version=2), actor=OFFICER)
    assert loading.load() == []
    assert versions(newsletter) == [(1, True), (2, True)]


def test_a_still_newer_text_takes_the_place_of_the_catalogues_own_draft(
    newsletter: Collection, catalogue_says: Altering
) -> None:
    for text in ("First thought.", "Second thought."):
        catalogue_says(new_purpose(text))
        assert loading.load() == ["drafted  general.newsletter v2: publish it in the admin"]
    assert newsletter.notices.get(version=2).purpose_en == "Second thought."


def test_a_new_item_is_in_the_draft_with_its_name_in_both_languages(
    newsletter: Collection, catalogue_says: Altering
) -> None:
    catalogue_says(lambda row: row["optional"].append({"phone": "contacts"}))
    loading.load()
    items = newsletter.notices.get(version=2).items.values_list("item_id", "requirement", "label", "name_ko", "name_en")
    assert list(items)[-1] == ("phone", "optional", "contacts", "연락처", "Contact number")
    assert [item for item, *_rest in items] == ["name", "email", "company_name", "phone"]


def test_a_new_period_is_in_the_draft(newsletter: Collection, catalogue_says: Altering) -> None:
    catalogue_says(lambda row: row["notice"].update(valid_months=7))
    loading.load()
    assert newsletter.notices.get(version=2).valid_months == 7


def test_an_officers_draft_is_left_alone(newsletter: Collection, catalogue_says: Altering) -> None:
    draft = publishing.draft(newsletter, actor=OFFICER)
    draft.purpose_en = "An officer's own words."
    save_as(OFFICER, draft)
    catalogue_says(new_purpose("To send you something else."))
    (line,) = loading.load()
    assert line.startswith("kept     general.newsletter")
    assert newsletter.notices.get(version=2).purpose_en == "An officer's own words."


def test_a_draft_of_the_catalogue_that_an_officer_has_worked_on_is_left_alone(
    newsletter: Collection, catalogue_says: Altering
) -> None:
    catalogue_says(new_purpose("First thought."))
    loading.load()
    draft = newsletter.notices.get(version=2)
    draft.purpose_en = "First thought, better said."
    save_as(OFFICER, draft)
    catalogue_says(new_purpose("Second thought."))
    (line,) = loading.load()
    assert line.startswith("kept     general.newsletter")
    assert newsletter.notices.get(version=2).purpose_en == "First thought, better said."


@pytest.mark.parametrize(
    ("change", "line"),
    [
        (lambda row: row["title"].update(en="News"), "changed  collection general.newsletter: title_en"),
        (
            lambda row: row.update(who={"kind": "business", "residence": "KR"}),
            "changed  collection general.newsletter: who_kind, who_residence",
        ),
        (
            lambda row: row.update(purposes=["member_management.provide_notices"]),
            "changed  general.newsletter: purposes",
        ),
    ],
)
def test_a_changed_fact_is_told_and_needs_no_new_notice(
    newsletter: Collection, catalogue_says: Altering, change: Callable[[Row], Any], line: str
) -> None:
    catalogue_says(change)
    assert loading.load() == [line]
    assert loading.load() == []
    assert versions(newsletter) == [(1, True)]


def test_a_new_row_is_published_at_once(
    newsletter: Collection, catalogue_says: Altering, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows = copy.deepcopy(list(catalogue.collections()))
    rows.append({**rows[-1], "code": "general.survey"})
    monkeypatch.setattr(catalogue, "collections", lambda: iter(rows))
    assert loading.load() == [
        "added    collection general.survey",
        "changed  general.survey: purposes",
        "published general.survey v1",
    ]
    assert Notice.objects.in_force().get(collection="general.survey").is_published


def test_an_item_renamed_keeps_its_old_name_in_notices_that_people_were_shown(
    newsletter: Collection, monkeypatch: pytest.MonkeyPatch
) -> None:
    words = {name: catalogue.read(name) for name in ("items", "methods", "groups", "purposes", "labels")}
    words["items"]["company_name"]["name"]["en"] = "Firm"
    rows = list(catalogue.collections())
    monkeypatch.setattr(catalogue, "collections", lambda: iter(rows))
    monkeypatch.setattr(catalogue, "read", words.__getitem__)
    assert loading.load() == ["changed  item company_name: name_en"]
    assert Item.objects.get(pk="company_name").name_en == "Firm"
    assert newsletter.notices.get().items.get(item="company_name").name_en == "Company name"
