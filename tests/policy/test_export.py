"""The policy in force, taken out of the database, is the policy as the company states its facts."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.core.management import call_command

from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Item, NoticeItem
from tests.factories import SYSTEM

FACTS = yaml.safe_load(Path(__file__).with_name("policy_facts.yaml").read_text("utf-8"))
SECTIONS = ["membership", "payment_methods", "generated", "separate_consents", "collection_methods", "purposes"]


def exported() -> dict[str, Any]:
    said = StringIO()
    call_command("export_policy", stdout=said)
    return yaml.safe_load(said.getvalue())


def rows(place: dict[str, Any]) -> list[dict[str, Any]]:
    if {"required", "optional"} & set(place):
        return [place]
    return [row for inner in place.values() for row in rows(inner)]


@pytest.mark.parametrize("section", SECTIONS)
def test_each_section_says_what_the_facts_say(db: None, section: str) -> None:
    assert exported()[section] == FACTS[section]


def test_items_and_purposes_come_in_the_policys_order(db: None) -> None:
    policy = exported()
    assert list(policy) == SECTIONS
    for section in ("membership", "payment_methods", "purposes"):
        assert list(policy[section]) == list(FACTS[section])


def test_no_row_of_the_policy_is_missing(db: None) -> None:
    policy = exported()
    assert len(rows(policy["membership"])) == 3
    assert len(rows(policy["payment_methods"])) == 3
    assert len(rows(policy["separate_consents"]["general"])) == 14
    assert len(rows(policy["separate_consents"]["services"])) == 26


def test_every_item_of_the_facts_has_its_class(db: None) -> None:
    assert dict(Item.objects.values_list("code", "item_class")) == {
        code: facts["class"] for code, facts in FACTS["items"].items()
    }


def test_a_draft_is_not_in_force_until_it_is_published(newsletter: Collection) -> None:
    draft = publishing.draft(newsletter, actor=SYSTEM)
    NoticeItem.objects.create(
        notice=draft, item_id="nickname", requirement="optional", name_ko="별명", name_en="Nickname"
    )
    assert exported()["separate_consents"]["general"]["newsletter"]["optional"] == ["company_name"]
    publishing.publish(draft, actor=SYSTEM)
    assert exported()["separate_consents"]["general"]["newsletter"]["optional"] == ["nickname", "company_name"]
