"""Pages fit a phone, work by keyboard, and run nothing the content security policy forbids."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page, expect

from tests.browser.test_member_journey import sign_in
from tests.factories import a_consent, a_member

pytestmark = pytest.mark.django_db(transaction=True)

PUBLIC = ["/", "/sign-up/", "/sign-up/individual/", "/sign-up/business/", "/account/login/", "/policy/", "/nowhere/"]
MY = [
    "/my/",
    "/my/consents/",
    "/my/consents/general.newsletter/",
    "/my/consents/general.newsletter/receipt/",
    "/my/consents/general.sales_inquiry/",
    "/my/data/",
]


def test_no_page_is_wider_than_a_phone_or_breaks_the_policy_of_its_content(page: Page, live_server: Any) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    long_name = "가나다라마바사아자차카타파하" * 7
    member = a_member("long@example.com", name=long_name, address="서울특별시 " + "아주긴도로이름" * 20)
    a_consent(member, "general.newsletter", company_name="하늘상사")
    page.set_viewport_size({"width": 390, "height": 844})
    for path in [*PUBLIC, None, *MY]:
        if path is None:
            sign_in(page, live_server.url, "long@example.com")
            continue
        page.goto(live_server.url + path)
        for language in ("ko", "en"):
            button = page.locator(f"button[name=language][value={language}]")
            if button.count():
                with page.expect_navigation():
                    button.click()
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, (path, language, width)
            assert page.locator("h1").count() == 1, path
    assert [problem for problem in problems if "404" not in problem] == []


def test_a_consent_can_be_given_with_the_keyboard_alone(page: Page, live_server: Any) -> None:
    a_member("keys@example.com", language="en")
    sign_in(page, live_server.url, "keys@example.com")
    page.goto(f"{live_server.url}/my/consents/general.newsletter/")
    for _step in range(40):
        page.keyboard.press("Tab")
        focused = page.evaluate("document.activeElement.name || document.activeElement.innerText")
        if focused in ("agree_name", "agree_email"):
            page.keyboard.press("Space")
        if page.evaluate("document.activeElement.value") == "give":
            page.keyboard.press("Enter")
            break
    expect(page.get_by_role("button", name="Withdraw this consent")).to_be_visible()


def test_a_double_click_gives_one_consent(page: Page, live_server: Any) -> None:
    from consents.models import ConsentEvent

    a_member("twice@example.com", language="en")
    sign_in(page, live_server.url, "twice@example.com")
    page.goto(f"{live_server.url}/my/consents/services.workplace.work_clock_in_out/")
    page.get_by_role("checkbox").check()
    page.get_by_role("button", name="Give this consent").dblclick()
    expect(page.get_by_role("button", name="Withdraw this consent")).to_be_visible()
    assert ConsentEvent.objects.count() == 1
