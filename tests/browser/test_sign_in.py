"""Signing in as a person does it: the app, a passkey, the warning before a session ends, and what was typed."""

from __future__ import annotations

import time
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from members.models import Account
from members.second_factor import factors
from members.staff import PRIVACY_OFFICER
from privacy_portal.serving.code import code_at
from tests.browser.test_member_journey import sign_in
from tests.factories import PASSWORD, a_member, a_staff_account

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in_by_password(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/account/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()


def test_a_new_colleague_sets_an_app_up_and_comes_to_the_admin(page: Page, live_server: Any) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    sign_in_by_password(page, live_server.url, "officer@cloud.example")
    expect(page.get_by_text("Before the admin opens, please set up a second factor.")).to_be_visible()
    page.get_by_role("link", name="Set up an app").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    secret = page.locator("code.key").inner_text()
    assert page.locator("img.qr").evaluate("image => image.naturalWidth") > 0, "the picture loads under the CSP"
    page.get_by_label("Code that the app shows").fill(code_at(secret, time.time()))
    page.get_by_role("button", name="Set it up").click()
    expect(page.locator(".codes li")).to_have_count(10)
    with page.expect_download() as download:
        page.get_by_role("link", name="Save them as a file").click()
    assert len(download.value.path().read_text().split()) == 10
    page.get_by_role("link", name="I have kept them: go on").click()
    page.wait_for_url("**/admin/")
    assert factors.app_secret(officer) == secret
    assert problems == []


def test_a_passkey_is_made_named_used_and_removed(page: Page, live_server: Any) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    address = live_server.url.replace("127.0.0.1", "localhost")
    alice = a_member("alice@example.com", language="en")
    devices = page.context.new_cdp_session(page)
    devices.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasUserVerification": True, "isUserVerified": True}
    options |= {"automaticPresenceSimulation": True, "hasResidentKey": True}
    devices.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    sign_in_by_password(page, address, "alice@example.com")
    page.goto(f"{address}/my/account/")
    page.get_by_role("link", name="Set up a second factor").click()
    page.get_by_role("link", name="Add a passkey").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()
    page.get_by_label("Name of the passkey").fill("Laptop")
    page.get_by_role("button", name="Add a passkey").click()
    expect(page.locator(".codes li")).to_have_count(10)
    page.goto(f"{address}/account/2fa/passkeys/")
    expect(page.get_by_role("strong").get_by_text("Laptop", exact=True)).to_be_visible()
    page.get_by_role("link", name="Rename Laptop").click()
    again = page.get_by_role("button", name="Use my passkey")
    page.wait_for_load_state()
    if again.is_visible():
        again.click()
    page.get_by_label("Name of the passkey").fill("Work laptop")
    page.get_by_role("button", name="Keep this name").click()
    expect(page.get_by_role("strong").get_by_text("Work laptop", exact=True)).to_be_visible()
    page.get_by_role("banner").get_by_role("button", name="Sign out").click()

    sign_in_by_password(page, address, "alice@example.com")
    page.get_by_role("button", name="Use my passkey").click()
    page.wait_for_url("**/my/")
    page.goto(f"{address}/account/2fa/passkeys/")
    page.get_by_role("link", name="Remove Work laptop").click()
    again = page.get_by_role("button", name="Use my passkey")
    page.wait_for_load_state()
    if again.is_visible():
        again.click()
    page.get_by_role("button", name="Remove the passkey").click()
    expect(page.get_by_text("You have no passkey yet.")).to_be_visible()
    assert alice.account is not None
    assert not factors.has_second_factor(Account.objects.get(pk=alice.account.pk))
    assert problems == []


def test_a_page_warns_and_goes_on_when_asked_to(page: Page, live_server: Any, settings: Any) -> None:
    settings.IDLE_MINUTES_STAFF = 0.2  # twelve seconds, of which the last four with a warning
    a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    sign_in(page, live_server.url, "officer@cloud.example")
    page.wait_for_url("**/admin/")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_be_visible(timeout=15_000)
    expect(dialog.get_by_role("button", name="Stay signed in")).to_be_focused()
    dialog.get_by_role("button", name="Stay signed in").click()
    expect(dialog).to_be_hidden()
    page.goto(f"{live_server.url}/admin/members/member/")
    expect(page.get_by_role("heading", name="Members")).to_be_visible()


def test_what_was_typed_stays_and_is_sent_after_signing_in_again(page: Page, live_server: Any, settings: Any) -> None:
    a_member("alice@example.com", language="en")
    sign_in(page, live_server.url, "alice@example.com")
    page.wait_for_url("**/my/**")
    settings.IDLE_MINUTES_MEMBERS = 0.1
    page.goto(f"{live_server.url}/my/requests/new/general_inquiry/")
    question = page.locator("textarea").first
    question.fill("When does my contract end?")
    dialog = page.get_by_role("alertdialog")
    expect(dialog).to_contain_text("You were signed out", timeout=15_000)
    settings.IDLE_MINUTES_MEMBERS = 30
    assert question.input_value() == "When does my contract end?"

    dialog.get_by_role("button", name="I am signed in again").click()
    expect(dialog.get_by_text("You are not signed in yet.")).to_be_visible()
    with page.context.expect_page() as opened:
        dialog.get_by_role("link", name="Sign in in a new tab").click()
    tab = opened.value
    tab.get_by_label("E-mail address").fill("alice@example.com")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", name="You are signed in again")).to_be_visible()
    tab.close()
    page.bring_to_front()
    if dialog.is_visible():
        dialog.get_by_role("button", name="I am signed in again").click()
    expect(dialog).to_be_hidden()
    assert question.input_value() == "When does my contract end?"
    page.get_by_role("button", name="Keep it and go on later").click()
    expect(page.get_by_text("We keep what you typed.")).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("textarea").first).to_have_value("When does my contract end?")


