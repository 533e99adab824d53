"""An officer adds a service, makes its key and revokes it; and the page that describes the door is readable."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from consents.services import keys
from members.staff import PRIVACY_OFFICER
from privacy_portal.clock import now
from tests import second_factor
from tests.browser.test_member_journey import sign_in
from tests.factories import a_staff_account

pytestmark = pytest.mark.django_db(transaction=True)


def test_an_officer_adds_a_service_makes_its_key_and_revokes_it(page: Page, live_server: Any) -> None:
    address = live_server.url
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    sign_in(page, address, "officer@cloud.example")
    page.goto(f"{address}/admin/consents/serviceclient/")
    page.get_by_role("link", name="Add a service").click()
    page.get_by_label("Name").fill("billing")
    page.get_by_label("ask whether items may be used").check()
    page.get_by_role("button", name="Add the service").click()
    page.locator("#result_list").get_by_role("link", name="billing").click()
    page.get_by_role("link", name="Make a key").click()
    page.wait_for_url(re.compile("/reauthenticate/"))
    page.get_by_label("Code").fill(second_factor.code_of(officer))
    page.get_by_role("button", name="Go on").click()
    page.get_by_role("button", name="Make the key").click()
    key = page.get_by_label("Key", exact=True)
    expect(key).to_be_visible()
    token = key.input_value()
    assert keys.recognised(token, at=now()) is not None
    page.get_by_role("link", name="Back").click()
    page.get_by_role("button", name=f"Revoke the key {token[:12]}").click()
    expect(page.get_by_text("The key is revoked.")).to_be_visible()
    assert keys.recognised(token, at=now()) is None


def test_the_door_describes_itself_without_a_key(page: Page, live_server: Any) -> None:
    refused: list[str] = []
    page.on("console", lambda message: refused.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_server.url}/api/v1/docs/")
    page.get_by_role("link", name="POST /api/v1/consents/check").click()
    expect(page.get_by_role("heading", name="The same of up to 1,000 questions")).to_be_in_viewport()
    for width in (390, 1280):
        page.set_viewport_size({"width": width, "height": 844})
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert refused == []
