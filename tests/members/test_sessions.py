"""Sessions: seen and ended by their person, sealed in the database, over when idle (A9)."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from typing import Any

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.urls import reverse

from members.models import Account, Member, SignInSession
from members.sessions.browsers import in_words
from privacy_portal.sealed_sessions import SessionStore, row_of
from tests.dumping import dump
from tests.factories import PASSWORD, a_member

SignIn = Callable[[Member | Account], Client]
CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0 Safari/537.36"
)
IPHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 "
    "Mobile/15E148 Safari/604.1"
)


def by_page(email: str, browser: str = CHROME, address: str = "203.0.113.42") -> Client:
    """Somebody who signed in on the page, and opened the next one."""
    client = Client(headers={"User-Agent": browser}, REMOTE_ADDR=address)
    answer = client.post(reverse("account_login"), {"login": email, "password": PASSWORD})
    assert answer.status_code == 302
    client.get(reverse("members:account"))
    return client


def goes_idle(client: Client, minutes: float) -> None:
    """Let the session be one in which nothing has happened for so long."""
    session = client.session
    session["last_active_at"] = time.time() - minutes * 60
    session.save()


def active_at(client: Client) -> float:
    return float(client.session["last_active_at"])


@pytest.mark.django_db
def test_the_list_shows_each_session_with_browser_and_masked_address(alice: Member) -> None:
    by_page("alice@example.com", IPHONE, "198.51.100.7")
    client = by_page("alice@example.com")

    page = client.get(reverse("members:account"), headers={"Accept-Language": "en"}).content.decode()

    assert "Chrome · Windows" in page
    assert "Safari · iPhone" in page
    assert "203.0.***.42" in page
    assert "198.51.***.7" in page
    assert "203.0.113.42" not in page
    assert "Mozilla/5.0" not in page


@pytest.mark.django_db
def test_signing_out_the_others_ends_them_and_keeps_this_one(alice: Member) -> None:
    other, third, client = (by_page("alice@example.com") for _number in range(3))
    assert SignInSession.objects.count() == 3

    client.post(reverse("members:end_other_sessions"))

    assert client.get(reverse("members:account")).status_code == 200
    for ended in (other, third):
        assert ended.get(reverse("members:account")).status_code == 302
    assert SignInSession.objects.get().session_id == row_of(client.session.session_key)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_one_session_is_ended_by_itself_and_nobody_elses(alice: Member, charlie: Member) -> None:
    other, client, stranger = by_page("alice@example.com"), by_page("alice@example.com"), by_page("charlie@example.com")
    session = SignInSession.objects.get(session_id=row_of(other.session.session_key))  # type: ignore[arg-type]

    stranger.post(reverse("members:end_session", args=[session.pk]))
    assert other.get(reverse("members:account")).status_code == 200
    client.post(reverse("members:end_session", args=[session.pk]))
    assert other.get(reverse("members:account")).status_code == 302


@pytest.mark.django_db
def test_a_new_password_signs_the_others_out_and_is_told(alice: Member, mailoutbox: Any) -> None:
    other = by_page("alice@example.com")
    client = Client()
    client.post(reverse("account_reset_password"), {"email": "alice@example.com"})
    link = re.search(r"http://[^/]+(/account/password/reset/key/\S+)", str(mailoutbox[-1].body))
    assert link is not None
    form = client.get(link[1], follow=True).redirect_chain[-1][0]
    client.post(form, {"password1": "another long phrase", "password2": "another long phrase"})

    assert other.get(reverse("members:account")).status_code == 302
    assert not SignInSession.objects.exists()
    assert mailoutbox[-1].to == ["alice@example.com"]
    assert "alice@example.com" not in str(mailoutbox[-1].body)
    assert reverse("account_reset_password") in str(mailoutbox[-1].body)


@pytest.mark.django_db(transaction=True)
def test_a_dump_tells_no_address_no_browser_and_no_living_session() -> None:
    a_member(email="alice@example.com")
    client = by_page("alice@example.com")
    session = client.session
    session["mfa.totp.secret"] = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
    session.save()
    text = dump()
    for value in ("203.0.113.42", "Chrome/129", "JBSWY3DPEHPK3PXP", str(client.session.session_key), "_auth_user_id"):
        assert value not in text
    assert client.session["mfa.totp.secret"] == "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"


@pytest.mark.django_db
def test_a_session_moved_into_another_row_is_nobodys(alice: Member, charlie: Member, signed_in: SignIn) -> None:
    rows = [row_of(signed_in(who).session.session_key) for who in (alice, charlie)]  # type: ignore[arg-type]
    content = Session.objects.get(pk=rows[0]).session_data
    Session.objects.filter(pk=rows[1]).update(session_data=content)
    client = signed_in(charlie)
    own = row_of(client.session.session_key)  # type: ignore[arg-type]
    Session.objects.filter(pk=own).update(session_data=content)
    assert client.get(reverse("members:account")).status_code == 302


def test_a_session_outlives_the_change_of_the_secret_key(settings: Any) -> None:
    store = SessionStore("a" * 32)
    text = store.encode({"x": 1})
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another secret key that only this test uses, ever so long"
    assert store.decode(text) == {"x": 1}
    settings.SECRET_KEY_FALLBACKS = []
    assert store.decode(text) == {}


@pytest.mark.django_db
@pytest.mark.parametrize(("who", "minutes"), [("alice", 30), ("officer", 15)])
def test_an_idle_session_ends_and_says_so(
    who: str, minutes: int, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    client.cookies["django_language"] = "en"
    page = "/admin/" if who == "officer" else reverse("members:account")
    assert client.get(page).status_code == 200
    goes_idle(client, minutes - 1)
    assert client.get(page).status_code == 200
    goes_idle(client, minutes + 0.1)
    key = client.session.session_key

    answer = client.get(f"{page}?a=b")

    assert answer["Location"] == f"{reverse('account_login')}?next={page.replace('/', '%2F')}%3Fa%3Db"
    told = client.get(answer["Location"]).content.decode()
    assert f"You were signed out after {minutes} minutes without activity." in told
    assert not SessionStore().exists(str(key))


@pytest.mark.django_db
def test_what_was_typed_comes_back_to_be_sent_again_but_for_secrets(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.cookies["django_language"] = "en"
    client.get(reverse("members:account"))
    goes_idle(client, 31)
    typed = {"question": "When does <it> end?", "password": "geheim-1", "card_number": "4111111111111111"}

    answer = client.post("/my/requests/new/general_inquiry/", typed)

    page = answer.content.decode()
    assert answer.status_code == 401
    assert 'name="question" value="When does &lt;it&gt; end?"' in page
    assert "geheim-1" not in page
    assert "4111111111111111" not in page
    assert "no-store" in answer["Cache-Control"]


@pytest.mark.django_db
def test_what_a_page_asks_by_itself_is_no_activity(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.get(reverse("members:account"))
    goes_idle(client, 20)
    before = active_at(client)

    told = client.get(reverse("members:session_state"), headers={"X-Background": "yes"}).json()
    client.get(reverse("members:account"), headers={"X-Background": "yes"})

    assert told["left"] == pytest.approx(600, abs=5)
    assert active_at(client) == before
    assert client.post(reverse("members:keep_session")).json()["left"] == 1800
    assert active_at(client) > before
    assert client.get(reverse("members:session_state")).json()["left"] == pytest.approx(1800, abs=5)


@pytest.mark.django_db
def test_asking_how_long_is_left_ends_what_is_over(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.get(reverse("members:account"))
    goes_idle(client, 31)
    assert client.get(reverse("members:session_state"), headers={"X-Background": "yes"}).json() == {"signed_in": False}
    assert client.get(reverse("members:account")).status_code == 302


@pytest.mark.django_db
def test_activity_is_written_once_a_minute(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.get(reverse("members:account"))
    goes_idle(client, 0.5)
    before = active_at(client)
    client.get(reverse("members:account"))
    assert active_at(client) == before
    goes_idle(client, 1.1)
    client.get(reverse("members:account"))
    assert active_at(client) > before


@pytest.mark.parametrize(
    ("browser", "words"),
    [
        (CHROME, "Chrome · Windows"),
        (CHROME + " Edg/129.0.0.0", "Edge · Windows"),
        (CHROME + " Whale/3.27.254.15", "Whale · Windows"),
        (IPHONE, "Safari · iPhone"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox · Linux"),
    ],
)
def test_a_browser_is_told_in_plain_words(browser: str, words: str) -> None:
    assert in_words(browser) == words
