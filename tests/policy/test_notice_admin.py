"""Officers draft, compare, preview and publish notices in the admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from consents.models import Consent, State
from members.models import Account, Member
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Item, Notice, NoticeItem
from tests.factories import a_consent, a_member, collection, notice, staff_acting
from tests.in_admin import list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]
SALES = "general.sales_inquiry"
TEXTS = ("purpose_ko", "purpose_en", "retention_ko", "retention_en", "valid_months", "refusal_ko", "refusal_en")


@pytest.fixture
def draft(officer: Account) -> Notice:
    return publishing.draft(collection(SALES), actor=staff_acting(officer))


def to_draft(code: str) -> str:
    return reverse("admin:policy_notice_draft", args=[code])


def filled_in(draft: Notice, **changes: Any) -> dict[str, Any]:
    """The edit page's form as it is shown, with `changes` typed over it; `items` replaces the rows of items."""
    draft = Notice.objects.get(pk=draft.pk)
    items = list(draft.items.all())
    form: dict[str, Any] = {name: getattr(draft, name) or "" for name in TEXTS}
    form |= {"seen": publishing.digest(draft), "items-TOTAL_FORMS": len(items), "items-INITIAL_FORMS": len(items)}
    for number, item in enumerate(items):
        form |= {
            f"items-{number}-{name}": value
            for name, value in {
                "id": item.pk,
                "notice": draft.pk,
                "item": item.item_id,
                "requirement": item.requirement,
                "choice": item.choice or "",
                "name_ko": item.name_ko,
                "name_en": item.name_en,
                "position": item.position,
            }.items()
        }
    return form | changes


def seen(draft: Notice) -> dict[str, str]:
    return {"seen": publishing.digest(Notice.objects.get(pk=draft.pk))}


