"""Payment methods in the admin: masked, read-only, and not for the support desk."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from members.payment_methods import removing
from privacy_portal.audit import revealing
from privacy_portal.audit.models import AccessEntry
from tests.factories import a_member, acting, staff_acting
from tests.in_admin import found, list_of, opened, page_of, queries
from tests.paying import BORN, CARD, NEVER, a_card, documents_of

SignIn = Callable[[Member | Account], Client]
METHODS = "members_paymentmethod"


def test_an_officer_sees_methods_masked_and_that_is_on_record(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    method, client = a_card(alice), signed_in(officer)
    for page in (list_of(METHODS), page_of(method), page_of(alice)):
        before = AccessEntry.objects.count()
        text = opened(client, page)
        assert "4111-11**-****-1111" in text
        assert BORN not in text
        assert [number for number in NEVER if number in text] == []
        assert alice.pk in AccessEntry.objects.order_by("id")[before].people


def test_a_reveal_shows_the_date_of_birth_and_never_the_number(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    method = a_card(alice)
    revealing.reveal(alice.pk, items=[], why="identity", remark="", reference="R-1", actor=staff_acting(officer))
    text = signed_in(officer).get(page_of(method)).content.decode()
    assert BORN in text
    assert [number for number in NEVER if number in text] == []


def test_the_history_says_what_happened_and_who_did_it_and_shows_no_number(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    method, client = a_card(alice), signed_in(officer)
    versions = [
        reverse("admin:members_paymentmethod_version", args=[method.pk, row.pk]) for row in method.history.all()
    ]
    before = [opened(client, page) for page in (page_of(method, "history"), *versions)]
    removing.remove(method, actor=acting(alice))
    after = opened(client, page_of(method, "history"))
    assert "4111-11**-****-1111" in before[1]
    assert [number for number in NEVER if number in "".join([*before, after])] == []
    assert "4111-11**" not in opened(client, versions[0])


def test_a_removed_method_says_that_all_it_held_is_destroyed(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    method = a_card(alice)
    removing.remove(method, actor=acting(alice))
    client = signed_in(officer)
    client.cookies["django_language"] = "en"
    text = opened(client, page_of(method))
    assert text.count("destroyed") >= 3
    assert "1111" not in text


def test_methods_are_found_by_their_member_and_never_by_a_number(
    alice: Member, charlie: Member, officer: Account, signed_in: SignIn
) -> None:
    method, other = a_card(alice), a_card(charlie)
    client = signed_in(officer)
    assert found(client, METHODS, "alice@example.com") == [method]
    assert found(client, METHODS, "010-1234-5678") == [method]
    assert found(client, METHODS, str(other.pk)) == [other]
    assert found(client, METHODS, CARD) == []
    assert found(client, METHODS, "4111") == []


def test_the_support_desk_sees_no_payment_method(
    business: Member, agent: Account, officer: Account, auditor: Account, signed_in: SignIn
) -> None:
    card, documents = a_card(business), documents_of(business)
    licence = reverse("admin:requests_document_of_member", args=[documents.documents.get().pk])
    client = signed_in(agent)
    for page in (list_of(METHODS), page_of(card), page_of(card, "history"), licence):
        assert client.get(page).status_code in (403, 404)
    # An auditor reads what there is, and opens no document.
    client = signed_in(auditor)
    assert "4111-11**-****-1111" in opened(client, page_of(card))
    assert licence not in opened(client, page_of(documents))
    assert client.get(licence).status_code == 403
    client = signed_in(officer)
    assert licence in opened(client, page_of(documents))
    assert client.get(licence).status_code == 200


@pytest.mark.parametrize("page", ["list", "member"])
def test_as_many_queries_for_twenty_as_for_one(page: str, alice: Member, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    a_card(alice)
    url = list_of(METHODS) if page == "list" else page_of(alice)
    one = queries(client, url)
    for number in ("5555555555554444", "378282246310005", "6011111111111117", "3530111333300000"):
        a_card(alice, card_number=number)
        a_card(a_member(), card_number=number)
    assert queries(client, url) == one
