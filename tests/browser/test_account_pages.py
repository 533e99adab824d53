"""The pages round signing in, as a browser and its password manager see them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from tests.factories import PASSWORD, a_member

pytestmark = pytest.mark.django_db(transaction=True)
EVERYWHERE = pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complains of, such as something the content security policy forbids: nothing, at the end."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert [one for one in found if "status of 4" not in one] == []


def in_language(page: Page, address: str, language: str, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 844})
    page.context.add_cookies([{"name": "django_language", "value": language, "url": address}])


def last_link(pattern: str) -> str:
    found = re.search(rf"https?://[^/\s]+({pattern}\S+)", str(mail.outbox[-1].body))
    assert found is not None
    return found[1]


@EVERYWHERE
def test_the_pages_round_signing_in_fit_and_are_told_to_password_managers(
    page: Page, live_server: Any, problems: list[str], language: str, width: int
) -> None:
    a_member("alice@example.com", language=language)
    in_language(page, live_server.url, language, width)

    def look() -> None:
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    def goes_to(path: str) -> None:
        page.goto(live_server.url + path)
        look()

    goes_to("/account/login/")
    assert page.locator("[name=login]").get_attribute("autocomplete") == "username"
    password = page.locator("[name=password]")
    assert password.get_attribute("autocomplete") == "current-password"
    page.locator("[name=login]").fill("alice@example.com")
    password.fill("wrong")
    page.locator("[data-shows]").check()
    expect(password).to_have_attribute("type", "text")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()
    expect(password).to_have_attribute("type", "password")
    look()

    goes_to("/sign-up/individual/")
    assert page.locator("[name=password1]").get_attribute("autocomplete") == "new-password"
    page.locator("[name=password1]").fill("password12")
    page.locator("[name=email]").fill("nothing")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()
    look()

    goes_to("/account/password/reset/")
    page.locator("[name=email]").fill("alice@example.com")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile("/done/"))
    look()
    link = last_link("/account/password/reset/key/")
    goes_to(link)
    page.locator("[name=password1]").fill("12345")
    page.locator("main button[type=submit]").first.click()
    page.wait_for_load_state()
    look()
    page.locator("[name=password1]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile("/key/done/"))
    look()
    goes_to(link)
    expect(page.locator("[name=password1]")).to_have_count(0)
    expect(page.locator("main a[href='/account/password/reset/']")).to_be_visible()
    for path in (
        "/account/inactive/",
        "/account/confirm-email/",
        "/account/confirm-email/x:y:z/",
        "/account/address/x/",
        "/sign-up/",
    ):
        goes_to(path)


@EVERYWHERE
def test_an_address_is_changed(page: Page, live_server: Any, problems: list[str], language: str, width: int) -> None:
    a_member("alice@example.com", language=language)
    in_language(page, live_server.url, language, width)

    def look() -> None:
        expect(page.locator("html")).to_have_attribute("lang", language)
        assert page.evaluate("document.documentElement.scrollWidth") <= width

    page.goto(f"{live_server.url}/account/login/")
    page.locator("[name=login]").fill("alice@example.com")
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile("/my/"))
    page.goto(f"{live_server.url}/my/account/")
    look()
    page.locator("main a[href='/my/account/address/']").click()
    page.wait_for_url(re.compile("/reauthenticate/"))
    look()
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").first.click()
    page.wait_for_url(re.compile("/my/account/address/"))
    look()
    page.locator("[name=email]").fill("haneul@new.example.com")
    page.locator("main button[type=submit]").first.click()
    expect(page.locator("main button[value=stop]")).to_be_visible()
    look()
    old, new = (
        re.search(r"(/account/address/\S+)", str(next(one for one in mail.outbox if one.to == [to]).body))
        for to in ("alice@example.com", "haneul@new.example.com")
    )
    assert old is not None
    assert new is not None
    page.goto(live_server.url + new[1])
    look()
    page.locator("main button[value=confirm]").click()
    expect(page.locator("main button[value=confirm]")).to_have_count(0)
    look()
    page.goto(live_server.url + old[1])
    look()
    page.locator("main button[value=confirm]").click()
    expect(page.locator("main a[href='/my/account/']")).to_be_visible()
    look()
