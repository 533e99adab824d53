"""A member's way through the portal, and what an officer sees of it afterwards."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import unquote

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from consents.models import Consent, ConsentEvent
from members.addresses import account_with
from members.staff import PRIVACY_OFFICER
from tests import second_factor
from tests.factories import PASSWORD, a_staff_account

pytestmark = pytest.mark.django_db(transaction=True)


def sign_in(page: Page, address: str, email: str) -> None:
    """Sign in by the page; staff with their second factor, which they are given if they have none."""
    account = account_with(email)
    if account is not None and account.is_staff:
        second_factor.an_app(account)
    page.goto(f"{address}/account/login/")
    page.get_by_label("E-mail address").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Sign in").click()
    if account is not None and account.is_staff:
        page.get_by_label("Code").fill(second_factor.code_of(account))
        page.get_by_role("main").get_by_role("button", name="Sign in", exact=True).click()


def test_joining_giving_two_consents_withdrawing_one_and_the_officer_sees_it_all(page: Page, live_server: Any) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    address = live_server.url

    # Join, leaving something out first: it is told, and nothing typed is lost.
    page.goto(address)
    page.get_by_role("main").get_by_role("link", name="Join").click()
    page.get_by_role("link", name="A person").click()
    page.get_by_label("I am 14 or older").check()
    page.get_by_label("E-mail address").fill("Mina.Kim@Example.com ")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Country of residence").select_option("KR")
    page.get_by_label("Name", exact=True).fill("김미나")
    page.get_by_label("Mobile phone number").fill("010 1234")
    page.get_by_label("Address", exact=True).fill("서울특별시 종로구 사직로 161")
    page.get_by_role("main").get_by_role("button", name="Join").click()
    expect(page.get_by_text("This is not a telephone number")).to_be_visible()
    expect(page.get_by_label("Name", exact=True)).to_have_value("김미나")
    page.get_by_label("Mobile phone number").fill("010 1234 5678")
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("main").get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()

    # Confirm the address by the mailed link.
    link = re.search(r"http://\S+", str(mail.outbox[-1].body))
    assert link is not None
    page.goto(link[0])
    page.get_by_role("button", name="This address is mine").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()

    # Give two consents, one with its optional item declined.
    page.get_by_role("link", name=re.compile("^Newsletter")).click()
    page.get_by_label("Name", exact=False).first.check()
    page.get_by_label("E-mail address").check()
    page.get_by_role("button", name="Give this consent").click()
    expect(page.get_by_text("You gave this consent. You can withdraw it here at any time.")).to_be_visible()
    expect(page.get_by_text("Declined")).to_be_visible()

    page.get_by_role("link", name="My consents").first.click()
    page.get_by_role("link", name=re.compile("^Hello subscription")).click()
    expect(page.get_by_role("textbox")).to_be_hidden()
    page.get_by_role("checkbox", name="Nickname").check()
    page.get_by_role("textbox").fill("미나리")
    page.get_by_role("button", name="Give this consent").click()
    expect(page.get_by_text("You gave this consent. You can withdraw it here at any time.")).to_be_visible()

    # Withdraw it again: one click, and the page says what is gone.
    page.get_by_role("button", name="Withdraw this consent").click()
    expect(page.get_by_role("heading", name="What was destroyed")).to_be_visible()
    expect(page.get_by_role("main")).to_contain_text("Nickname")
    page.get_by_role("link", name="My data").click()
    expect(page.get_by_text("mi******@example.com")).to_be_visible()
    expect(page.get_by_text("미나리")).to_have_count(0)
    page.get_by_role("button", name="Show Name").click()
    expect(page.get_by_text("김미나")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()

    assert sorted(ConsentEvent.objects.values_list("kind", flat=True)) == ["given", "given", "withdrawn"]
    assert Consent.objects.get(collection="general.newsletter").items == ["email", "name"]

    # The officer finds the member by name and sees all of it, masked.
    a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    sign_in(page, address, "officer@cloud.example")
    page.goto(f"{address}/admin/members/member/")
    page.get_by_role("search").get_by_role("textbox").fill("김미나")
    page.keyboard.press("Enter")
    found = page.get_by_role("link", name=re.compile(r"김\*나"))
    expect(found).to_have_count(1)
    assert "김미나" not in page.content()
    assert "김미나" not in unquote(page.url)
    found.click()
    for sentence in ("Newsletter", "Hello subscription", "withdrawn", "given"):
        expect(page.locator("#content, main").get_by_text(sentence).first).to_be_visible()
    page.get_by_role("link", name="Hello subscription").first.click()
    for sentence in ("Nickname", "destroyed", "withdrawn"):
        expect(page.get_by_text(sentence).first).to_be_visible()
    assert "미나리" not in page.content()
    assert problems == []
