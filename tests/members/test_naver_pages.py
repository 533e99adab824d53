"""Joining and signing in with NAVER, through the pages, with the stand-in as NAVER."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, override_settings
from django.utils import timezone
from django.utils.translation import gettext

from members.models import Account, Member, NaverLink, NaverUnlinking, PendingNaver
from members.naver import answers, linking, waiting
from members.naver.standin.people import PEOPLE
from members.signup import notice_for
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from privacy_portal.vault.models import DataKey
from tests.dumping import dump
from tests.factories import PASSWORD, a_member, acting
from tests.naver import TOLD, Naver, agreed, says, through_naver, told, went

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
JOIN = "/sign-up/naver/"


def typed(**changes: str) -> dict[str, str]:
    return {"age": "14_or_over", "notice": str(notice_for("naver").pk), **changes}


def joined(client: Client, person: str = "complete", **changes: str) -> Any:
    response = through_naver(client, person)
    assert response["Location"] == JOIN
    return client.post(JOIN, typed(**changes))


def confirm_address(client: Client) -> Any:
    link = re.search(r"http://testserver(/account/confirm-email/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    return client.post(link[1])


def no_half_made_member() -> bool:
    return not (Member.objects.exists() or Account.objects.exists() or NaverLink.objects.exists())


def test_joining_with_a_complete_profile_asks_for_nothing_but_the_age(naver: Naver, client: Client) -> None:
    response = joined(client)
    assert response["Location"] == "/account/confirm-email/"
    assert client.get("/my/").status_code == 302
    assert mail.outbox[-1].to == ["jian.oh@mail.example"]
    assert confirm_address(client)["Location"] == "/my/welcome/"
    assert client.get("/my/welcome/").status_code == 200

    member = Member.objects.get()
    assert member.account is not None
    assert (member.kind, member.name.open(), member.mobile_phone.open()) == ("naver", "오지안", "+821031415926")
    assert not member.account.has_usable_password()
    assert member.notice == notice_for("naver")
    link = NaverLink.objects.get()
    assert link.account == member.account
    assert link.items == ["email", "mobile_phone", "name"]
    assert not PendingNaver.objects.exists()


def test_what_is_missing_is_asked_with_the_notice_and_the_source_is_told(naver: Naver, client: Client) -> None:
    page = told(client, through_naver(client, "without_mobile"))
    assert "윤*준" in page
    assert "윤하준" not in page
    assert "hajun" not in page
    form = client.get(JOIN).context["form"]
    assert [field.name for field in form.asked] == ["mobile_phone"]
    for sentence in (str(notice_for("naver").retention), gettext("NAVER (NAVER Login), because you agreed there")):
        assert sentence in page
    again = client.post(JOIN, typed())
    assert list(again.context["form"].errors) == ["mobile_phone"]
    assert no_half_made_member()
    client.post(JOIN, typed(mobile_phone="010 2718 2818"))
    assert Member.objects.get().mobile_phone.open() == "+821027182818"
    assert NaverLink.objects.get().items == ["email", "name"]


def test_somebody_who_passed_nothing_on_types_it_all(naver: Naver, client: Client) -> None:
    joined(client, "nothing", name="José Núñez", mobile_phone="010-2718-2818", email="jose@mail.example")
    assert Member.objects.get().name.open() == "José Núñez"
    assert NaverLink.objects.get().items == []


def test_what_naver_passed_on_can_be_typed_anew(naver: Naver, client: Client) -> None:
    joined(client, name="오지윤", email="other@mail.example")
    member = Member.objects.get()
    assert member.account is not None
    assert (member.name.open(), member.account.email.open()) == ("오지윤", "other@mail.example")
    assert NaverLink.objects.get().items == ["mobile_phone"]


@pytest.mark.parametrize(
    ("field", "value"),
    [("mobile_phone", "02-123-4567"), ("email", "no address"), ("name", "12345"), ("age", ""), ("name", "홍\x00길동")],
)
def test_bad_input_is_told_beside_its_field_and_makes_no_member(
    naver: Naver, client: Client, field: str, value: str
) -> None:
    response = joined(client, **{field: value})
    assert list(response.context["form"].errors) == [field]
    assert no_half_made_member()
    assert PendingNaver.objects.count() == 1


def test_a_child_is_told_what_to_do_and_nothing_is_kept_here_or_at_naver(naver: Naver, client: Client) -> None:
    assert joined(client, age="under_14")["Location"] == "/sign-up/under-14/"
    assert no_half_made_member()
    assert not PendingNaver.objects.exists()
    assert NaverUnlinking.objects.get().outcome == "proved"


def test_a_notice_that_was_not_shown_is_not_agreed_to(naver: Naver, client: Client) -> None:
    response = joined(client, notice=str(notice_for("individual").pk))
    assert response.context["form"].non_field_errors()
    assert no_half_made_member()


def test_not_joining_destroys_what_was_passed_on_and_tells_naver(naver: Naver, client: Client) -> None:
    through_naver(client)
    key = PendingNaver.objects.get().data_key_id
    assert client.post(JOIN + "give-up/")["Location"] == "/"
    assert DataKey.objects.get(pk=key).is_destroyed
    assert naver.asked[-3:] == ["refresh_token", "delete", "refresh_token"]
    assert client.get(JOIN)["Location"] == "/account/login/"


def test_what_is_left_is_destroyed_after_half_an_hour(naver: Naver, client: Client) -> None:
    through_naver(client)
    with pretending(timezone.now() + timedelta(minutes=31)):
        assert client.post(JOIN, typed())["Location"] == "/account/login/"
        waiting.destroy_old.call()
    assert not PendingNaver.objects.exists()
    assert no_half_made_member()
    assert not DataKey.objects.filter(wrapped_key__isnull=False, ground="membership").exists()
    assert NaverUnlinking.objects.get().outcome == "proved"


def test_what_is_left_is_destroyed_without_ending_a_link_made_since(naver: Naver, client: Client) -> None:
    through_naver(client)
    joined(Client())
    with pretending(timezone.now() + timedelta(minutes=31)):
        waiting.destroy_old.call()
    assert not PendingNaver.objects.exists()
    assert not NaverUnlinking.objects.exists()
    assert NaverLink.objects.get().unlinked_at is None


# ----------------------------------------------------------------------------- signing in
def test_a_member_signs_in_with_naver_and_gets_where_they_wanted(naver: Naver, client: Client) -> None:
    joined(client)
    confirm_address(client)
    other = Client()
    assert through_naver(other, next="/my/data/")["Location"] == "/my/data/"
    assert other.get("/my/data/").status_code == 200


def test_an_address_that_is_not_confirmed_yet_is_asked_for_again(naver: Naver, client: Client) -> None:
    joined(client)
    other = Client()
    assert through_naver(other)["Location"] == "/account/confirm-email/"
    assert other.get("/my/").status_code == 302


def test_the_newest_token_is_kept_and_no_other(naver: Naver, client: Client) -> None:
    joined(client)
    before = NaverLink.objects.get().refresh_token.open()
    through_naver(Client())
    link = NaverLink.objects.get()
    assert link.refresh_token.open() != before
    assert link.history.count() == 1
    assert not hasattr(link.history.get(), "refresh_token")


@pytest.mark.parametrize(
    "next_", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_nobody_is_led_to_another_site(naver: Naver, client: Client, next_: str) -> None:
    joined(client)
    confirm_address(client)
    assert through_naver(Client(), next=next_)["Location"] == "/signed-in/"


def test_somebody_who_may_not_sign_in_any_more_does_not(naver: Naver, client: Client) -> None:
    joined(client)
    confirm_address(client)
    Account.objects.update(is_active=False)
    assert through_naver(Client())["Location"] == "/account/inactive/"


def test_staff_are_not_reached_by_naver(naver: Naver, client: Client) -> None:
    joined(client)
    confirm_address(client)
    Account.objects.update(is_staff=True)
    other = Client()
    assert through_naver(other)["Location"] == "/account/login/"
    assert other.get("/admin/").status_code == 302


# ----------------------------------------------------------------------------- the state, and the code
def test_cancelling_is_told_and_keeps_nothing(naver: Naver, client: Client) -> None:
    back = agreed(client, went(client), answer="cancel")
    assert "error=access_denied" in back
    assert str(answers.SENTENCES["naver_cancelled"]) in told(client, client.get(back))
    assert naver.asked == []
    assert no_half_made_member()


@pytest.mark.parametrize(
    "change", [lambda back: re.sub("state=[^&]*", "state=x", back), lambda back: "/naver/callback/?code=x"]
)
def test_a_state_that_is_wrong_or_missing_is_refused(
    naver: Naver, client: Client, change: Callable[[str], str]
) -> None:
    back = agreed(client, went(client))
    response = client.get(change(back))
    assert response["Location"] == "/account/login/"
    assert str(answers.SENTENCES["naver_state"]) in told(client, response)
    assert naver.asked == []


def test_a_state_of_another_browser_is_refused(naver: Naver, client: Client) -> None:
    back = agreed(client, went(client))
    assert Client().get(back)["Location"] == "/account/login/"
    assert naver.asked == []


def test_a_state_is_good_once_and_for_ten_minutes(naver: Naver, client: Client) -> None:
    back = agreed(client, went(client))
    client.get(back)
    asked = len(naver.asked)
    assert client.get(back)["Location"] == "/account/login/"
    later = agreed(client, went(client))
    with pretending(timezone.now() + timedelta(minutes=11)):
        assert client.get(later)["Location"] == "/account/login/"
    assert len(naver.asked) == asked


def test_a_code_used_twice_is_refused_by_naver_and_told(naver: Naver, client: Client) -> None:
    first = agreed(client, went(client))
    code = re.search("code=([^&]*)", first)
    assert code is not None
    client.get(first)
    second = re.sub("code=[^&]*", f"code={code[1]}", agreed(client, went(client)))
    assert str(answers.SENTENCES["naver_code_used"]) in told(client, client.get(second))
    assert no_half_made_member()


def test_two_tabs_do_not_get_into_each_others_way(naver: Naver, client: Client) -> None:
    first, second = went(client), went(client)
    one, two = agreed(client, first), agreed(client, second)
    assert client.get(two)["Location"] == JOIN
    assert client.get(one)["Location"] == JOIN
    assert client.post(JOIN, typed())["Location"] == "/account/confirm-email/"
    assert Member.objects.count() == 1


def test_the_same_naver_id_joins_once(naver: Naver, client: Client) -> None:
    late = Client()
    through_naver(late)
    joined(client)
    response = late.post(JOIN, typed(email="second@mail.example"))
    assert response.context["form"].non_field_errors()
    assert Member.objects.count() == 1


@pytest.mark.parametrize("step", ["authorization_code", "profile"])
@pytest.mark.parametrize(
    ("trouble", "code"),
    [
        (httpx2.ReadTimeout("late"), "naver_timeout"),
        (httpx2.ConnectError("nobody"), "naver_unreachable"),
        (httpx2.Response(500), "naver_out_of_order"),
        (says(), "naver_unreadable"),
    ],
)
def test_trouble_on_the_way_is_told_and_leaves_nothing(
    naver: Naver, client: Client, step: str, trouble: Any, code: str
) -> None:
    naver.answers[step] = [trouble]
    response = through_naver(client)
    assert response["Location"] == "/account/login/"
    assert str(answers.SENTENCES[code]) in told(client, response)
    assert no_half_made_member()
    assert not PendingNaver.objects.exists()


# ----------------------------------------------------------------------------- addresses that are somebody's
def test_an_address_of_a_member_is_never_taken_over_and_gets_the_same_answer(naver: Naver, client: Client) -> None:
    owner = a_member("jian.oh@mail.example")
    known = joined(client)
    new = joined(Client(), "without_mobile", mobile_phone="010 2718 2818")
    assert (known.status_code, known["Location"]) == (new.status_code, new["Location"])
    assert client.get(known["Location"]).status_code == 200
    assert client.get(JOIN)["Location"] == "/account/login/"
    assert not NaverLink.objects.filter(account=owner.account).exists()
    to_owner = [one for one in mail.outbox if one.to == ["jian.oh@mail.example"]]
    assert len(to_owner) == 1
    told_too = "If you would like to sign in with NAVER: sign in as you did before, then link NAVER under My account."
    assert gettext(told_too) in str(to_owner[0].body)
    assert Member.objects.count() == 2
    assert through_naver(Client())["Location"] == JOIN


def test_the_owner_signs_in_the_old_way_first_and_then_both_ways_lead_to_one_member(
    naver: Naver, client: Client
) -> None:
    owner = a_member("seoyeon.park@example.com", name="박서연")
    page = told(client, through_naver(client, "member_already"))
    assert "/my/account/naver/" in page
    assert client.get("/my/account/naver/").status_code == 302
    client.post("/account/login/", {"login": "seoyeon.park@example.com", "password": PASSWORD})
    proof = client.get("/my/account/naver/")
    assert proof["Location"].startswith("/account/reauthenticate/")
    client.post(proof["Location"], {"password": PASSWORD})
    assert "link-waiting" in client.get("/my/account/naver/").content.decode()
    assert client.post("/my/account/naver/link-waiting/")["Location"] == "/my/account/"
    assert NaverLink.objects.get().account == owner.account
    assert NaverLink.objects.get().items == []
    assert not PendingNaver.objects.exists()
    other = Client()
    through_naver(other, "member_already")
    assert other.get("/my/").context["request"].user == owner.account
    assert Member.objects.count() == 1


def test_a_stranger_who_joined_with_somebodys_address_is_out_when_the_owner_proves_the_mailbox(
    naver: Naver, client: Client
) -> None:
    joined(client, email="victim@mail.example")
    mail.outbox.clear()
    owner = Client()
    owner.post("/account/password/reset/", {"email": "victim@mail.example"})
    link = re.search(r"http://[^/]+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    form_page = owner.get(link[1], follow=True)
    owner.post(form_page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert Account.objects.get().check_password(PASSWORD)
    assert NaverLink.objects.get().unlinked_at is not None
    assert through_naver(Client())["Location"] == JOIN


def test_a_member_who_sets_a_password_keeps_naver(naver: Naver, client: Client) -> None:
    joined(client)
    confirm_address(client)
    mail.outbox.clear()
    client.post("/account/password/reset/", {"email": "jian.oh@mail.example"})
    link = re.search(r"http://[^/]+(/account/password/reset/key/\S+)", str(mail.outbox[-1].body))
    assert link is not None
    form_page = client.get(link[1], follow=True)
    client.post(form_page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    assert NaverLink.objects.get().unlinked_at is None
    assert linking.why_not_unlink(Account.objects.get()) is None


# ----------------------------------------------------------------------------- nothing in clear, and off
@pytest.mark.django_db(transaction=True)
def test_no_token_and_nothing_of_a_profile_is_in_clear_in_the_database_or_its_sessions(
    naver: Naver, client: Client, caplog: pytest.LogCaptureFixture, capsys: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level("DEBUG")
    back = agreed(client, went(client))
    client.get(back)
    waits = dump()
    joined(Client(), "without_mobile", mobile_phone="010-2718-2818")
    client.post(JOIN, typed(age=""))
    client.post(JOIN, typed())
    code = re.search("code=([^&]*)", back)
    assert code is not None
    values = {value for value in TOLD | naver.secrets | {code[1], "+821027182818"} if len(value.encode()) > 6}
    assert len(naver.secrets) >= 4
    sessions = [json.dumps(session.get_decoded()) for session in Session.objects.all()]
    assert len(sessions) >= 2
    logs = caplog.text + "".join(capsys.readouterr())
    for text in (waits, dump(), *sessions, logs):
        for value in values:
            assert value not in text
            assert value.encode().hex() not in text
            assert base64.b64encode(value.encode()).decode().rstrip("=") not in text


@pytest.mark.parametrize("path", ["/naver/callback/", JOIN, "/my/account/naver/", "/account/naver/confirm/"])
@override_settings(NAVER_CLIENT_ID="")
def test_without_a_client_id_there_is_no_naver(client: Client, alice: Member, path: str, signed_in: SignIn) -> None:
    assert client.get(path).status_code == 404
    assert client.post("/naver/start/").status_code == 404
    for page in ("/sign-up/", "/account/login/"):
        assert "naver" not in client.get(page).content.decode().lower()
    account = signed_in(alice).get("/my/account/")
    assert account.status_code == 200
    assert "naver" not in account.content.decode().lower()


def test_the_button_is_where_one_joins_and_where_one_signs_in(client: Client) -> None:
    for page in ("/sign-up/", "/account/login/?next=/my/data/"):
        assert 'action="/naver/start/"' in client.get(page).content.decode()
    assert client.get("/naver/start/").status_code == 405
    assert Client(enforce_csrf_checks=True).post("/naver/start/").status_code == 403


def test_the_policy_of_the_pages_lets_the_button_lead_to_naver_and_nowhere_else(client: Client) -> None:
    policy = client.get("/account/login/")["Content-Security-Policy"]
    assert "form-action 'self' http://127.0.0.1:8000" in policy


def test_who_is_signed_in_is_not_sent_to_naver_to_sign_in(client: Client, alice: Member, signed_in: SignIn) -> None:
    assert signed_in(alice).post("/naver/start/")["Location"] == "/signed-in/"


def test_the_demo_of_people_names_a_real_member_of_the_demo() -> None:
    from consents.demo import cast

    assert PEOPLE["member_already"]["email"] in [person["email"] for person in cast.sign_ins()]


def test_nobody_links_for_somebody_else(alice: Member, charlie: Member) -> None:
    assert alice.account is not None
    with pytest.raises(PortalError) as refused:
        linking.link(alice.account, "an id", "a token", actor=acting(charlie))
    assert refused.value.code == "not_yours"


def test_a_member_is_told_later_what_came_from_naver_and_how_to_have_it_stopped(naver: Naver, client: Client) -> None:
    joined(client, name="오지윤")
    confirm_address(client)
    through_naver(client, address="/account/naver/confirm/", next="/my/account/naver/")
    response = client.get("/my/account/naver/")
    assert [item.item_id for item in response.context["items"]] == ["mobile_phone", "email"]
    page = response.content.decode()
    assert all(str(item) in page for item in response.context["items"])
    assert gettext("NAVER (NAVER Login), because you agreed there") in page
    assert "/account/password/reset/" in page
    assert client.post("/my/account/naver/unlink/")["Location"] == "/my/account/naver/"
    assert NaverLink.objects.get().unlinked_at is None


@override_settings(ACCOUNT_RATE_LIMITS={"come_from_naver": "2/m/ip"})
def test_nobody_keeps_the_portal_busy_asking_naver(naver: Naver, client: Client) -> None:
    for _time in range(2):
        assert client.get("/naver/callback/").status_code == 302
    assert client.get("/naver/callback/").status_code == 429
