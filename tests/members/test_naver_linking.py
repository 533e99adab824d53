"""Linking NAVER to an account, unlinking it, and confirming with it that one is oneself."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import httpx2
import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils import timezone
from django.utils.translation import gettext

from members.models import Account, Member, NaverLink, NaverUnlinking
from members.naver import linking, unlinking
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from tests.factories import PASSWORD, a_member, a_staff_account, acting, staff_acting
from tests.naver import Naver, agreed, says, through_naver, told, went
from tests.second_factor import an_app

pytestmark = pytest.mark.django_db
LINK = "/my/account/naver/link/"


def signed_in_again(email: str = "alice@example.com") -> Client:
    """A client that has just proved, once more, that it is the member."""
    client = Client()
    client.post("/account/login/", {"login": email, "password": PASSWORD})
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    return client


def account_of(member: Member) -> Account:
    assert member.account is not None
    return member.account


def linked(member: Member, profile_id: str = "an id", token: str = "a token") -> NaverLink:
    return linking.link(account_of(member), profile_id, token, actor=acting(member))


def code_of(ask: Callable[[], Any]) -> str:
    with pytest.raises(PortalError) as error:
        ask()
    return error.value.code


def test_a_member_links_naver_and_is_told_by_mail(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    assert client.get("/my/account/naver/").status_code == 200
    assert through_naver(client, "complete", LINK)["Location"] == "/my/account/"
    assert NaverLink.objects.get().account == alice.account
    assert mail.outbox[-1].to == ["alice@example.com"]
    assert mail.outbox[-1].subject == gettext("NAVER is linked to your account")
    page = client.get("/my/account/").content.decode()
    assert "/my/account/naver/" in page
    member = Member.objects.get(pk=alice.pk)
    assert member.name.open() == "김하늘"
    other = Client()
    through_naver(other)
    assert other.get("/my/").context["request"].user == alice.account


@pytest.mark.parametrize("path", [LINK, "/my/account/naver/unlink/", "/my/account/naver/link-waiting/"])
def test_linking_and_unlinking_ask_once_more_who_it_is(naver: Naver, alice: Member, path: str) -> None:
    client = Client()
    assert client.post(path)["Location"].startswith("/account/login/")
    client.post("/account/login/", {"login": "alice@example.com", "password": PASSWORD})
    response = client.post(path)
    assert response["Location"] == "/my/account/naver/"
    assert client.get(response["Location"])["Location"].startswith("/account/reauthenticate/")


def test_one_naver_id_is_not_linked_to_two_members(naver: Naver, alice: Member, charlie: Member) -> None:
    through_naver(signed_in_again(), "complete", LINK)
    client = signed_in_again("charlie@example.com")
    response = through_naver(client, "complete", LINK)
    assert response["Location"] == "/my/account/"
    sentence = gettext("This NAVER ID belongs to another membership already. Sign in with NAVER to get to that one.")
    assert sentence in told(client, response)
    assert NaverLink.objects.get().account == alice.account


def test_one_account_has_one_naver_id(naver: Naver, alice: Member) -> None:
    linked(alice)
    assert code_of(lambda: linked(alice, "another id")) == "naver_other_linked"
    assert linked(alice, token="newer").refresh_token.open() == "newer"
    assert NaverLink.objects.count() == 1


def test_staff_do_not_link(naver: Naver, officer: Account) -> None:
    assert code_of(lambda: linking.link(officer, "an id", "t", actor=staff_acting(officer))) == "naver_only_members"


def test_somebody_else_signed_in_meanwhile_is_not_linked(naver: Naver, alice: Member, charlie: Member) -> None:
    client = signed_in_again()
    back = agreed(client, went(client, LINK))
    client.force_login(account_of(charlie), backend="allauth.account.auth_backends.AuthenticationBackend")
    client.get(back)
    assert not NaverLink.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_two_members_who_link_one_naver_id_at_once_do_not_both_get_it(naver: Naver) -> None:
    members = [a_member("one@example.com"), a_member("two@example.com")]
    together, outcomes = threading.Barrier(2), []

    def link(member: Member) -> None:
        together.wait()
        try:
            linked(member)
            outcomes.append("linked")
        except PortalError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=link, args=[member]) for member in members]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["linked", "naver_linked_elsewhere"]


# ----------------------------------------------------------------------------- unlinking (V4)
def test_unlinking_refreshes_deletes_and_proves_it(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    through_naver(client, "complete", LINK)
    key = NaverLink.objects.get().data_key_id
    naver.asked.clear()
    assert client.post("/my/account/naver/unlink/")["Location"] == "/my/account/"
    assert naver.asked == ["refresh_token", "delete", "refresh_token"]
    link = NaverLink.objects.get()
    assert link.unlinked_at is not None
    assert link.profile_id_index is None
    assert DataKey.objects.get(pk=key).is_destroyed
    done = NaverUnlinking.objects.get()
    assert (done.outcome, done.refresh_token) == ("proved", None)
    assert done.data_key.is_destroyed
    assert len(mail.outbox) == 2
    assert mail.outbox[-1].subject == gettext("NAVER is unlinked from your account")
    assert through_naver(Client())["Location"] == "/sign-up/naver/"


def test_what_was_unlinked_can_be_linked_again_by_anybody(naver: Naver, alice: Member, charlie: Member) -> None:
    linked(alice)
    linking.unlink_at_wish(account_of(alice), actor=acting(alice))
    linked(charlie)
    linked(alice, "another id")
    assert NaverLink.objects.filter(unlinked_at=None).count() == 2


def test_a_member_without_a_password_sets_one_before_unlinking(naver: Naver, alice: Member) -> None:
    linked(alice)
    account = account_of(alice)
    account.set_unusable_password()
    account.save()
    assert code_of(lambda: linking.unlink_at_wish(account, actor=acting(alice))) == "naver_only_way_in"
    assert NaverLink.objects.get().unlinked_at is None


def test_closing_the_membership_unlinks_it_at_naver_and_proves_it(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    through_naver(client, "complete", LINK)
    naver.asked.clear()
    assert client.post("/my/account/close/")["Location"] == "/closed/"
    assert naver.asked == ["refresh_token", "delete", "refresh_token"]
    assert NaverUnlinking.objects.get().outcome == "proved"
    assert not DataKey.objects.filter(subject_id=alice.pk, wrapped_key__isnull=False).exists()
    assert through_naver(Client())["Location"] == "/sign-up/naver/"


def test_closing_unlinks_whoever_it_is_and_also_where_nothing_is_linked(naver: Naver, alice: Member) -> None:
    account = account_of(alice)
    assert linking.unlink(account, actor=acting(alice)) is False
    linked(alice)
    account.set_unusable_password()
    account.save()
    assert linking.unlink(account, actor=acting(alice)) is True
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=acting(alice))
    assert linking.unlink(account, actor=acting(alice)) is False
    assert NaverUnlinking.objects.get().outcome == "proved"


def test_closing_leaves_the_token_to_the_worker_until_naver_can_be_reached(naver: Naver, alice: Member) -> None:
    naver.answers["refresh_token"] = [httpx2.ConnectError("nobody"), says(access_token="fresh")]
    linked(alice)
    linking.unlink(account_of(alice), actor=acting(alice))
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=acting(alice))
    assert linking.link_of(account_of(alice)) is None
    waits = NaverUnlinking.objects.get()
    assert (waits.outcome, waits.attempts) == ("waiting", 1)
    unlinking.tell_due.call()
    assert len(naver.asked) == 1, "it is not tried again before it is due"
    with pretending(waits.due_at + timedelta(minutes=1)):
        unlinking.tell_due.call()
    assert naver.asked == ["refresh_token", "refresh_token", "delete", "refresh_token"]
    assert NaverUnlinking.objects.get().outcome == "proved"


def test_after_a_week_it_is_given_up_and_the_token_destroyed(naver: Naver, alice: Member) -> None:
    naver.answers["refresh_token"] = [httpx2.ReadTimeout("late") for _attempt in range(40)]
    linked(alice)
    linking.unlink(account_of(alice), actor=acting(alice))
    began = timezone.now()
    for hour in range(24 * 8):
        with pretending(began + timedelta(hours=hour)):
            unlinking.tell_due.call()
    waits = NaverUnlinking.objects.get()
    assert waits.outcome == "given_up"
    assert waits.data_key.is_destroyed
    assert 8 <= waits.attempts <= 20


@pytest.mark.parametrize(
    ("step", "answer"),
    [
        ("refresh_token", [says(access_token="fresh"), says(access_token="still alive")]),
        ("refresh_token", [says(access_token="fresh"), httpx2.ReadTimeout("late")]),
        ("refresh_token", [says(error="unauthorized_client")]),
        ("delete", [says(access_token="fresh", result="fail")]),
        ("delete", [httpx2.Response(500)]),
    ],
)
def test_what_is_not_proved_is_tried_again(naver: Naver, alice: Member, step: str, answer: list[Any]) -> None:
    client = signed_in_again()
    through_naver(client, "complete", LINK)
    naver.answers[step] = answer
    linking.unlink(account_of(alice), actor=acting(alice))
    assert NaverUnlinking.objects.get().outcome == "waiting"


def test_a_link_that_ended_at_naver_already_is_proved_at_once(naver: Naver, alice: Member) -> None:
    linked(alice, token="a token NAVER does not know")
    linking.unlink(account_of(alice), actor=acting(alice))
    assert naver.asked == ["refresh_token"]
    assert NaverUnlinking.objects.get().outcome == "proved"


def test_a_link_whose_key_died_otherwise_is_no_link_and_in_nobodys_way(naver: Naver, alice: Member) -> None:
    linked(alice)
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="replayed", actor=acting(alice))
    account = account_of(alice)
    assert linking.link_of(account) is None
    assert linking.link_with("an id") is None


# ----------------------------------------------------------------------------- confirming
def without_password(member: Member) -> Client:
    """Signed in by NAVER as a member who has no password."""
    through_naver(signed_in_again(), "complete", LINK)
    Account.objects.filter(pk=account_of(member).pk).update(password="!")
    client = Client()
    through_naver(client)
    return client


def test_a_member_without_a_password_confirms_with_naver(naver: Naver, alice: Member) -> None:
    client = without_password(alice)
    leads = client.get("/my/account/naver/")
    assert leads["Location"] == "/account/reauthenticate/?next=%2Fmy%2Faccount%2Fnaver%2F"
    leads = client.get(leads["Location"])
    assert leads["Location"] == "/account/naver/confirm/?next=%2Fmy%2Faccount%2Fnaver%2F"
    assert client.get(leads["Location"]).status_code == 200
    page = went(client, leads["Location"])
    assert "auth_type=reauthenticate" in page
    assert client.get(agreed(client, page))["Location"] == "/my/account/naver/"
    assert client.get("/my/account/naver/").status_code == 200


def test_another_naver_id_confirms_nothing(naver: Naver, alice: Member) -> None:
    client = without_password(alice)
    response = through_naver(client, "nothing", "/account/naver/confirm/?next=/my/account/naver/")
    assert response["Location"] == "/account/reauthenticate/?next=%2Fmy%2Faccount%2Fnaver%2F"
    assert client.get("/my/account/naver/").status_code == 302


def test_a_confirmation_is_good_for_five_minutes(naver: Naver, alice: Member, monkeypatch: pytest.MonkeyPatch) -> None:
    client = without_password(alice)
    through_naver(client, "complete", "/account/naver/confirm/")
    assert client.get("/my/account/naver/").status_code == 200
    later = time.time() + 301
    monkeypatch.setattr(time, "time", lambda: later)
    assert client.get("/my/account/naver/").status_code == 302


@pytest.mark.parametrize("next_", ["https://evil.example/", "//evil.example/"])
def test_confirming_leads_to_no_other_site(naver: Naver, alice: Member, next_: str) -> None:
    client = without_password(alice)
    assert through_naver(client, "complete", f"/account/naver/confirm/?next={next_}")["Location"] == "/my/account/"


def test_a_member_with_a_password_is_offered_naver_once_it_is_linked(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    assert "/account/naver/confirm/" not in client.get("/account/reauthenticate/").content.decode()
    linked(alice)
    assert "/account/naver/confirm/" in client.get("/account/reauthenticate/").content.decode()


def test_who_linked_nothing_cannot_confirm_with_naver(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    assert client.post("/account/naver/confirm/")["Location"] == "/account/reauthenticate/"


def test_staff_have_no_page_on_naver(naver: Naver) -> None:
    a_staff_account("someone@cloud.example", "Auditor")
    client = signed_in_again("someone@cloud.example")
    assert client.get("/my/account/naver/")["Location"].startswith("/account/reauthenticate/")


def test_naver_does_not_stand_in_for_a_second_factor(naver: Naver, alice: Member) -> None:
    client = signed_in_again()
    linked(alice)
    assert alice.account is not None
    an_app(alice.account)
    assert "/account/naver/confirm/" not in client.get("/account/reauthenticate/", follow=True).content.decode()
    assert client.post("/account/naver/confirm/")["Location"] == "/account/reauthenticate/"
