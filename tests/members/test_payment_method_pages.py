"""The member's pages of payment methods."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member, PaymentKind, PaymentMethod
from privacy_portal.audit.models import OwnAccessEntry
from privacy_portal.clock import pretending
from tests.paying import (
    ACCOUNT,
    AUGUST,
    CARD,
    NEVER,
    NUMBER,
    SEPTEMBER,
    TYPED,
    a_card,
    a_new_notice,
    an_account,
    documents_of,
    seen,
)

SignIn = Callable[[Member | Account], Client]
LIST = reverse("members:payment_methods")
CARD_PAGE = reverse("members:add_card")
ACCOUNT_PAGE = reverse("members:add_account")


def removal(method: PaymentMethod) -> str:
    return reverse("members:remove_payment_method", args=[method.pk])


def filled(**changed: str) -> dict[str, str]:
    return TYPED["card"] | {"notice": seen(PaymentKind.CREDIT_CARD)} | changed


def text_of(response: Any) -> str:
    return response.content.decode()


def test_a_card_is_added_after_its_notice_and_shown_masked(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    page = text_of(client.get(CARD_PAGE))
    assert "5년" in page  # how long, before anything is typed (S13)
    assert 'autocomplete="cc-number"' in page
    assert "checked" not in page  # nothing is chosen beforehand (P4)
    assert "cvc" not in page.lower()

    page = text_of(client.post(CARD_PAGE, filled(), follow=True))

    assert "4111-11**-****-1111" in page
    assert "1990-**-**" in page
    assert "08/33" not in page
    assert OwnAccessEntry.objects.filter(person_id=alice.pk, items__contains=["card_number"]).exists()


@pytest.mark.parametrize(
    ("changed", "error"),
    [
        ({"card_number": "4111 1111 1111 1112"}, "card_number"),
        ({"card_expiry": "08/19"}, "card_expiry"),
        ({"birth_date": ""}, "birth_date"),
    ],
)
def test_an_error_stands_beside_its_field_and_no_number_comes_back_into_the_page(
    changed: dict[str, str], error: str, alice: Member, signed_in: SignIn
) -> None:
    page = text_of(signed_in(alice).post(CARD_PAGE, filled(**changed)))

    assert f'id="id_{error}_error"' in page
    assert [number for number in (*NEVER, "4111 1111-1111 1111", "1111 1112") if number in page] == []
    # What is no number stays as it was typed; the number has to be typed again, and that is said.
    assert f'value="{filled(**changed)["card_expiry"]}"' in page
    assert 'id="id_card_number_error"' in page
    assert not PaymentMethod.objects.exists()


def test_the_same_card_again_is_told_beside_its_number(alice: Member, signed_in: SignIn) -> None:
    a_card(alice)
    page = text_of(signed_in(alice).post(CARD_PAGE, filled(card_expiry="09/34")))
    assert re.search(r'id="id_card_number_error">[^<]+', page)
    assert [number for number in NEVER if number in page] == []
    assert PaymentMethod.objects.count() == 1


def test_a_notice_that_was_replaced_is_shown_anew_and_nothing_is_added(alice: Member, signed_in: SignIn) -> None:
    old = filled()
    a_new_notice(PaymentKind.CREDIT_CARD)
    client = signed_in(alice)
    page = text_of(client.post(CARD_PAGE, old))
    assert 'role="alert"' in page
    assert f'value="{seen(PaymentKind.CREDIT_CARD)}"' in page
    assert not PaymentMethod.objects.exists()
    assert client.post(CARD_PAGE, filled()).status_code == 302


def test_a_business_adds_its_account_from_the_list_of_banks(business: Member, signed_in: SignIn) -> None:
    client = signed_in(business)
    assert "KB국민은행" in text_of(client.get(ACCOUNT_PAGE))
    wrong = TYPED["account"] | {"notice": seen(PaymentKind.ACCOUNT_TRANSFER), "bank_name": "나래은행"}
    assert 'id="id_bank_name_error"' in text_of(client.post(ACCOUNT_PAGE, wrong))
    page = text_of(client.post(ACCOUNT_PAGE, wrong | {"bank_name": "004"}, follow=True))
    assert "KB국민은행" in page
    assert "*******9012" in page
    assert [number for number in NEVER if number in page] == []


def test_pages_of_kinds_that_are_not_asked_of_a_member_are_no_pages(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    assert ACCOUNT_PAGE not in text_of(client.get(LIST))
    for page in (ACCOUNT_PAGE, reverse("requests:add_business_documents"), LIST + "add/cash/"):
        assert client.get(page).status_code == 404
        assert client.post(page, {"account_number": ACCOUNT}).status_code == 404


def test_removing_says_first_what_goes_and_what_law_keeps(business: Member, signed_in: SignIn) -> None:
    client, method = signed_in(business), an_account(business)
    page = text_of(client.get(removal(method)))
    assert "*******9012" in page
    assert "5년" in page
    assert ACCOUNT not in page
    method.refresh_from_db()
    assert method.is_living  # looking does nothing

    page = text_of(client.post(removal(method), follow=True))
    assert "*******9012" not in page
    method.refresh_from_db()
    assert not method.is_living
    # The other tab, and a double click.
    for answer in (client.post(removal(method)), client.get(removal(method))):
        assert answer["Location"] == LIST


def test_what_is_somebody_elses_is_no_page(alice: Member, charlie: Member, signed_in: SignIn) -> None:
    method, client = a_card(alice), signed_in(charlie)
    for address in (removal(method), f"{LIST}{uuid4()}/remove/", f"{LIST}{method.pk}/licence/"):
        assert client.get(address).status_code == 404
    assert client.post(removal(method)).status_code == 404
    assert "4111" not in text_of(client.get(LIST))
    method.refresh_from_db()
    assert method.is_living


def test_a_card_that_ends_is_told_on_the_list(alice: Member, signed_in: SignIn) -> None:
    a_card(alice)
    client = signed_in(alice)
    assert "이번 달" not in text_of(client.get(LIST, headers={"accept-language": "ko"}))
    client.cookies["django_language"] = "en"
    for moment, told in ((AUGUST, "expires this month"), (SEPTEMBER, "expired")):
        with pretending(moment):
            assert told in text_of(signed_in_again(alice, signed_in, "en").get(LIST))


def signed_in_again(member: Member, signed_in: SignIn, language: str) -> Client:
    """Signed in at the moment that the block pretends."""
    client = signed_in(member)
    client.cookies["django_language"] = language
    return client


def test_my_account_and_my_data_lead_to_them_and_show_them_masked(business: Member, signed_in: SignIn) -> None:
    a_card(business)
    an_account(business)
    documents_of(business)
    client = signed_in(business)
    account = text_of(client.get(reverse("members:account")))
    assert LIST in account
    assert "3" in account
    data = text_of(client.get(reverse("consents:data")))
    assert "4111-11**-****-1111" in data
    # Even where everything is asked for in full, the numbers are not among it.
    data = text_of(client.post(reverse("consents:data"), {"show": "all"}))
    assert "1990-05-31" in data
    assert "123-45-67891" in data
    assert [number for number in NEVER if number in data] == []
    method = PaymentMethod.objects.get(kind=PaymentKind.CREDIT_CARD)
    assert CARD not in text_of(client.post(reverse("consents:data"), {"show": f"{method.pk}.card_number"}))


def test_the_list_takes_as_many_queries_for_many_cards_as_for_one(
    alice: Member, signed_in: SignIn, django_assert_max_num_queries: Any
) -> None:
    client = signed_in(alice)
    a_card(alice)
    with django_assert_max_num_queries(40) as one:
        client.get(LIST)
    for number in ("5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"):
        a_card(alice, card_number=number)
    with django_assert_max_num_queries(len(one)):
        client.get(LIST)


@pytest.mark.parametrize("language", ["ko", "en"])
def test_every_page_opens_in_both_languages(language: str, business: Member, signed_in: SignIn) -> None:
    client = signed_in(business)
    client.cookies["django_language"] = language
    pages = [LIST, CARD_PAGE, ACCOUNT_PAGE, reverse("requests:add_business_documents")]
    assert [client.get(page).status_code for page in pages] == [200] * 4
    pages = [LIST, *(removal(method) for method in (a_card(business), an_account(business), documents_of(business)))]
    assert [client.get(page).status_code for page in pages] == [200] * 4
    assert NUMBER not in "".join(text_of(client.get(page)) for page in pages)
