"""The pages of joining under 14: the child's, the representative's, and the child's membership."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core import mail
from django.core.cache import cache
from django.test import Client
from django.utils import timezone
from pytest_django import Settings

from members.models import Account, Member, RepresentativeConsent, RepresentativeEvent
from members.representatives import deciding
from members.representatives.links import Purpose, token_of
from members.signup import notice_for
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from tests.factories import (
    THE_REPRESENTATIVE,
    a_child,
    a_representative,
    a_request,
    an_agreed_representative,
    notice,
    staff_acting,
    the_agent,
)
from tests.members.test_sign_up_page import typed

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
START = "/sign-up/under-14/"
CHILD = {
    "email": "child@example.com",
    "password1": "a long enough phrase",
    "name": "최아이",
    "mobile_phone": "010-7777-8888",
    "address": "서울특별시 노원구 동일로 1414",
    "country_of_residence": "KR",
}


def asking(**changes: str) -> dict[str, str]:
    return {
        "submission": str(uuid4()),
        "representative_name": "이보호",
        "way": "email",
        "representative_email": "parent@example.com",
        "representative_phone": "",
        **changes,
    }


def mailed_link() -> str:
    link = re.search(r"http://\S+?(/sign-up/under-14/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    return link[1]


def decide_page(consent: RepresentativeConsent) -> str:
    return f"{START}agree/{token_of(consent, Purpose.DECIDE)}/"


def join_page(consent: RepresentativeConsent) -> str:
    return f"{START}join/{token_of(consent, Purpose.JOIN)}/"


def deciding_with(decision: str) -> dict[str, str]:
    return {"decision": decision, "notice": str(notice_for("individual").pk)}


def joining(**changes: str) -> dict[str, str]:
    return {**CHILD, "notice": str(notice_for("individual").pk), **changes}


def test_the_whole_way_from_the_child_to_the_membership(client: Client) -> None:
    assert client.post("/sign-up/individual/", typed(age="under_14")).url == START  # type: ignore[attr-defined]
    assert client.post(START, asking()).url == f"{START}asked/"  # type: ignore[attr-defined]
    assert client.get(f"{START}asked/").status_code == 200

    parent, link = Client(), mailed_link()
    page = parent.get(link).content.decode()
    notice = notice_for("individual")
    assert all(told in page for told in (str(notice.purpose)[:30], str(notice.retention)[:10]))
    assert "이보호" not in page
    assert parent.post(link, deciding_with("agree")).url == link  # type: ignore[attr-defined]
    assert parent.get(link).status_code == 200
    assert mail.outbox[-1].to == ["parent@example.com"]

    child, link = Client(), mailed_link()
    page = child.get(link).content.decode()
    assert 'name="age"' not in page
    response = child.post(link, joining())
    assert response["Location"] == "/account/confirm-email/"
    member = Member.objects.get()
    assert member.name.open() == "최아이"
    assert member.notice == notice
    assert not member.said_14_or_over
    assert member.representative is not None
    assert [list(one.to) for one in mail.outbox[-2:]] == [["parent@example.com"], ["child@example.com"]]
    confirm = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert confirm is not None
    assert child.post(confirm[1])["Location"] == "/my/welcome/"
    assert child.get("/my/account/").status_code == 200


def test_the_childs_form_has_no_field_about_the_child(client: Client) -> None:
    page = client.get(START).content.decode()
    main = page.partition("<main")[2]
    fields = set(re.findall(r'<(?:input|select|textarea)[^>]*\bname="(\w+)"', main))
    assert fields == {
        "csrfmiddlewaretoken",
        "submission",
        "representative_name",
        "way",
        "representative_email",
        "representative_phone",
    }


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"representative_name": ""}, "representative_name"),
        ({"representative_email": ""}, "representative_email"),
        ({"representative_email": "no address"}, "representative_email"),
        ({"way": "paper"}, "representative_phone"),
        ({"way": "paper", "representative_phone": "1"}, "representative_phone"),
        ({"way": ""}, "way"),
    ],
)
def test_a_slip_is_told_beside_its_field_and_nothing_is_kept(
    client: Client, changes: dict[str, str], field: str
) -> None:
    response = client.post(START, asking(**changes))
    assert list(response.context["form"].errors) == [field]
    assert not RepresentativeConsent.objects.exists()


def test_the_easy_words_name_every_item_of_the_notice(client: Client) -> None:
    """What a child reads must not fall behind what the membership's notice names (S12)."""
    client.cookies["django_language"] = "en"
    page = client.get(START).content.decode()
    words = {
        "email": "e-mail address",
        "password": "password",
        "name": "name",
        "mobile_phone": "phone number",
        "address": "home address",
        "country_of_residence": "country",
    }
    assert {item.item_id for item in notice_for("individual").items.all()} == set(words)
    told = page.partition("What we will ask you")[2].partition("</dl>")[0]
    assert [word for word in words.values() if word not in told] == []


