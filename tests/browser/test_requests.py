"""Asking for something and following it, as a member and as a visitor, on a phone and without scripts."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, FilePayload, Page, expect

from members.models import Member
from requests import deciding, links, workflow
from requests.models import Draft, MemberRequest
from tests.factories import PASSWORD, a_consent, a_member, a_request, fresh, staff_acting, the_agent
from tests.requests.papers import picture

pytestmark = pytest.mark.django_db(transaction=True)
CHANGE = "/my/requests/new/information_change_individual/"
SEAL = "personal_seal_certificate"


def a_scan(name: str, content: bytes | None = None) -> FilePayload:
    return {"name": name, "mimeType": "image/jpeg", "buffer": picture() if content is None else content}


def sign_in(page: Page, address: str, email: str) -> None:
    page.goto(f"{address}/account/login/")
    page.locator("[name=login]").fill(email)
    page.locator("[name=password]").fill(PASSWORD)
    page.locator("main button").first.click()
    page.wait_for_url(re.compile("/my/"))


@pytest.fixture
def problems(page: Page) -> Iterator[list[str]]:
    """What the browser complains of, such as something the content security policy forbids: nothing, at the end."""
    found: list[str] = []
    page.on("console", lambda message: found.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    yield found
    assert found == []


@pytest.mark.parametrize(("language", "width"), [("ko", 390), ("en", 1280)])
def test_a_change_of_basic_information_from_filing_to_the_applied_change(
    page: Page, live_server: Any, problems: list[str], language: str, width: int
) -> None:
    member = a_member("change@example.com", language=language, name="김하늘")
    page.set_viewport_size({"width": width, "height": 844})
    sign_in(page, live_server.url, "change@example.com")
    page.locator(".tabs a[href='/my/requests/']").click()
    page.locator("main a[href='/my/requests/new/']").click()
    page.locator(f"a[href='{CHANGE}']").click()
    expect(page.locator("html")).to_have_attribute("lang", language)

    # What is typed is kept as one goes; a file that is not taken is told in its place.
    page.locator("[name=asked_name]").fill("김바다")
    upload = page.locator(f"[name=file_{SEAL}]")
    expect(upload).to_be_hidden()
    page.locator(f"[name=agree_{SEAL}]").check()
    upload.set_input_files(a_scan("program.pdf", b"MZ this is a program"))
    slot = page.locator(f"#slot-{SEAL}")
    expect(slot.locator(".error")).to_be_visible()
    upload.set_input_files(a_scan("인감증명서.jpg"))
    expect(slot.locator(".file-name")).to_have_text("인감증명서.jpg")
    expect(slot.locator(".error")).to_have_count(0)

    # The session ends; later everything is there again.
    page.context.clear_cookies()
    sign_in(page, live_server.url, "change@example.com")
    page.goto(live_server.url + CHANGE)
    expect(page.locator("[name=asked_name]")).to_have_value("김바다")
    expect(page.locator(f"[name=agree_{SEAL}]")).to_be_checked()
    expect(slot.locator(".file-name")).to_have_text("인감증명서.jpg")
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    page.locator("#filing .buttons button[value=file]").dblclick()
    page.wait_for_url(re.compile("/filed/"))
    member_request = MemberRequest.objects.get()
    expect(page.get_by_role("main")).to_contain_text(member_request.reference)
    page.locator(f"main a[href='/my/requests/{member_request.reference}/']").click()
    expect(page.locator("h1")).to_be_visible()

    # The desk asks for something, the member answers, and it is approved.
    agent = staff_acting(the_agent(), "website")
    workflow.take(member_request, seen=1, actor=agent)
    workflow.ask(member_request, "인감증명서를 한 번 더 보내 주세요.", seen=2, actor=agent)
    page.reload()
    expect(page.locator(".badge")).to_be_visible()
    page.locator("[name=text]").fill("다시 보냅니다.")
    page.locator(f"[name=file_{SEAL}]").set_input_files(a_scan("새 인감증명서.jpg"))
    page.locator("form:has([name=text]) button").click()
    expect(page.locator(".thread .mine")).to_contain_text("다시 보냅니다.")
    expect(page.locator(".badge")).to_have_count(0)
    deciding.decide(
        member_request,
        "approved",
        seen=fresh(member_request).version,
        actor=agent,
        reason="이름을 바꾸었습니다.",
        identity="document",
    )
    page.reload()
    expect(page.locator("main del")).to_have_text("김*늘")
    page.locator("button[value='asked.name']").click()
    expect(page.locator("main ins")).to_have_text("김바다")
    page.goto(f"{live_server.url}/my/data/")
    page.locator("button[value='membership.name']").click()
    expect(page.get_by_text("김바다")).to_be_visible()
    assert Member.objects.get(pk=member.pk).name.open_unseen() == "김바다"


def test_what_is_typed_is_kept_without_pressing_anything(page: Page, live_server: Any, problems: list[str]) -> None:
    a_member("typing@example.com", language="en")
    sign_in(page, live_server.url, "typing@example.com")
    page.goto(f"{live_server.url}/my/requests/new/access/")
    page.locator("[name=asked_details]").fill("Everything, please.")
    page.locator("[name=asked_details]").blur()
    expect(page.locator("#kept")).to_contain_text("What you type is kept")
    assert Draft.objects.get().values.open_unseen()["asked_details"] == "Everything, please."


def test_a_double_click_writes_one_message(page: Page, live_server: Any, problems: list[str]) -> None:
    member_request = a_request("general_inquiry", a_member("twice@example.com", language="en"), state="in_review")
    sign_in(page, live_server.url, "twice@example.com")
    page.goto(f"{live_server.url}/my/requests/{member_request.reference}/")
    page.get_by_text("Write to us").click()
    page.locator("[name=text]").fill("One more thing.")
    page.get_by_role("button", name="Send").dblclick()
    expect(page.locator(".thread .mine")).to_have_count(1)
    page.reload()
    expect(page.locator(".thread .mine")).to_have_count(1)


def test_a_visitor_keeps_the_file_when_something_else_is_wrong(
    page: Page, live_server: Any, problems: list[str]
) -> None:
    page.goto(f"{live_server.url}/requests/new/infringement_report/")
    page.locator("[name=asked_post_address]").fill("https://board.example/post/17")
    page.locator("[name=asked_details]").fill("My photo, without asking.")
    for item, value in {"name": "Ann Lee", "email": "not an address", "mobile_phone": "010-5555-6666"}.items():
        page.locator(f"[name=agree_{item}]").check()
        page.locator(f"[name=value_{item}]").fill(value)
    page.locator("[name=agree_masked_id_copy]").check()
    page.locator("[name=file_masked_id_copy]").set_input_files(a_scan("id.jpg"))
    send = page.locator("#filing .buttons button[value=file]")
    send.click()
    expect(page.locator("#id_value_email_error")).to_be_visible()
    expect(page.locator("[name=asked_details]")).to_have_value("My photo, without asking.")
    assert page.locator("[name=file_masked_id_copy]").evaluate("input => input.files[0].name") == "id.jpg"
    page.locator("[name=value_email]").fill("ann@example.com")
    send.click()
    page.wait_for_url(re.compile("/requests/filed/"))
    member_request = MemberRequest.objects.get()
    expect(page.get_by_role("main")).to_contain_text(member_request.reference)
    assert member_request.documents.count() == 1


def test_everything_works_without_scripts(browser: Browser, live_server: Any) -> None:
    a_member("plain@example.com", language="en")
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    sign_in(page, live_server.url, "plain@example.com")
    page.goto(live_server.url + CHANGE)
    page.locator("[name=asked_name]").fill("김바다")
    page.locator(f"[name=agree_{SEAL}]").check()
    page.locator(f"[name=file_{SEAL}]").set_input_files(a_scan("seal.jpg"))
    page.get_by_role("button", name="Attach this file").last.click()
    expect(page.locator(f"#slot-{SEAL} .file-name")).to_have_text("seal.jpg")
    page.get_by_role("button", name="Remove seal.jpg").click()
    expect(page.locator(f"#slot-{SEAL} .file-name")).to_have_count(0)
    page.locator(f"[name=file_{SEAL}]").set_input_files(a_scan("again.jpg"))
    page.locator("[name=asked_name]").press("Enter")  # sends the form, and presses none of the buttons before
    page.wait_for_url(re.compile("/filed/"))
    assert MemberRequest.objects.get().documents.get().name.open_unseen() == "again.jpg"
    context.close()


def test_no_page_of_requests_is_wider_than_a_phone(page: Page, live_server: Any, problems: list[str]) -> None:
    member = a_member("narrow@example.com", name="가나다라마바사아자차카타파하" * 7)
    a_consent(member, "general.newsletter", company_name="하늘상사")
    waiting = a_request("information_change_individual", member, state="waiting")
    refused = a_request("general_inquiry", member, state="refused", asked={"question": "아주긴낱말" * 200})
    done = a_request("correction", member, state="done")
    visitors = links.sign(a_request("infringement_report", None, state="in_review"))
    public = ["/requests/new/", "/requests/new/infringement_report/", "/requests/follow/"]
    public += [f"/requests/follow/{visitors}/", f"/requests/follow/{visitors}/cancel/"]
    own = ["/my/", "/my/requests/", "/my/requests/new/", "/my/requests/new/duplicate_payment/"]
    own += [f"/my/requests/{one.reference}/" for one in (waiting, refused, done)]
    own += [f"/my/requests/{waiting.reference}/{step}/" for step in ("cancel", "filed")]
    own += [f"/my/requests/{refused.reference}/object/", "/my/requests/new/deletion/"]
    page.set_viewport_size({"width": 390, "height": 844})
    for path in [*public, None, *own]:
        if path is None:
            sign_in(page, live_server.url, "narrow@example.com")
            continue
        page.goto(live_server.url + path)
        for language in ("ko", "en"):
            button = page.locator(f"button[name=language][value={language}]")
            if button.count():
                with page.expect_navigation():
                    button.click()
            width = page.evaluate("document.documentElement.scrollWidth")
            assert width <= 390, (path, language, width)
            assert page.locator("h1").count() == 1, path
