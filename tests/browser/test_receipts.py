"""A receipt to keep: on a phone and on a desk, on paper, and as files."""

from __future__ import annotations

import json
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consents.receipts import signing
from consents.receipts.jws import verified
from tests.browser.test_member_journey import sign_in
from tests.factories import a_consent, a_member

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])
def test_a_member_opens_saves_and_prints_a_receipt(page: Page, live_server: Any, language: str, width: int) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    member = a_member("keeps@example.com", language=language)
    a_consent(member, "general.newsletter", without=("company_name",))
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "keeps@example.com")
    page.goto(f"{live_server.url}/my/consents/general.newsletter/")
    page.locator("a[href$='/receipt/']").click()
    expect(page.locator("html")).to_have_attribute("lang", language)
    expect(page.locator(".receipt")).to_contain_text(str(member.pk))
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    assert page.locator("h1").count() == 1

    with page.expect_download() as saved:
        page.locator("a[href='?format=signed']").click()
    assert saved.value.suggested_filename.endswith(".jws")
    content = json.loads(verified(saved.value.path().read_text(), signing.public_keys()).content)
    assert content["consent_record"]["pii_principal_id"] == f"urn:uuid:{member.pk}"
    with page.expect_download() as saved:
        page.locator("a[href='?format=kantara']").click()
    assert json.loads(saved.value.path().read_text())["version"] == "KI-CR-v1.1.0"

    page.evaluate("window.print = () => (document.title = 'printed')")
    page.locator("[data-print]").click()
    assert page.title() == "printed"
    page.emulate_media(media="print")
    expect(page.locator(".receipt")).to_be_visible()
    for gone in (".bar", ".foot", ".crumb", "[data-print]", "a[href='?format=signed']"):
        expect(page.locator(gone)).to_be_hidden()
    page.emulate_media(media="screen")

    # The text of the version that was agreed to is one click away.
    page.locator(".receipt a[href*='#version-1']").click()
    expect(page.locator("#version-1")).to_be_in_viewport()
    assert problems == []
