"""A child asks, the parent reads and consents, the child joins; on a phone, and on a desk by paper."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Browser, Page, expect

from members.models import Member, RepresentativeConsent
from tests.browser.test_member_journey import sign_in
from tests.factories import the_agent

pytestmark = pytest.mark.django_db(transaction=True)
START = "/sign-up/under-14/"


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complains of, such as something the content security policy forbids: nothing, at the end."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


def mailed_path() -> str:
    link = re.search(r"http://\S+?(/(?:sign-up|account)/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    return link[1]


def fits(page: Page, width: int) -> bool:
    return int(page.evaluate("document.documentElement.scrollWidth")) <= width


@pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])
def test_the_whole_way_by_email(
    page: Page, browser: Browser, live_server: Any, problems: list[str], language: str, width: int
) -> None:
    def in_language(one: Page) -> Page:
        one.set_viewport_size({"width": width, "height": 844})
        one.context.add_cookies([{"name": "django_language", "value": language, "url": live_server.url}])
        return one

    in_language(page)
    page.goto(f"{live_server.url}/sign-up/")
    page.locator(f"main a[href='{START}']").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator("[name=representative_email]")).to_be_visible()
    expect(page.locator("[name=representative_phone]")).to_be_hidden()
    assert fits(page, width)
    page.locator("[name=representative_name]").fill("이보호")
    page.locator("main form button").click()
    expect(page.locator("[name=representative_name]")).to_have_value("이보호")
    expect(page.locator(".by-email .error")).to_be_visible()
    page.locator("[name=representative_email]").fill("parent@example.com")
    page.locator("main form button").dblclick()
    page.wait_for_url(re.compile("/asked/"))
    assert fits(page, width)
    assert len(mail.outbox) == 1

    # The parent, in another browser: the link is opened, and says yes.
    parent = in_language(browser.new_page())
    parent.goto(live_server.url + mailed_path())
    assert fits(parent, width)
    agree, refuse = parent.locator("button[value=agree]"), parent.locator("button[value=refuse]")
    assert agree.bounding_box()["width"] == refuse.bounding_box()["width"]  # type: ignore[index]
    agree.click()
    join = parent.locator(f"main a[href^='{START}join/']")
    expect(join).to_be_visible()
    assert RepresentativeConsent.objects.get().state == "given"
    join.click()
    for name, value in {
        "email": "child@example.com",
        "password1": "a long enough phrase",
        "name": "최아이",
        "mobile_phone": "010-7777-8888",
        "address": "서울특별시 노원구 동일로 1414",
    }.items():
        parent.locator(f"[name={name}]").fill(value)
    parent.locator("[name=country_of_residence]").select_option("KR")
    assert fits(parent, width)
    used = parent.url
    parent.locator("main form button").last.dblclick()
    parent.wait_for_url(re.compile("/confirm-email/"))
    assert Member.objects.get().representative is not None

    # The link is used up; the child confirms its address and is in.
    page.goto(used)
    expect(page.locator("main [name=email]")).to_have_count(0)
    parent.goto(live_server.url + mailed_path())
    parent.locator("main button").first.click()
    parent.wait_for_url(re.compile("/my/welcome/"))
    parent.goto(f"{live_server.url}/my/account/")
    parent.goto(f"{live_server.url}/my/consents/general.newsletter/")
    expect(parent.locator("button[value=refuse]")).to_be_visible()
    expect(parent.locator("button[value=give]")).to_have_count(0)
    parent.close()


def test_the_paper_is_printed_and_recorded_at_the_desk(page: Page, live_server: Any, problems: list[str]) -> None:
    page.goto(live_server.url + START)
    page.locator("[name=representative_name]").fill("Mary Parent")
    page.locator("[name=way][value=paper]").check()
    page.locator("[name=representative_phone]").fill("010-2222-3333")
    page.locator("main form button").click()
    page.locator(f"main a[href='{START}paper/']").click()
    consent = RepresentativeConsent.objects.get()
    expect(page.get_by_role("main")).to_contain_text(consent.reference)
    page.emulate_media(media="print")
    expect(page.locator("[data-print]")).to_be_hidden()
    page.emulate_media(media="screen")

    the_agent()
    sign_in(page, live_server.url, "desk.agent@cloud.example")
    page.wait_for_url(re.compile("/admin/"))
    page.set_viewport_size({"width": 1280, "height": 900})
    page.goto(f"{live_server.url}/admin/members/representativeconsent/")
    page.get_by_role("link", name=consent.reference).click()
    page.locator("a.record-button-main").click()
    page.locator("[name=delivery]").select_option("by_hand")
    page.locator("[name=on]").fill(f"{consent.asked_at.astimezone():%Y-%m-%d}")
    page.locator("[name=identity]").fill("Family relation certificate seen")
    page.locator(".record-submit button").click()
    expect(page.get_by_role("main")).to_contain_text("/sign-up/under-14/join/")
