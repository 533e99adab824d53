"""Leaving, and coming back with the same address."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.core import mail
from playwright.sync_api import Page, expect

from members.models import Member
from tests.browser.test_member_journey import sign_in
from tests.factories import PASSWORD, a_consent, a_member, a_request

pytestmark = pytest.mark.django_db(transaction=True)
ADDRESS = "mina.kim@example.com"


def test_a_member_closes_the_membership_and_joins_again_with_the_same_address(page: Page, live_server: Any) -> None:
    member = a_member(email=ADDRESS, name="김미나", language="en")
    a_consent(member, "general.newsletter", company_name="하늘상사")
    number = "4111 1111 1111 1111"
    a_consent(member, "general.one_time_payment.card", card_company_name="한빛카드", card_number=number)
    reference = a_request("general_inquiry", member).reference
    address = live_server.url

    sign_in(page, address, ADDRESS)
    expect(page.get_by_role("link", name="My account")).to_be_visible()
    page.get_by_role("link", name="My account").click()
    page.get_by_role("link", name="Close my membership").click()
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Go on").click()

    expect(page.get_by_role("heading", name="Close my membership")).to_be_visible()
    for told in ("Newsletter", reference, "records of payment and supply"):
        expect(page.get_by_text(told, exact=False).first).to_be_visible()
    assert "김미나" not in page.content()
    page.get_by_role("link", name="Keep my membership").click()
    expect(page.get_by_role("heading", name="My account")).to_be_visible()

    page.get_by_role("link", name="Close my membership").click()
    page.get_by_role("button", name="Close my membership and destroy this").click()
    expect(page.get_by_role("heading", name="Your membership is closed")).to_be_visible()
    assert "Newsletter" in str(mail.outbox[-1].body)
    page.go_back()
    expect(page.get_by_label("Password")).to_be_visible()
    sign_in(page, address, ADDRESS)
    expect(page.get_by_role("alert").first).to_be_visible()

    page.goto(f"{address}/closed/")
    page.get_by_role("link", name="Join again").click()
    page.get_by_role("link", name="A person").click()
    page.get_by_label("I am 14 or older").check()
    page.get_by_label("E-mail address").fill(ADDRESS)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_label("Country of residence").select_option("KR")
    page.get_by_label("Name", exact=True).fill("김미나")
    page.get_by_label("Mobile phone number").fill("010-1234-5678")
    page.get_by_label("Address", exact=True).fill("서울특별시 종로구 사직로 161")
    page.get_by_role("main").get_by_role("button", name="Join").click()
    expect(page.get_by_role("heading", name="Look into your mailbox")).to_be_visible()
    link = re.search(r"http://\S+", str(mail.outbox[-1].body))
    assert link is not None
    page.goto(link[0])
    page.get_by_role("button", name="This address is mine").click()
    expect(page.get_by_role("heading", name="Welcome")).to_be_visible()
    assert Member.objects.filter(closed_at=None).count() == Member.objects.exclude(closed_at=None).count() == 1
