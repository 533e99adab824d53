"""What a service is told of collections and notices: enough to show them, and no more than has to do with it."""

from __future__ import annotations

from typing import Any

import pytest

from privacy_portal.policy.models import Notice
from tests.consents.services.calling import NEWSLETTER, SALES, Calls, a_caller, is_problem
from tests.consents.test_giving import changed_notice
from tests.factories import collection, notice

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls() -> Calls:
    return a_caller(scopes=[], collections=[NEWSLETTER])


def test_a_service_is_told_of_its_collections_only(calls: Calls) -> None:
    [told] = calls.get("collections").json()["collections"]
    assert told == calls.get(f"collections/{NEWSLETTER}").json()
    assert told["code"] == NEWSLETTER
    assert told["title"] == {"ko": collection(NEWSLETTER).title_ko, "en": collection(NEWSLETTER).title_en}
    assert (told["notice"]["version"], told["notice"]["digest"]) == (1, notice(NEWSLETTER).digest)
    assert told["asked_again_since"] == 1


@pytest.mark.parametrize("language", ["ko", "en"])
def test_a_notice_has_everything_that_must_be_shown(calls: Calls, language: str) -> None:
    told = calls.get(f"notices/{NEWSLETTER}", {"lang": language}).json()
    shown = notice(NEWSLETTER)
    for part in ("purpose", "retention", "refusal"):
        assert told[part] == getattr(shown, f"{part}_{language}")
    assert (told["language"], told["version"], told["digest"]) == (language, 1, shown.digest)
    items = {item["code"]: item for item in told["items"]}
    assert set(items) == {item.item_id for item in shown.items.all()}
    assert {item["requirement"] for item in told["items"]} <= {"required", "optional", "required_for_business"}
    assert items["email"]["name"] == getattr(shown.items.get(item="email"), f"name_{language}")
    assert told["published_at"].endswith("+09:00")


def test_korean_is_what_is_told_unless_asked_otherwise(calls: Calls) -> None:
    told = calls.get(f"notices/{NEWSLETTER}", **{"Accept-Language": "en"}).json()
    assert told["language"] == "ko"


def test_items_of_which_one_is_enough_name_each_other() -> None:
    chosen = Notice.objects.in_force().filter(items__choice__isnull=False, collection__legal_basis="separate_consent")
    shown = Notice.objects.get(pk=chosen.values_list("pk", flat=True)[0])
    told = a_caller(collections=[shown.collection_id]).get(f"notices/{shown.collection_id}").json()
    for item in shown.items.all():
        [any_of] = [one["any_of"] for one in told["items"] if one["code"] == item.item_id]
        same = shown.items.filter(choice=item.choice) if item.choice is not None else shown.items.none()
        assert set(any_of) == {one.item_id for one in same}


@pytest.mark.parametrize("address", ["collections", f"collections/{NEWSLETTER}", f"notices/{NEWSLETTER}"])
def test_what_has_not_changed_is_not_sent_again(calls: Calls, address: str) -> None:
    first = calls.get(address)
    tag = first["ETag"]
    again = calls.get(address, **{"If-None-Match": tag})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    changed_notice(NEWSLETTER)
    later = calls.get(address, **{"If-None-Match": tag})
    assert later.status_code == 200
    assert later["ETag"] != tag
    assert later["Cache-Control"] == "private, no-cache"


def test_the_languages_of_a_notice_have_tags_of_their_own(calls: Calls) -> None:
    tags = {calls.get(f"notices/{NEWSLETTER}", {"lang": language})["ETag"] for language in ("ko", "en")}
    assert len(tags) == 2


def test_a_collection_without_a_notice_in_force_has_nothing_to_show(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = a_caller(collections=[SALES])
    none: Any = Notice.objects.none()
    monkeypatch.setattr("privacy_portal.policy.models.NoticeQuerySet.in_force", lambda self: none)
    is_problem(calls.get(f"notices/{SALES}"), 404, "no_notice")


def test_reading_takes_a_fixed_number_of_queries(
    django_assert_num_queries: Any, nothing_on_the_list_of_destructions: None
) -> None:
    calls = a_caller(collections=[NEWSLETTER, SALES])
    for address, number in (("collections", 3), (f"collections/{SALES}", 4), (f"notices/{SALES}", 5)):
        calls.get(address)
        with django_assert_num_queries(number):  # the key, the minute, then what is asked for
            assert calls.get(address).status_code == 200