def test_an_officer_drafts_compares_previews_and_publishes(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_consent(alice, SALES, company_name="바다물산")
    client, old = signed_in(officer), notice(SALES)
    assert to_draft(SALES) in opened(client, page_of(old))

    # Draft, from the version in force.
    response = client.post(to_draft(SALES))
    draft = Notice.objects.get(collection=SALES, version=2)
    assert response["Location"] == page_of(draft)
    assert [item.item_id for item in draft.items.all()] == [item.item_id for item in old.items.all()]
    opened(client, page_of(draft))

    # Edit: a text in both languages, and an item more, named as the catalogue names it.
    rows = draft.items.count()
    changes = {
        "retention_ko": draft.retention_ko.replace("12개월", "6개월"),
        "retention_en": draft.retention_en.replace("12 months", "6 months"),
        "items-TOTAL_FORMS": rows + 1,
        f"items-{rows}-notice": str(draft.pk),
        f"items-{rows}-item": "job_title",
        f"items-{rows}-requirement": "optional",
        f"items-{rows}-position": "0",
    }
    assert client.post(page_of(draft), filled_in(draft, **changes)).status_code == 302
    draft.refresh_from_db()
    added = draft.items.get(item="job_title")
    assert (added.name_ko, added.name_en) == ("직책", "Job title")
    assert list(draft.items.all())[-1] == added
    newest = draft.history.first()
    assert newest is not None
    assert (newest.actor_kind, newest.history_user_id) == ("staff", officer.pk)

    # Compare: word by word in both languages, and what it means.
    text = opened(client, page_of(draft, "compare"))
    for marked in ("<del>12개월</del>", "<ins>6개월</ins>", "<del>12</del>", "<ins>6</ins>"):
        assert marked in text
    assert "Job title" in text or "직책" in text
    response = client.get(page_of(draft, "compare"))
    assert response.context["resting"] == 1

    # Preview, as a member sees it, in both languages.
    text = opened(client, page_of(draft, "preview"))
    for shown in (draft.retention_ko, draft.retention_en, draft.refusal_ko, "도입 상담 문의", "Sales inquiry", "직책"):
        assert shown in text

    # Publish.
    assert page_of(draft, "publish") in opened(client, page_of(draft))
    opened(client, page_of(draft, "publish"))
    response = client.post(page_of(draft, "publish"), seen(draft), follow=True)
    draft.refresh_from_db()
    assert draft.is_published
    assert draft.asks_again
    assert draft.digest in response.content.decode()
    consent = Consent.objects.get(pk=consent.pk)
    assert not consent.stands
    assert consent.state == State.SUPERSEDED
    newest = draft.history.first()
    assert newest is not None
    assert newest.history_change_reason == "published"
    assert newest.history_user_id == officer.pk


def test_drafting_twice_opens_the_same_draft(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    assert client.post(to_draft(SALES))["Location"] == client.post(to_draft(SALES))["Location"]
    assert Notice.objects.filter(collection=SALES, published_at=None).count() == 1


@pytest.mark.parametrize("part", ["purpose_ko", "retention_en", "refusal_ko"])
def test_what_is_missing_is_said_and_nothing_is_published(
    part: str, draft: Notice, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, **{part: ""}))
    text = client.get(page_of(draft, "publish")).content.decode()
    assert f"#id_{part}" in text
    assert 'name="seen"' not in text
    response = client.post(page_of(draft, "publish"), seen(draft))
    assert response["Location"] == f"{page_of(draft)}#id_{part}"
    assert [str(message) for message in client.get(page_of(draft)).context["messages"]]
    draft.refresh_from_db()
    assert not draft.is_published


def test_a_draft_that_says_the_same_is_not_published(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    assert client.get(page_of(draft, "publish")).context["refusal"].code == "notice_unchanged"
    client.post(page_of(draft, "publish"), seen(draft))
    draft.refresh_from_db()
    assert not draft.is_published


def test_only_what_the_officer_looked_at_is_published(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, purpose_en="One thing"))
    looked_at = seen(draft)
    client.post(page_of(draft), filled_in(draft, purpose_en="Another thing"))
    assert client.post(page_of(draft, "publish"), looked_at)["Location"] == page_of(draft, "publish")
    assert client.post(page_of(draft, "publish"))["Location"] == page_of(draft, "publish")
    draft.refresh_from_db()
    assert not draft.is_published


def test_publishing_twice_publishes_once(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, purpose_en="One thing"))
    looked_at = seen(draft)
    client.post(page_of(draft, "publish"), looked_at)
    rows = draft.history.count()
    client.post(page_of(draft, "publish"), looked_at)
    assert draft.history.count() == rows


