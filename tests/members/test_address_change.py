"""Changing the address one signs in with: confirmed at both addresses, and telling nobody who has which."""

from __future__ import annotations

import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client

from members import changing_address
from members.addresses import account_with, alias_of
from members.models import Account, AddressChange, Member
from privacy_portal import clock
from privacy_portal.actors import Actor
from privacy_portal.audit.masking import mask
from privacy_portal.errors import PortalError
from privacy_portal.vault.destruction import destroy_key
from tests.factories import PASSWORD, SYSTEM, a_member, acting, staff_acting

SignIn = Callable[[Member | Account], Client]
NEW = "haneul@new.example.com"
PAGE = "/my/account/address/"


def proven(client: Client) -> Client:
    """The client, after its person typed the password once more."""
    answer = client.post("/account/reauthenticate/", {"password": PASSWORD, "next": PAGE})
    assert answer["Location"] == PAGE
    return client


def ask(client: Client, address: str = NEW) -> Any:
    return proven(client).post(PAGE, {"email": address})


def link_to(address: str) -> str:
    """The link in the last e-mail to `address`."""
    message = next(one for one in reversed(mail.outbox) if one.to == [address])
    found = re.search(r"https?://[^/\s]+(/account/address/\S+)", str(message.body))
    assert found is not None
    return found[1]


def subjects(address: str) -> list[str]:
    return [str(one.subject) for one in mail.outbox if one.to == [address]]


def may_sign_in(address: str) -> bool:
    client = Client()
    client.post("/account/login/", {"login": address, "password": PASSWORD})
    return client.get("/my/").status_code == 200


def test_the_address_is_changed_once_both_have_confirmed(alice: Member, signed_in: SignIn) -> None:
    assert ask(signed_in(alice)).status_code == 302
    old, new = link_to("alice@example.com"), link_to(NEW)
    Client().post(new, {"action": "confirm"})
    assert may_sign_in("alice@example.com")
    Client().post(old, {"action": "confirm"})

    assert may_sign_in(NEW)
    assert not may_sign_in("alice@example.com")
    account = Account.objects.get(member=alice)
    assert account.email.open_unseen() == NEW
    address = EmailAddress.objects.get(user=account)
    assert (address.email, address.verified, address.primary) == (alias_of(NEW), True, True)
    assert [len(subjects(told)) for told in ("alice@example.com", NEW)] == [2, 2]  # asked, and told that it is done


