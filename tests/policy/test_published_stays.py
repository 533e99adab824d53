"""What people were told is never changed, not by the portal and not by a superuser of the database."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.db import DatabaseError, transaction

from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Notice, NoticeItem
from tests.factories import SYSTEM

Sql = Callable[..., list[tuple[Any, ...]]]


@pytest.fixture
def published(newsletter: Collection) -> Notice:
    return newsletter.notices.get()


@pytest.fixture
def draft(newsletter: Collection) -> Notice:
    return publishing.draft(newsletter, actor=SYSTEM)


def rows(sql: Sql) -> list[Any]:
    return [
        sql("SELECT * FROM policy_notice WHERE published_at IS NOT NULL ORDER BY id"),
        sql(
            "SELECT item.* FROM policy_noticeitem item JOIN policy_notice notice ON notice.id = notice_id"
            " WHERE published_at IS NOT NULL ORDER BY item.id"
        ),
    ]


@pytest.mark.parametrize(
    "statement",
    [
        *(
            f"UPDATE policy_notice SET {change} WHERE id = %(published)s"
            for change in (
                "purpose_ko = 'x'",
                "purpose_en = 'x'",
                "retention_ko = 'x'",
                "retention_en = 'x'",
                "refusal_ko = 'x'",
                "refusal_en = 'x'",
                "valid_months = 1",
                "version = 9",
                "collection_id = 'general.sales_inquiry', version = 9",
                "published_at = now()",
                "published_at = NULL, digest = ''",
                "digest = 'x'",
                "asks_again = true",
                "from_catalogue = ''",
                "id = gen_random_uuid()",
            )
        ),
        "DELETE FROM policy_notice WHERE id = %(published)s",
        "TRUNCATE policy_notice CASCADE",
        *(
            f"UPDATE policy_noticeitem SET {change} WHERE notice_id = %(published)s"
            for change in (
                "name_ko = 'x'",
                "name_en = 'x'",
                "label = 'x'",
                "choice = 1, requirement = 'required'",
                "requirement = 'optional'",
                "position = 9",
                "notice_id = %(draft)s",
            )
        ),
        "UPDATE policy_noticeitem SET notice_id = %(published)s WHERE notice_id = %(draft)s",
        "DELETE FROM policy_noticeitem WHERE notice_id = %(published)s",
        "INSERT INTO policy_noticeitem (notice_id, item_id, requirement, label, name_ko, name_en, position)"
        " VALUES (%(published)s, 'nickname', 'optional', '', 'x', 'x', 9)",
    ],
)
def test_a_superuser_cannot_change_what_is_published(
    published: Notice, draft: Notice, sql: Sql, statement: str
) -> None:
    before = rows(sql)
    refused = r"Cannot update or delete rows|the rows of .* stay|never change|stays with its notice"
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match=refused), transaction.atomic():
        sql(statement, published=published.pk, draft=draft.pk)
    assert rows(sql) == before


def test_a_superuser_cannot_empty_the_table_of_items(published: Notice, sql: Sql) -> None:
    sql("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(DatabaseError, match="the rows of policy_noticeitem stay"), transaction.atomic():
        sql("TRUNCATE policy_noticeitem")


def save_it(published: Notice) -> None:
    published.purpose_en = "Something else."
    published.save()


def delete_it(published: Notice) -> None:
    published.delete()


def update_it(published: Notice) -> None:
    Notice.objects.filter(pk=published.pk).update(purpose_en="Something else.")


def save_an_item(published: Notice) -> None:
    item = published.items.all()[0]
    item.name_en = "Something else"
    item.save()


def delete_the_items(published: Notice) -> None:
    published.items.all().delete()


def add_items(published: Notice) -> None:
    publishing.add_items(published, [NoticeItem(item_id="nickname", name_ko="별명", name_en="Nickname")])


@pytest.mark.parametrize("change", [save_it, delete_it, update_it, save_an_item, delete_the_items, add_items])
def test_nor_can_the_portal(published: Notice, sql: Sql, change: Callable[[Notice], None]) -> None:
    before = rows(sql)
    with pytest.raises(DatabaseError), transaction.atomic():
        change(published)
    assert rows(sql) == before


def test_a_draft_can_be_changed_and_thrown_away(draft: Notice) -> None:
    draft.items.all()[0].delete()
    draft.purpose_en = "Something else."
    draft.save()
    draft.delete()
    assert not Notice.objects.filter(pk=draft.pk).exists()
