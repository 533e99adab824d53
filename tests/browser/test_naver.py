"""Joining with NAVER when it passes on no mobile number, and linking it later, through the stand-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from members.models import Member, NaverLink, NaverUnlinking
from tests.factories import PASSWORD, a_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def address(live_server: Any, settings: Any) -> str:
    """The portal's address, where its own stand-in plays NAVER."""
    settings.BASE_URL = live_server.url
    settings.NAVER_AUTHORIZE_URL = f"{live_server.url}/demo/naver/oauth2.0/authorize"
    settings.NAVER_TOKEN_URL = f"{live_server.url}/demo/naver/oauth2.0/token"
    settings.NAVER_PROFILE_URL = f"{live_server.url}/demo/naver/v1/nid/me"
    return live_server.url


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complains of, such as something the content security policy forbids: nothing, at the end."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.mark.parametrize(("language", "width"), [("en", 390), ("ko", 1280)])
def test_joining_with_naver_without_a_mobile_number_asks_for_it_and_later_naver_signs_in(
    page: Page, address: str, problems: list[str], language: str, width: int
) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.goto(f"{address}/account/login/")
    if page.locator("html").get_attribute("lang") != language:
        page.locator(f"button[name=language][value={language}]").click()
    page.locator("button.naver").click()

    # Cancelled at NAVER: told, and nothing is kept.
    page.locator("button[value=cancel]").click()
    expect(page.locator(".note.bad")).to_be_visible()
    assert not Member.objects.exists()

    page.locator("button.naver").click()
    page.locator("input[value=without_mobile]").check()
    page.locator("button[value=agree]").click()
    page.wait_for_url(f"{address}/sign-up/naver/")
    expect(page.locator("main")).to_contain_text("윤*준")
    expect(page.locator("main")).to_contain_text("NAVER" if language == "en" else "네이버")
    assert "윤하준" not in page.content()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    # The mobile number is asked for; without it nobody joins.
    expect(page.locator("[name=name]")).to_be_hidden()
    page.locator("[name=age][value='14_or_over']").check()
    page.locator("button[form=join]").click()
    expect(page.locator("#id_mobile_phone_error")).to_be_visible()
    assert not Member.objects.exists()
    page.locator("[name=mobile_phone]").fill("010-2718-2818")
    page.locator("button[form=join]").click()
    page.wait_for_url(re.compile("confirm-email"))
    link = re.search(r"http://\S+", str(mail.outbox[-1].body))
    assert link is not None
    page.goto(link[0])
    page.locator("main form button").click()
    page.wait_for_url(re.compile("/my/welcome/"))
    member = Member.objects.get()
    assert member.mobile_phone.open() == "+821027182818"

    # Another day, on another device.
    page.context.clear_cookies()
    page.goto(f"{address}/account/login/?next=/my/account/")
    page.locator("button.naver").click()
    page.locator("input[value=without_mobile]").check()
    page.locator("button[value=agree]").click()
    page.wait_for_url(f"{address}/my/account/")

    # NAVER proves that it is them; but as the only way in it cannot be unlinked.
    page.locator("a[href='/my/account/naver/']").click()
    page.locator("button.naver").click()
    page.locator("input[value=without_mobile]").check()
    page.locator("button[value=agree]").click()
    page.wait_for_url(f"{address}/my/account/naver/")
    expect(page.locator("a[href='/account/password/reset/']")).to_be_visible()
    expect(page.locator("form[action='/my/account/naver/unlink/']")).to_have_count(0)


def test_a_member_links_naver_signs_in_with_it_and_unlinks_it(page: Page, address: str, problems: list[str]) -> None:
    member = a_member("seoyeon.park@example.com", name="박서연")
    page.goto(f"{address}/account/login/")
    page.locator("button.naver").click()
    page.locator("input[value=member_already]").check()
    page.locator("button[value=agree]").click()

    # The account there was before is proved first.
    page.locator("a[href='/my/account/naver/']").click()
    page.locator("[name=login]").fill("seoyeon.park@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form.card button").click()
    page.wait_for_url(re.compile("/account/reauthenticate/"))
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form.card button").click()
    page.locator("form[action='/my/account/naver/link-waiting/'] button").click()
    page.wait_for_url(f"{address}/my/account/")
    assert NaverLink.objects.get().account == member.account

    page.locator("a[href='/my/account/naver/']").click()
    page.locator("form[action='/my/account/naver/unlink/'] button").click()
    page.wait_for_url(f"{address}/my/account/")
    expect(page.locator(".note.good")).to_be_visible()
    assert NaverUnlinking.objects.get().outcome == "proved"
    assert Member.objects.count() == 1