def test_a_colleagues_changes_are_not_overwritten_unseen(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    mine = filled_in(draft, purpose_en="Mine")
    client.post(page_of(draft), filled_in(draft, purpose_en="Theirs"))
    response = client.post(page_of(draft), mine)
    assert response.status_code == 200
    assert "Mine" in response.content.decode()  # nothing typed is lost
    draft.refresh_from_db()
    assert draft.purpose_en == "Theirs"


def test_items_that_stand_for_one_another_are_required_ones(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    changes = {"items-0-choice": "1", "items-0-requirement": "optional"}
    response = signed_in(officer).post(page_of(draft), filled_in(draft, **changes))
    assert response.status_code == 200
    assert response.context["inline_admin_formsets"][0].formset.errors[0]["choice"]


def test_an_item_is_taken_out_of_a_draft(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    first = draft.items.all()[0]
    signed_in(officer).post(page_of(draft), filled_in(draft, **{"items-0-DELETE": "on"}))
    assert not NoticeItem.objects.filter(pk=first.pk).exists()


def test_saving_without_a_change_leaves_no_trace(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    rows = draft.history.count()
    assert signed_in(officer).post(page_of(draft), filled_in(draft)).status_code == 302
    assert draft.history.count() == rows


def test_a_published_notice_cannot_be_changed(officer: Account, signed_in: SignIn) -> None:
    published = notice(SALES)
    client = signed_in(officer)
    text = opened(client, page_of(published))
    assert "<textarea" not in text
    assert published.digest in text
    assert client.post(page_of(published), filled_in(published, purpose_en="Changed")).status_code == 403
    published.refresh_from_db()
    assert published.purpose_en != "Changed"


def test_history_shows_texts_word_by_word(draft: Notice, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, valid_months="7", purpose_en=draft.purpose_en + " More."))
    text = opened(client, page_of(draft, "history"))
    assert "<ins> More.</ins>" in text
    assert officer.staff_name in text
    for row in draft.history.all():
        opened(client, reverse("admin:policy_notice_version", args=[draft.pk, row.history_id]))


def test_history_of_what_a_command_loaded_says_so(officer: Account, signed_in: SignIn) -> None:
    for one in (notice(SALES), collection(SALES), Item.objects.get(pk="email")):
        lines = signed_in(officer).get(page_of(one, "history")).context["lines"]
        assert "load_policy" in lines[-1].by
        assert lines[-1].reason


def test_the_list_tells_drafts_from_versions_in_force_and_replaced_ones(
    draft: Notice, officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, purpose_en="One thing"))
    publishing.publish(draft, actor=staff_acting(officer))
    again = publishing.draft(collection(SALES), actor=staff_acting(officer))

    def listed(**parameters: str) -> list[int]:
        parameters = {"group": "general", "q": "sales_inquiry", **parameters}
        return [one.version for one in client.get(list_of("policy_notice"), parameters).context["cl"].result_list]

    assert listed() == [3, 2, 1]
    assert listed(status="draft") == [again.version]
    assert listed(status="in_force") == [2]
    assert listed(status="replaced") == [1]
    opened(client, list_of("policy_notice"))


def test_pages_take_as_many_queries_for_many_as_for_few(
    draft: Notice, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.post(page_of(draft), filled_in(draft, purpose_en="One thing"))
    pages = [list_of("policy_notice"), page_of(draft.collection), *(page_of(draft, page) for page in PAGES)]
    few = [queries(client, page) for page in pages]
    for code in Item.objects.exclude(pk__in=draft.items.values("item")).values_list("pk", flat=True)[:15]:
        draft.items.create(item_id=code, requirement="optional", name_ko="가", name_en="a", position=50)
    for number in range(12):
        a_consent(a_member(), SALES, company_name="바다물산")
        client.post(page_of(draft), filled_in(draft, purpose_en=f"Thing {number}"))
    assert [queries(client, page) for page in pages] == few


PAGES = ("change", "history", "compare", "preview", "publish")


@pytest.mark.parametrize("model", ["policy_item", "policy_purpose", "policy_collectionmethod", "policy_collection"])
def test_what_the_catalogue_manages_is_there_to_read(model: str, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    opened(client, list_of(model))
    first = client.get(list_of(model)).context["cl"].result_list[0]
    opened(client, page_of(first))
    opened(client, page_of(first, "history"))
    assert client.post(page_of(first), {"name_en": "Changed"}).status_code == 403


@pytest.mark.parametrize("number", ["00000000-0000-0000-0000-000000000000"])
def test_a_notice_that_is_none_is_not_found(number: str, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    for page in ("compare", "preview", "publish"):
        assert client.get(reverse(f"admin:policy_notice_{page}", args=[number])).status_code == 404
    assert client.post(to_draft("no.such")).status_code == 404
    assert client.get(to_draft(SALES)).status_code == 405


@pytest.mark.parametrize("who", ["agent", "auditor"])
def test_others_read_drafts_and_change_nothing(
    who: str, draft: Notice, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    text = opened(client, page_of(draft))
    assert "<textarea" not in text
    assert page_of(draft, "publish") not in text
    assert to_draft(SALES) not in opened(client, page_of(notice(SALES)))
    for page in ("compare", "preview"):
        opened(client, page_of(draft, page))
    assert client.get(page_of(draft, "publish")).status_code == 403
    assert client.post(page_of(draft, "publish"), seen(draft)).status_code == 403
    assert client.post(page_of(draft), filled_in(draft, purpose_en="Changed")).status_code == 403
    assert client.post(to_draft("general.newsletter")).status_code == 403
    draft.refresh_from_db()
    assert draft.purpose_en != "Changed"
    assert not draft.is_published
    assert not Notice.objects.filter(collection="general.newsletter", published_at=None).exists()