def test_only_the_contact_of_the_way_chosen_is_taken(client: Client) -> None:
    client.post(START, asking(representative_phone="010-2222-3333"))
    assert RepresentativeConsent.objects.get().representative_phone is None


def test_a_link_that_is_only_opened_decides_nothing(client: Client) -> None:
    consent = a_representative()
    for _times in range(3):
        assert client.get(decide_page(consent)).status_code == 200
        assert client.head(decide_page(consent)).status_code == 200
    assert RepresentativeEvent.objects.count() == 1


def test_both_buttons_look_the_same(client: Client) -> None:
    page = client.get(decide_page(a_representative())).content.decode()
    buttons = re.findall(r'<button class="([^"]*)" name="decision" value="(agree|refuse)"', page)
    assert buttons == [("even", "agree"), ("even", "refuse")]


def test_refusing_says_that_everything_is_destroyed(client: Client) -> None:
    consent = a_representative()
    response = client.post(decide_page(consent), deciding_with("refuse"), follow=True)
    assert response.context["state"] == "refused"
    assert RepresentativeConsent.objects.get().data_key.is_destroyed


def test_a_double_click_and_the_back_button_do_no_harm(client: Client) -> None:
    form = asking()
    assert client.post(START, form).status_code == client.post(START, form).status_code == 302
    assert len(mail.outbox) == 1
    consent = RepresentativeConsent.objects.get()
    for _times in range(2):
        response = client.post(decide_page(consent), deciding_with("agree"), follow=True)
        assert response.context["state"] == "given"
    assert "no-store" in client.get(decide_page(consent))["Cache-Control"]


def states(client: Client, consent: RepresentativeConsent) -> list[tuple[int, str]]:
    """What both links say."""
    found = []
    for page in (decide_page(consent), join_page(consent)):
        response = client.get(page)
        found.append((response.status_code, str(response.context.get("state", "form"))))
    return found


def test_each_old_link_has_a_kind_page(client: Client) -> None:
    asked = a_representative("asked@example.com")
    assert states(client, asked) == [(200, "form"), (200, "asked")]
    given = an_agreed_representative("given@example.com")
    assert states(client, given) == [(200, "given"), (200, "form")]
    used = a_child().representative
    assert used is not None
    assert states(client, used) == [(200, "used"), (200, "used")]
    refused = a_representative("refused@example.com")
    deciding.refuse(refused.pk, actor=THE_REPRESENTATIVE)
    assert states(client, refused) == [(200, "refused"), (200, "refused")]
    a_representative("asked@example.com")
    assert states(client, asked) == [(410, "replaced"), (410, "replaced")]
    with pretending(now() + timedelta(days=30)):
        assert states(client, given) == [(410, "lapsed"), (410, "lapsed")]
        assert client.post(decide_page(given), deciding_with("agree")).status_code == 410
        assert client.post(join_page(given), joining()).status_code == 410


def test_links_that_are_not_ours_open_nothing(client: Client) -> None:
    consent = an_agreed_representative()
    decide, join = token_of(consent, Purpose.DECIDE), token_of(consent, Purpose.JOIN)
    for token in (join, decide[:-1], f"{consent.reference}-", "x", f"ABCDEFGH-{decide[9:]}"):
        assert client.get(f"{START}agree/{token}/").status_code == 404
    assert client.get(f"{START}join/{decide}/").status_code == 404
    typed_from_a_sheet = consent.reference.lower() + join[8:].lower().replace("o", "0").replace("i", "1")
    assert client.get(f"{START}join/{typed_from_a_sheet}/").status_code == 200


def test_links_signed_with_a_former_secret_key_still_open(client: Client, settings: Settings) -> None:
    page = decide_page(a_representative())
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key that is long enough for everybody, really"
    assert client.get(page).status_code == 200
    settings.SECRET_KEY_FALLBACKS = []
    assert client.get(page).status_code == 404


def test_a_notice_that_was_not_the_one_shown_is_not_consented_to(client: Client) -> None:
    consent = a_representative()
    response = client.post(decide_page(consent), {"decision": "agree", "notice": str(notice_for("business").pk)})
    assert response.context["above"] is not None
    assert RepresentativeConsent.objects.get().state == "asked"


def test_an_address_that_has_an_account_gets_the_same_answer_and_uses_nothing(client: Client, alice: Member) -> None:
    consent = an_agreed_representative()
    response = client.post(join_page(consent), joining(email="alice@example.com"))
    assert response["Location"] == "/account/confirm-email/"
    assert RepresentativeConsent.objects.get().state == "given"
    assert Client().post(join_page(consent), joining())["Location"] == "/account/confirm-email/"
    assert RepresentativeConsent.objects.get().state == "used"


