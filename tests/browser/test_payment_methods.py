"""A card from adding to removing, as a member does it, on a phone and on a desk; and a business with its documents."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from members.models import PaymentMethod
from tests.browser.test_requests import a_scan, problems, sign_in
from tests.factories import a_business, a_member
from tests.paying import NEVER

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["problems"]
LIST = "/my/payment-methods/"


def fits(page: Page, width: int) -> None:
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert [number for number in NEVER if number in page.content()] == []


@pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])
def test_a_card_is_added_shown_masked_and_removed(
    page: Page, live_server: Any, problems: list[str], language: str, width: int
) -> None:
    a_member("card@example.com", language=language)
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "card@example.com")
    page.locator(".tabs a[href='/my/account/']").click()
    page.locator(f"main a[href='{LIST}']").click()
    page.locator(f"a[href='{LIST}add/card/']").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".tabs a[aria-current]")).to_have_attribute("href", "/my/account/")

    # A typing error: told beside the number, which has to be typed again, while the rest stays.
    page.locator("[name=birth_date]").fill("1990-05-31")
    page.locator("[name=card_number]").fill("4111 1111 1111 1112")
    page.locator("[name=card_expiry]").fill("0833")
    page.locator("main form button").click()
    expect(page.locator("#id_card_number_error")).to_be_visible()
    expect(page.locator("[name=card_number]")).to_have_value("")
    expect(page.locator("[name=card_expiry]")).to_have_value("0833")
    fits(page, width)

    page.locator("[name=card_number]").fill("4111 1111-1111 1111")
    page.locator("main form button").click()
    page.wait_for_url(f"**{LIST}")
    expect(page.get_by_role("main")).to_contain_text("4111-11**-****-1111")
    fits(page, width)

    page.locator("a[href$='/remove/']").click()
    fits(page, width)
    page.locator("main form button").dblclick()
    page.wait_for_url(f"**{LIST}")
    expect(page.get_by_role("main")).not_to_contain_text("4111")
    assert PaymentMethod.objects.get().ended_at is not None


@pytest.mark.parametrize(("language", "width"), [("ko", 1280), ("en", 390)])
def test_a_business_adds_its_account_and_its_documents(
    page: Page, live_server: Any, problems: list[str], language: str, width: int
) -> None:
    a_business("biz@example.com", language=language)
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "biz@example.com")
    page.goto(f"{live_server.url}{LIST}add/account/")
    page.locator("[name=business_registration_number]").fill("123-45-67891")
    page.locator("[name=bank_name]").select_option("088")
    page.locator("[name=account_number]").fill("110-234567-89012")
    page.locator("main form button").click()
    page.wait_for_url(f"**{LIST}")
    expect(page.get_by_role("main")).to_contain_text("*******9012")

    page.locator(f"a[href='{LIST}add/business-documents/']").click()
    page.locator("[name=ceo_name]").fill("남궁대표")
    page.locator("[name=business_registration_number]").fill("123-45-67891")
    page.locator("input[type=file]").set_input_files(a_scan("사업자등록증.jpg"))
    page.locator("main form button").click()
    page.wait_for_url(re.compile(f"{LIST}$"))
    expect(page.get_by_role("main")).to_contain_text("사업자등록증.jpg")
    fits(page, width)
    page.goto(f"{live_server.url}/my/data/")
