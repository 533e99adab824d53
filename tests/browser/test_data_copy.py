"""Asking for a copy of everything held, seeing how far it is, and downloading it, on a phone and on a desk."""

from __future__ import annotations

import json
import re
from typing import Any
from zipfile import ZipFile

import pytest
from playwright.sync_api import Page, expect

from requests.copies import making
from requests.copies.models import DataCopy
from tests.browser.test_requests import sign_in
from tests.factories import PASSWORD, a_consent, a_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])
def test_a_copy_is_asked_for_made_and_downloaded(
    page: Page, live_server: Any, monkeypatch: pytest.MonkeyPatch, language: str, width: int
) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    make, queued = making.make, list[str]()

    class Queue:
        def enqueue(self, copy_id: str) -> None:
            queued.append(copy_id)

    monkeypatch.setattr(making, "make", Queue())
    member = a_member("copy@example.com", language=language, name="김하늘")
    a_consent(member, "general.newsletter", company_name="하늘상사")
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "copy@example.com")
    page.locator(".tabs a[href='/my/data/']").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    page.locator("main a[href='/my/data/copy/']").click()
    page.locator("main a[href='/my/data/copy/ask/']").click()

    # Who asks proves once more that it is them, and comes back.
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile("/my/data/copy/ask/"))
    page.locator("main form button").dblclick()
    page.wait_for_url(re.compile("/my/data/copy/$"))
    expect(page.locator("progress")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth") <= width

    # It is made in the background; the page sees it by itself, and is not reloaded for it.
    DataCopy.objects.update(state="being_made", parts_done=6, parts_total=13)
    expect(page.locator("progress")).to_have_attribute("value", "46")
    DataCopy.objects.update(state="asked")
    assert len(queued) == 1
    make.call(queued[0])
    download = page.locator("main a[href$='/']", has=page.locator("xpath=self::*[contains(@class, 'button-link')]"))
    expect(page.locator("progress")).to_have_count(0)
    with page.expect_download() as downloading:
        download.click()
    with ZipFile(downloading.value.path()) as archive:
        assert archive.testzip() is None
        values = json.loads(archive.read("data.json"))["values"]
        assert "하늘상사" in [one["value"] for one in values]
    assert downloading.value.suggested_filename.startswith("my-data-")
    assert problems == []


def test_without_scripts_the_page_is_loaded_again(browser: Any, live_server: Any) -> None:
    member = a_member("plain@example.com", language="en")
    DataCopy.objects.create(member=member, language="en")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    sign_in(page, live_server.url, "plain@example.com")
    page.goto(f"{live_server.url}/my/data/copy/")
    expect(page.locator("progress")).to_be_visible()
    DataCopy.objects.update(state="failed")
    page.get_by_role("link", name="See how far it is").click()
    expect(page.get_by_role("heading", name="The copy could not be made")).to_be_visible()
    context.close()
