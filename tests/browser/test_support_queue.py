"""The support desk in a browser: a refusal and the objection decided by another, two agents racing, the keyboard."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, Page, expect

from members.staff import PRIVACY_OFFICER, SUPPORT_AGENT
from requests.models import State
from tests.browser.test_member_journey import sign_in
from tests.factories import a_member, a_request, a_staff_account, fresh
from tests.in_admin import page_of

pytestmark = pytest.mark.django_db(transaction=True)
QUEUE = "/admin/requests/memberrequest/"


def of_another(browser: Browser, context_args: dict[str, Any], address: str, email: str) -> Page:
    """A second browser, in which somebody else is signed in."""
    page = browser.new_context(**context_args).new_page()
    page.set_default_timeout(10_000)
    sign_in(page, address, email)
    return page


def test_a_refusal_and_the_objection_decided_by_another(
    page: Page, live_server: Any, browser: Browser, browser_context_args: dict[str, Any]
) -> None:
    address = live_server.url
    a_staff_account("first@cloud.example", SUPPORT_AGENT)
    a_staff_account("second@cloud.example", SUPPORT_AGENT)
    a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    alice = a_member("alice@example.com", name="김하늘", language="en")
    request = a_request("correction", alice, language="en")

    # The first agent takes it, sees how the refusal will read, and refuses: three clicks from the queue decide.
    sign_in(page, address, "first@cloud.example")
    page.goto(address + QUEUE)
    page.get_by_role("link", name="Unassigned").click()
    page.get_by_role("button", name=f"Take {request.reference}").click()
    expect(page.get_by_text("The request is yours.")).to_be_visible()
    page.get_by_role("radio", name="Refuse").check()
    expect(page.get_by_label("What is granted")).to_be_hidden()
    page.get_by_label("Ground").select_option("found_correct")
    page.locator("#decide_reason").fill("The register says the same.")
    page.get_by_role("button", name="Show what the member will read").click()
    expect(page.locator(".desk-preview")).to_contain_text("You can object within 90 days")
    page.get_by_role("button", name="Decide", exact=True).click()
    expect(page.get_by_text("The decision is recorded.")).to_be_visible()
    assert fresh(request).state == State.REFUSED

    # The member objects. Whoever refused is offered no way to take it, and sees no page of it.
    objection = a_request("objection", alice, objects_to=fresh(request), language="en")
    page.goto(f"{address}{QUEUE}?queue=unassigned")
    expect(page.get_by_text(objection.reference)).to_be_visible()
    expect(page.get_by_role("button", name=f"Take {objection.reference}")).to_have_count(0)

    # Another agent takes and decides it; an officer confirms; the first decision is open again.
    second = of_another(browser, browser_context_args, address, "second@cloud.example")
    second.goto(f"{address}{QUEUE}?queue=unassigned")
    second.get_by_role("button", name=f"Take {objection.reference}").click()
    second.get_by_role("radio", name="Approve").check()
    second.get_by_role("button", name="Put to a second person").click()
    expect(second.get_by_text("The decision is recorded.")).to_be_visible()
    officer = of_another(browser, browser_context_args, address, "officer@cloud.example")
    officer.goto(f"{address}{QUEUE}?queue=to_confirm")
    officer.get_by_role("link", name=objection.reference).click()
    officer.get_by_role("button", name="Confirm the decision").click()
    expect(officer.get_by_text("The decision is confirmed and takes effect.")).to_be_visible()
    assert fresh(objection).state == State.APPROVED
    assert fresh(request).state == State.IN_REVIEW
    second.context.close()
    officer.context.close()


def test_of_two_who_race_the_second_is_told_and_loses_nothing(
    page: Page, live_server: Any, browser: Browser, browser_context_args: dict[str, Any]
) -> None:
    address = live_server.url
    a_staff_account("agent@cloud.example", SUPPORT_AGENT)
    officer_account = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    request = a_request("general_inquiry", a_member("alice@example.com", name="김하늘"))
    officer = of_another(browser, browser_context_args, address, "officer@cloud.example")
    sign_in(page, address, "agent@cloud.example")

    # Both have the queue open; the agent is first to take it, and the officer is told by whom.
    officer.goto(f"{address}{QUEUE}?queue=unassigned")
    page.goto(f"{address}{QUEUE}?queue=unassigned")
    page.get_by_role("button", name=f"Take {request.reference}").click()
    expect(page.get_by_text("The request is yours.")).to_be_visible()
    officer.get_by_role("button", name=f"Take {request.reference}").click()
    expect(officer.get_by_text("was taken by")).to_be_visible()

    # Both decide; the agent is second. What the agent typed is still there, with what the officer did above it.
    officer.goto(address + page_of(request))
    page.get_by_role("radio", name="Answer").check()
    page.locator("#decide_reason").fill("설정에서 바꾸실 수 있습니다.")
    officer.get_by_role("radio", name="Refuse").check()
    officer.get_by_label("Ground").select_option("outside_our_task")
    officer.locator("#decide_reason").fill("다른 곳에 문의해 주세요.")
    officer.get_by_role("button", name="Decide", exact=True).click()
    expect(officer.get_by_text("The decision is recorded.")).to_be_visible()
    page.get_by_role("button", name="Decide", exact=True).click()
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text(officer_account.staff_name)
    expect(alert).to_be_focused()
    expect(page.get_by_role("textbox", name="Answer, or reason to refuse")).to_have_value(
        "설정에서 바꾸실 수 있습니다."
    )
    assert fresh(request).state == State.REFUSED
    officer.context.close()


def test_a_request_is_decided_by_the_keyboard_alone(page: Page, live_server: Any) -> None:
    a_staff_account("agent@cloud.example", SUPPORT_AGENT)
    request = a_request("general_inquiry", a_member())
    sign_in(page, live_server.url, "agent@cloud.example")
    page.goto(f"{live_server.url}{QUEUE}?queue=unassigned")
    page.get_by_role("button", name=f"Take {request.reference}").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The request is yours.")).to_be_visible()
    # What its access key leads to; how a browser wants one pressed differs, and one without a window takes none.
    page.locator("[accesskey=k]").focus()
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    page.keyboard.press("Space")  # the first choice
    expect(page.get_by_role("radio", name="Answer")).to_be_checked()
    page.keyboard.press("Tab")
    expect(page.locator("#decide_reason")).to_be_focused()
    page.keyboard.type("Yes.")
    page.keyboard.press("Tab")  # the remark
    page.keyboard.press("Tab")
    expect(page.get_by_role("button", name="Decide", exact=True)).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_text("The decision is recorded.")).to_be_visible()
    assert fresh(request).state == State.APPROVED


@pytest.mark.parametrize("width", [390, 1280])
def test_no_page_of_the_desk_is_too_wide_or_breaks_the_policy_of_its_content(
    width: int, page: Page, live_server: Any
) -> None:
    problems: list[str] = []
    page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: problems.append(str(error)))
    a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    member = a_member("long@example.com", name="가나다라마바사아자차카타파하" * 7)
    long = {"question": "https://example.com/" + "a" * 300}
    pages = [f"{QUEUE}?queue=all", f"{QUEUE}export/"]
    pages += [page_of(a_request("deletion", member, state="to_confirm"))]
    pages += [page_of(a_request("general_inquiry", member, state="in_review", asked=long))]
    changed = a_request("information_change_individual", member, state="approved")
    pages += [page_of(one) for one in (changed, changed.documents.get(), changed.events.latest("id"))]
    pages += [page_of(changed, "history"), "/admin/requests/requestevent/", "/admin/requests/document/"]
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "officer@cloud.example")
    for path in pages:
        page.goto(live_server.url + path)
        page.wait_for_load_state("networkidle")
        assert page.evaluate("document.documentElement.scrollWidth") <= width, path
    assert problems == []