def test_the_page_asks_for_the_password_again(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    assert client.get(PAGE)["Location"].startswith("/account/reauthenticate/")
    client.post(PAGE, {"email": NEW})
    assert not AddressChange.objects.exists()


def test_looking_at_a_link_changes_nothing(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    for link in (link_to("alice@example.com"), link_to(NEW)):
        assert Client().get(link).status_code == 200
        assert Client().head(link).status_code == 200
    change = AddressChange.objects.get()
    assert (change.confirmed_old_at, change.confirmed_new_at) == (None, None)


def test_every_other_session_ends_and_the_one_that_confirmed_stays(alice: Member, signed_in: SignIn) -> None:
    elsewhere, here = signed_in(alice), signed_in(alice)
    ask(here)
    here.post(link_to(NEW), {"action": "confirm"})
    assert elsewhere.get("/my/").status_code == 200
    here.post(link_to("alice@example.com"), {"action": "confirm"})
    assert here.get("/my/").status_code == 200
    assert elsewhere.get("/my/").status_code == 302
    assert here.get(PAGE).status_code == 200  # and what it proved a moment ago still counts
    assert alias_of("alice@example.com") not in str(dict(here.session))


def test_a_change_of_language_or_of_nothing_ends_no_session(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.post("/language/", {"language": "en"})
    assert client.get("/my/").status_code == 200


def test_the_old_address_is_free_afterwards_and_leads_to_nobody(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    alias = alias_of("alice@example.com")
    for link in (link_to("alice@example.com"), link_to(NEW)):
        Client().post(link, {"action": "confirm"})
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table.startswith(("members_", "account_", "outbox_")):
                cursor.execute(f'SELECT count(*) FROM "{table}" AS one WHERE one::text LIKE %s', [f"%{alias[:32]}%"])
                assert cursor.fetchone() == (0,), table
    another = a_member("alice@example.com")
    assert account_with("alice@example.com") == another.account


def test_the_history_keeps_what_the_address_was_sealed(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    for link in (link_to("alice@example.com"), link_to(NEW)):
        Client().post(link, {"action": "confirm"})
    assert alice.account is not None
    before, after = alice.account.history.order_by("history_date", "history_id")  # type: ignore[attr-defined]
    assert (before.email.open_unseen(), after.email.open_unseen()) == ("alice@example.com", NEW)
    assert after.history_change_reason == "address changed"


def test_an_address_that_was_only_asked_for_is_kept_nowhere(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    ask(client)
    client.post(PAGE, {"action": "stop"})
    change = AddressChange.objects.get()
    assert (change.ending, change.new_address) == ("cancelled", None)
    assert not hasattr(change.history.first(), "new_address")


@pytest.mark.parametrize("is_there_already", [True, False])
def test_an_address_of_somebody_else_is_never_given_away(
    alice: Member, signed_in: SignIn, is_there_already: bool
) -> None:
    if is_there_already:
        a_member("taken@example.com")
    answer = ask(signed_in(alice), "Taken@example.com")
    page = proven(signed_in(alice)).get(answer["Location"]).content.decode()
    free = ask(signed_in(a_member("dana@example.com")), "free@example.com")
    assert (answer.status_code, answer["Location"]) == (free.status_code, free["Location"])
    assert mask("email", "taken@example.com") in page
    if is_there_already:
        assert len(subjects("taken@example.com")) == 1
        assert "/account/address/" not in str(next(one for one in mail.outbox if one.to == ["taken@example.com"]).body)
        return

    new, old = link_to("taken@example.com"), link_to("alice@example.com")
    Client().post(new, {"action": "confirm"})
    owner = a_member("taken@example.com")
    answer = Client().post(old, {"action": "confirm"}, follow=True)
    assert answer.status_code == 200
    assert account_with("taken@example.com") == owner.account
    assert account_with("alice@example.com") == alice.account
    change = AddressChange.objects.get(account=alice.account)
    assert (change.ended_at, change.confirmed_new_at) == (None, None)
    assert len(subjects("taken@example.com")) == 2
    assert may_sign_in("alice@example.com")


def test_two_people_may_wait_for_one_address_and_the_first_gets_it(
    alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    links = {}
    for member, address in ((alice, "alice@example.com"), (charlie, "charlie@example.com")):
        ask(signed_in(member))
        links[address] = (link_to(address), link_to(NEW))
    for address in ("charlie@example.com", "alice@example.com"):
        for link in links[address]:
            Client().post(link, {"action": "confirm"})
    assert account_with(NEW) == charlie.account
    assert account_with("alice@example.com") == alice.account


@pytest.mark.parametrize("hours", [23.9, 24.1])
def test_a_link_works_for_a_day(alice: Member, signed_in: SignIn, hours: float) -> None:
    ask(signed_in(alice))
    links = link_to("alice@example.com"), link_to(NEW)
    works = hours < 24
    with clock.pretending(clock.now() + timedelta(hours=hours)):
        for link in links:
            assert Client().get(link).status_code == (200 if works else 410)
            assert Client().post(link, {"action": "confirm"}).status_code == (302 if works else 410)
    assert bool(account_with(NEW)) is works


def test_addresses_nobody_confirmed_are_forgotten_by_the_schedule(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    changing_address.end_expired.call()
    assert AddressChange.objects.get().ended_at is None
    with clock.pretending(clock.now() + timedelta(hours=25)):
        changing_address.end_expired.call()
    change = AddressChange.objects.get()
    assert (change.ending, change.new_address) == ("expired", None)


def test_a_second_ask_replaces_the_first(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    ask(client)
    first = link_to("alice@example.com"), link_to(NEW)
    client.post(PAGE, {"email": "other@example.com"})
    for link in first:
        assert Client().post(link, {"action": "confirm"}).status_code == 410
    for link in (link_to("alice@example.com"), link_to("other@example.com")):
        Client().post(link, {"action": "confirm"})
    assert account_with("other@example.com") == alice.account
    assert account_with(NEW) is None


def test_a_link_clicked_twice_says_what_is_so(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    links = link_to("alice@example.com"), link_to(NEW)
    for link in (*links, *links):
        assert Client().post(link, {"action": "confirm"}, follow=True).status_code == 200
    assert len(subjects(NEW)) == 2
    assert Client().get(links[0]).status_code == 200
    with pytest.raises(PortalError, match=r".") as refused:
        changing_address.cancel(AddressChange.objects.get().pk, actor=acting(alice))
    assert refused.value.code == "change_over"


def test_the_old_address_can_stop_it(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    old, new = link_to("alice@example.com"), link_to(NEW)
    Client().post(new, {"action": "confirm"})
    Client().post(old, {"action": "stop"})
    assert Client().post(old, {"action": "confirm"}).status_code == 410
    assert Client().post(new, {"action": "stop"}).status_code == 410
    assert account_with(NEW) is None


def test_the_new_address_cannot_stop_it(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    Client().post(link_to(NEW), {"action": "stop"})
    assert AddressChange.objects.get().ended_at is None


def test_what_waits_ends_with_the_membership(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    links = link_to("alice@example.com"), link_to(NEW)
    destroy_key(alice.data_key_id, because="membership.closed", actor=SYSTEM)
    for link in links:
        assert Client().get(link).status_code == 410
        assert Client().post(link, {"action": "confirm"}).status_code == 410
    with clock.pretending(clock.now() + timedelta(hours=25)):
        changing_address.end_expired.call()
    assert AddressChange.objects.get().ending == "expired"


@pytest.mark.parametrize("token", ["x", "a:b:c", "eyJ9:1:sig"])
def test_a_broken_link_has_a_page_of_its_own(db: None, client: Client, token: str) -> None:
    assert client.get(f"/account/address/{token}/").status_code == 410
    assert client.post(f"/account/address/{token}/", {"action": "confirm"}).status_code == 410


@pytest.mark.parametrize("address", ["no address", "", "alice@example.com", " ALICE@example.com"])
def test_what_is_wrong_with_an_address_is_told_beside_it(alice: Member, signed_in: SignIn, address: str) -> None:
    answer = ask(signed_in(alice), address)
    assert answer.status_code == 200
    assert list(answer.context["form"].errors) == ["email"]
    assert not AddressChange.objects.exists()


def test_no_mail_names_an_address(alice: Member, signed_in: SignIn) -> None:
    ask(signed_in(alice))
    for link in (link_to("alice@example.com"), link_to(NEW)):
        Client().post(link, {"action": "confirm"})
    for message in mail.outbox:
        assert "alice@" not in str(message.body)
        assert NEW not in str(message.body)


def test_the_mails_are_in_the_language_of_whoever_reads_them(alice: Member, signed_in: SignIn) -> None:
    a_member("dana@example.com", language="en")
    ask(signed_in(alice), "dana@example.com")  # on pages in Korean
    assert subjects("dana@example.com") == ["Somebody tried to use your address"]


def test_an_officer_confirms_for_a_lost_mailbox_and_says_why(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    ask(signed_in(alice))
    client, member_page = signed_in(officer), f"/admin/members/member/{alice.pk}/"
    assert f"{alice.pk}/address/" in client.get(f"{member_page}change/").content.decode()
    assert client.post(f"{member_page}address/", {"reason": " "}).status_code == 200
    assert AddressChange.objects.get().confirmed_old_at is None
    assert client.post(f"{member_page}address/", {"reason": "R-2026-1"}).status_code == 302
    change = AddressChange.objects.get()
    assert change.confirmed_old_at is not None
    entry = change.history.first()
    assert (entry.actor_kind, entry.history_user_id, entry.history_change_reason) == ("staff", officer.pk, "R-2026-1")
    assert f"{alice.pk}/address/" not in client.get(f"{member_page}change/").content.decode()
    Client().post(link_to(NEW), {"action": "confirm"})
    assert account_with(NEW) == alice.account


def test_nobody_else_confirms_in_place_of_an_address(
    alice: Member, officer: Account, agent: Account, signed_in: SignIn
) -> None:
    ask(signed_in(alice))
    change = AddressChange.objects.get()
    assert signed_in(agent).post(f"/admin/members/member/{alice.pk}/address/", {"reason": "R-1"}).status_code == 403
    for side, actor in (("old", staff_acting(agent)), ("new", staff_acting(officer))):
        with pytest.raises(PortalError) as refused:
            changing_address.confirm(change.pk, side, actor=actor, reason="R-1")  # type: ignore[arg-type]
        assert refused.value.code == "not_allowed"
    change.refresh_from_db()
    assert (change.confirmed_old_at, change.confirmed_new_at) == (None, None)


@pytest.mark.django_db(transaction=True)
def test_both_links_at_once_change_the_address_once() -> None:
    alice = a_member("alice@example.com")
    assert alice.account is not None
    change = changing_address.ask_for(alice.account, NEW, actor=acting(alice))
    stranger = Actor("member")

    def confirm(side: Any) -> None:
        try:
            changing_address.confirm(change.pk, side, actor=stranger)
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(confirm, ["old", "new", "old", "new"]))
    assert account_with(NEW) == alice.account
    assert AddressChange.objects.get().ending == "changed"
    assert len(subjects(NEW)) == 2


@pytest.mark.django_db(transaction=True)
def test_two_asked_at_once_leave_one_that_waits() -> None:
    alice = a_member("alice@example.com")

    def ask_for(number: int) -> None:
        try:
            assert alice.account is not None
            changing_address.ask_for(alice.account, f"{number}@example.com", actor=acting(alice))
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as threads:
        list(threads.map(ask_for, range(4)))
    assert AddressChange.objects.filter(ended_at__isnull=True).count() == 1
    assert AddressChange.objects.count() == 4
