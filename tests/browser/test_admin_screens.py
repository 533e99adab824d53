"""The admin in a browser: its toolkit works under the content security policy, pages fit, the search is discreet."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.urls import reverse
from playwright.sync_api import Page, expect

from consents.models import Consent, State
from consents.withdrawal import withdraw
from members.staff import PRIVACY_OFFICER
from privacy_portal.audit.models import AccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.clock import now
from privacy_portal.policy import publishing
from tests.browser.test_member_journey import sign_in
from tests.factories import a_consent, a_member, a_staff_account, acting, collection, staff_acting
from tests.in_admin import list_of, page_of

SEEN = {"actor_kind": "staff", "what": "view", "page": "x", "at": datetime(2026, 10, 15, tzinfo=UTC)}
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_is_too_wide_or_breaks_the_policy_of_its_content(width: int, page: Page, live_server: Any) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    member = a_member(
        "long@example.com", name="가나다라마바사아자차카타파하" * 7, address="서울특별시 " + "긴이름" * 40
    )
    consent = a_consent(member, "general.newsletter", company_name="하늘상사")
    event = withdraw(consent, language="ko", actor=acting(member))
    draft = publishing.draft(collection("general.newsletter"), actor=staff_acting(officer))
    record = f"/admin/consents/consent/record/?member={member.pk}"
    pages = ["/admin/", *(list_of(model) for model in ("members_member", "consents_consent", "policy_notice"))]
    pages += [page_of(one) for one in (member, officer, consent, event, draft, draft.collection)]
    pages += [
        page_of(consent, "history"),
        page_of(draft, "compare"),
        page_of(draft, "preview"),
        page_of(draft, "publish"),
    ]
    pages += [record, f"{record}&collection=general.sales_inquiry&said=consent"]
    pages += [list_of("audit_accessentry"), reverse("admin:audit_reveal_now"), list_of("audit_accessreview")]
    pages += [
        f"{reverse('admin:audit_reveal_new')}?person={member.pk}",
        page_of(AccessEntry.objects.create(data_key=key_for(now()), **SEEN)),
    ]
    pages += [reverse("admin:audit_accessreview_month", args=[2026, 10])]
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "officer@cloud.example")
    for path in pages:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert problems == []


def test_an_officer_finds_a_member_and_records_a_withdrawal(page: Page, live_server: Any) -> None:
    a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    consent = a_consent(a_member("alice@example.com", name="김하늘"), "general.newsletter", company_name="하늘상사")
    a_member(name="이서준")
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    sign_in(page, live_server.url, "officer@cloud.example")

    page.get_by_role("link", name="Members").first.click()
    page.get_by_label("Exact search").fill("김하늘")
    page.get_by_role("button", name="Find").click()
    expect(page.get_by_text("Only what you searched for is listed.")).to_be_visible()
    page.get_by_role("link", name="김*늘").click()
    page.get_by_role("link", name="Record a consent or withdrawal").click()
    page.get_by_role("link", name="Record a withdrawal: Newsletter").click()
    page.get_by_label("How it reached us").select_option("phone")
    page.get_by_label("Date").fill(page.evaluate("new Date().toLocaleDateString('sv', {timeZone: 'Asia/Seoul'})"))
    page.get_by_role("button", name="Record a withdrawal").click()
    expect(page.get_by_text("Recorded: Newsletter")).to_be_visible()

    consent.refresh_from_db()
    assert consent.state == State.WITHDRAWN
    assert Consent.objects.count() == 1
    assert not [url for url in asked if "%EA%B9%80" in url or "김" in url]


def test_filters_and_new_items_work_with_the_toolkits_own_script(page: Page, live_server: Any) -> None:
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    a_member(name="김하늘")
    draft = publishing.draft(collection("general.newsletter"), actor=staff_acting(officer))
    sign_in(page, live_server.url, "officer@cloud.example")

    page.goto(live_server.url + list_of("members_member"))
    page.get_by_role("button", name="Filters").click()
    page.locator("input[name=joined_at_to]").fill("2020-01-01")
    page.get_by_role("button", name="Apply Filters").click()
    expect(page.get_by_text("0 members")).to_be_visible()

    page.goto(live_server.url + page_of(draft))
    rows = draft.items.count()
    page.get_by_text("Add another").click()
    page.locator(f"select[name=items-{rows}-item]").select_option("job_title")
    page.locator(f"select[name=items-{rows}-requirement]").select_option("optional")
    page.get_by_role("button", name="Save", exact=True).click()
    page.wait_for_load_state("networkidle")
    assert draft.items.get(item="job_title").position == rows