def test_somebody_else_who_signed_in_does_not_send_what_another_typed(
    page: Page, live_server: Any, settings: Any
) -> None:
    a_member("alice@example.com", language="en")
    a_member("charlie@example.com", language="en")
    sign_in(page, live_server.url, "alice@example.com")
    page.goto(f"{live_server.url}/my/requests/new/general_inquiry/")
    page.locator("textarea").first.fill("Mine alone")
    other = page.context.new_page()
    other.goto(live_server.url)
    other.get_by_role("button", name="Sign out").first.click()
    sign_in(other, live_server.url, "charlie@example.com")
    other.wait_for_url("**/my/**")
    page.bring_to_front()
    page.evaluate("window.dispatchEvent(new Event('focus'))")
    expect(page.get_by_role("alertdialog")).to_contain_text("Somebody else is signed in")


def test_a_form_sent_after_the_end_waits_to_be_sent_again(page: Page, live_server: Any, settings: Any) -> None:
    a_member("alice@example.com", language="en")
    sign_in(page, live_server.url, "alice@example.com")
    page.wait_for_url("**/my/**")
    page.goto(f"{live_server.url}/my/requests/new/general_inquiry/")
    page.locator("textarea").first.fill("When does my contract end?")
    settings.IDLE_MINUTES_MEMBERS = 0.001  # the portal ends it, and the page does not know yet
    page.get_by_role("button", name="Keep it and go on later").click()
    expect(page.get_by_role("heading", name="You were signed out")).to_be_visible()
    settings.IDLE_MINUTES_MEMBERS = 30
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Sign in in a new tab").click()
    tab = opened.value
    tab.get_by_label("E-mail address").fill("alice@example.com")
    tab.get_by_label("Password").fill(PASSWORD)
    tab.get_by_role("main").get_by_role("button", name="Sign in").click()
    expect(tab.get_by_role("heading", name="You are signed in again")).to_be_visible()
    page.get_by_role("button", name="I am signed in again: send it").click()
    expect(page.get_by_text("We keep what you typed.")).to_be_visible()
    page.get_by_role("link", name="Continue").click()
    expect(page.locator("textarea").first).to_have_value("When does my contract end?")
