"""Drafting a notice and publishing it."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation

from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Notice, NoticeItem
from tests.factories import SYSTEM, staff_acting

Sql = Callable[..., list[tuple[Any, ...]]]
PARTS = [f"{part}_{language}" for part in ("purpose", "retention", "refusal") for language in ("ko", "en")]
OFFICER = SYSTEM


@pytest.fixture
def draft(newsletter: Collection) -> Notice:
    return publishing.draft(newsletter, actor=OFFICER)


def refusal_of(notice: Notice) -> PortalError:
    with pytest.raises(PortalError) as raised:
        publishing.publish(notice, actor=OFFICER)
    assert str(raised.value.sentence).strip()
    return raised.value


def with_purpose(notice: Notice, text: str = "To send you something else.") -> Notice:
    notice.purpose_en = text
    notice.save()
    return notice


def test_a_draft_begins_as_a_copy_of_the_version_in_force(newsletter: Collection, draft: Notice) -> None:
    in_force = newsletter.notices.get(version=1)
    assert draft.version == 2
    assert not draft.is_published
    said, copied = publishing.content(in_force), publishing.content(draft)
    assert {**said, "version": 2} == copied
    assert len(copied["items"]) == 3
    assert in_force.items.count() == 3


def test_there_is_one_draft_a_collection(newsletter: Collection, draft: Notice) -> None:
    assert publishing.draft(newsletter, actor=SYSTEM) == draft
    with pytest.raises(IntegrityError, match="policy_one_draft_a_collection"), transaction.atomic():
        Notice.objects.create(collection=newsletter, version=3)


@pytest.mark.parametrize("field", PARTS)
@pytest.mark.parametrize("nothing", ["", " \n"])
def test_a_notice_with_a_part_missing_is_not_published(draft: Notice, field: str, nothing: str) -> None:
    setattr(draft, field, nothing)
    draft.save()
    refusal = refusal_of(draft)
    assert (refusal.code, refusal.field) == ("notice_incomplete", field)
    assert not Notice.objects.get(pk=draft.pk).is_published


@pytest.mark.parametrize("field", [*PARTS, "digest"])
def test_the_database_refuses_a_published_notice_with_a_part_missing(draft: Notice, sql: Sql, field: str) -> None:
    sql("UPDATE policy_notice SET digest = 'a digest' WHERE id = %s", draft.pk)
    with pytest.raises(IntegrityError, match="policy_published_notice_is_whole"), transaction.atomic():
        sql(f"UPDATE policy_notice SET published_at = now(), {field} = '' WHERE id = %s", draft.pk)


def test_a_notice_without_items_is_not_published(draft: Notice) -> None:
    draft.items.all().delete()
    assert refusal_of(draft).code == "notice_without_items"


def test_a_draft_that_says_the_same_is_not_published(draft: Notice) -> None:
    assert refusal_of(draft).code == "notice_unchanged"


def test_a_published_notice_is_not_published_again(newsletter: Collection) -> None:
    assert refusal_of(newsletter.notices.get()).code == "already_published"


def test_a_published_draft_is_in_force(newsletter: Collection, draft: Notice) -> None:
    before = timezone.now()
    published = publishing.publish(with_purpose(draft), actor=OFFICER)
    assert published.published_at is not None
    assert before <= published.published_at <= timezone.now()
    assert Notice.objects.in_force().get(collection=newsletter) == published


def test_what_was_in_force_earlier_can_still_be_told(newsletter: Collection, draft: Notice) -> None:
    first = newsletter.notices.get(version=1)
    second = publishing.publish(with_purpose(draft), actor=OFFICER)
    assert first.published_at is not None
    assert second.published_at is not None
    assert Notice.objects.in_force(second.published_at).get(collection=newsletter) == second
    assert Notice.objects.in_force(first.published_at).get(collection=newsletter) == first


def test_history_says_who_published(draft: Notice, officer: Any) -> None:
    published = publishing.publish(with_purpose(draft), actor=staff_acting(officer))
    line = published.history.first()
    assert (line.actor_kind, line.history_user_id) == ("staff", officer.pk)


@pytest.mark.parametrize("field", PARTS)
def test_a_change_of_purpose_retention_or_refusal_asks_again(newsletter: Collection, draft: Notice, field: str) -> None:
    setattr(draft, field, "Something else. 다른 내용.")
    draft.save()
    assert publishing.publish(draft, actor=OFFICER).asks_again
    newsletter.refresh_from_db()
    assert newsletter.asked_again_since == 2


def add_an_item(draft: Notice) -> None:
    NoticeItem.objects.create(
        notice=draft, item_id="nickname", requirement="optional", name_ko="별명", name_en="Nickname"
    )


def drop_an_item(draft: Notice) -> None:
    draft.items.filter(item="company_name").delete()


def require_an_item(draft: Notice) -> None:
    draft.items.filter(item="company_name").update(requirement="required")


def shorten_the_period(draft: Notice) -> None:
    draft.valid_months = 1
    draft.save()


@pytest.mark.parametrize("change", [add_an_item, drop_an_item, require_an_item, shorten_the_period])
def test_a_change_of_items_or_of_how_long_the_consent_stands_asks_again(
    newsletter: Collection, draft: Notice, change: Callable[[Notice], None]
) -> None:
    change(draft)
    assert publishing.publish(draft, actor=OFFICER).asks_again
    newsletter.refresh_from_db()
    assert newsletter.asked_again_since == 2


def test_a_better_name_for_an_item_is_a_new_version_that_asks_nobody_again(
    newsletter: Collection, draft: Notice
) -> None:
    draft.items.filter(item="company_name").update(name_en="Name of your company")
    assert not publishing.publish(draft, actor=OFFICER).asks_again
    newsletter.refresh_from_db()
    assert newsletter.asked_again_since == 1


def test_people_are_told_when_a_notice_is_published(draft: Notice) -> None:
    told: list[tuple[Notice, Actor]] = []

    def note(notice: Notice, actor: Actor, **kwargs: Any) -> None:
        told.append((notice, actor))

    publishing.notice_published.connect(note)
    try:
        published = publishing.publish(with_purpose(draft), actor=OFFICER)
    finally:
        publishing.notice_published.disconnect(note)
    assert told == [(published, OFFICER)]


def test_the_digest_of_every_notice_in_force_can_be_computed_again(db: None) -> None:
    notices = list(Notice.objects.in_force())
    assert len({notice.digest for notice in notices}) == len(notices) > 40
    for language, zone in (("ko", "Asia/Seoul"), ("en", "America/New_York")):
        with translation.override(language), timezone.override(zone):
            assert [notice for notice in notices if publishing.digest(notice) != notice.digest] == []


@pytest.mark.parametrize("field", [*PARTS, "valid_months"])
def test_the_digest_changes_with_each_part(draft: Notice, field: str) -> None:
    before = publishing.digest(draft)
    setattr(draft, field, 7)
    assert publishing.digest(draft) != before


@pytest.mark.parametrize(
    "change",
    [
        {"requirement": "required"},
        {"label": "another label"},
        {"name_ko": "다른 이름"},
        {"name_en": "Another name"},
        {"position": 0},
        {"item_id": "nickname"},
    ],
)
def test_the_digest_changes_with_each_fact_of_an_item(draft: Notice, change: dict[str, Any]) -> None:
    before = publishing.digest(draft)
    draft.items.exclude(item="company_name").update(position=1)
    draft.items.filter(item="company_name").update(position=2)
    assert publishing.digest(draft) == before
    draft.items.filter(item="company_name").update(**change)
    assert publishing.digest(draft) != before


def test_the_digest_is_of_text_that_anybody_can_write_down(draft: Notice) -> None:
    assert json.loads(json.dumps(publishing.content(draft))) == publishing.content(draft)