def test_bad_input_of_the_child_is_told_and_uses_nothing(client: Client) -> None:
    consent = an_agreed_representative()
    response = client.post(join_page(consent), joining(mobile_phone="12"))
    assert list(response.context["form"].errors) == ["mobile_phone"]
    assert RepresentativeConsent.objects.get().state == "given"


def test_a_parent_who_is_signed_in_is_told_to_sign_out(alice: Member, signed_in: SignIn) -> None:
    response = signed_in(alice).get(join_page(an_agreed_representative()))
    assert response.status_code == 200
    assert "form" not in response.context


def test_the_paper_has_the_reference_and_opens_where_it_was_asked_for_only(client: Client) -> None:
    client.post(START, asking(way="paper", representative_phone="010-2222-3333", representative_email=""))
    consent = RepresentativeConsent.objects.get()
    assert mail.outbox == []
    page = client.get(f"{START}paper/").content.decode()
    assert consent.reference in page
    assert "이보호" not in page
    assert Client().get(f"{START}paper/")["Location"] == START
    assert Client().get(f"{START}asked/")["Location"] == START
    agent, day = staff_acting(the_agent()), timezone.localdate()
    deciding.record_signed(
        consent.pk, delivery="post", on=day, identity="확인", shown=notice_for("individual").pk, actor=agent
    )
    assert client.get(f"{START}paper/")["Location"] == join_page(consent)
    deciding.refuse(consent.pk, actor=agent)
    assert client.get(f"{START}paper/").context["state"] == "refused"


@pytest.fixture
def with_limits(settings: Settings) -> Any:
    settings.ACCOUNT_RATE_LIMITS = {"ask_representative": "6/h/ip", "mail_representative": "3/d/key"}
    cache.clear()
    yield
    cache.clear()


@pytest.mark.usefixtures("with_limits")
def test_nobodys_mailbox_is_filled_and_the_answer_stays_the_same(client: Client) -> None:
    answers = [client.post(START, asking()) for _times in range(5)]
    assert {(one.status_code, one["Location"]) for one in answers} == {(302, f"{START}asked/")}
    assert len(mail.outbox) == 3
    # The last link that was mailed is the one that works.
    assert client.get(mailed_link()).context["consent"].state == "asked"
    assert client.post(START, asking(representative_email="other@example.com")).status_code == 302
    assert len(mail.outbox) == 4
    assert client.post(START, asking()).status_code == 429


def test_a_child_reads_on_the_account_page_that_the_representative_agreed(signed_in: SignIn) -> None:
    child = a_child(representative=an_agreed_representative("parent@example.com"))
    page = signed_in(child).get("/my/account/").content.decode()
    consent = child.representative
    assert consent is not None
    assert consent.agreed_at is not None
    assert consent.get_method_display() in page
    for value in ("이보호", "이*호", "parent@example.com", "pa******"):
        assert value not in page


def test_a_child_refuses_alone_and_is_told_whom_to_ask_for_the_rest(signed_in: SignIn) -> None:
    client, code = signed_in(a_child()), "general.newsletter"
    page = client.get(f"/my/consents/{code}/")
    assert page.context["not_alone"].code == "needs_representative"
    text = page.content.decode()
    assert 'value="give"' not in text
    assert 'value="refuse"' in text
    shown = f"{notice(code).version}:{notice(code).digest}"
    forced = {"decision": "give", "notice": shown, "agree_company_name": "on", "value_company_name": "하늘"}
    assert client.post(f"/my/consents/{code}/", forced).status_code == 200
    assert client.post(f"/my/consents/{code}/", {"decision": "refuse", "notice": shown}).status_code == 302
    assert client.get(f"/my/consents/{code}/").context["state"] == "refused"


def test_a_child_asks_for_its_rights_alone_but_not_for_what_rests_on_a_consent(signed_in: SignIn) -> None:
    child = a_child()
    client = signed_in(child)
    for code in ("access", "sales_inquiry"):
        assert client.get(f"/my/requests/new/{code}/").status_code == 200
    assert a_request("access", child).pk
    with pytest.raises(PortalError) as refusal:
        a_request("sales_inquiry", child)
    assert refusal.value.code == "needs_representative"


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_opens_in_both_languages(client: Client, language: str) -> None:
    client.cookies["django_language"] = language
    given = an_agreed_representative("given@example.com")
    client.post(START, asking(way="paper", representative_phone="010-2222-3333", representative_email=""))
    pages = [START, f"{START}asked/", f"{START}paper/", decide_page(given), join_page(given)]
    for page in [*pages, decide_page(a_representative()), "/sign-up/"]:
        response = client.get(page)
        assert response.status_code == 200, page
        assert f'<html lang="{language}"' in response.content.decode()
