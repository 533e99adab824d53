"""The rules of joining, through the verb and the database."""

from __future__ import annotations

import threading
from uuid import uuid4

import pytest
from django.db import IntegrityError, connection, transaction

from members.addresses import account_with, address_of, alias_of
from members.models import Account, Member
from members.signup import add_visitor, notice_for, sign_up
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import MemberKind
from tests.factories import SYSTEM, a_business, a_member

SAME_ADDRESS = [
    "kim@café.example.com",
    "KIM@Café.Example.com",
    "  kim@cafe\u0301.example.com ",
    "kim@xn--caf-dma.example.com",
]


@pytest.mark.parametrize("written", SAME_ADDRESS)
def test_an_address_is_one_identity_however_it_is_written(db: None, written: str) -> None:
    member = a_member(SAME_ADDRESS[0])
    assert account_with(written) == member.account
    with pytest.raises(PortalError) as refusal:
        a_member(written)
    assert refusal.value.code == "email_taken"
    assert Member.objects.count() == 1


def test_no_value_of_a_member_is_in_the_database_in_clear(alice: Member) -> None:
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            cursor.execute(f'SELECT t::text FROM "{table}" t')
            everything = "\n".join(row[0] for row in cursor.fetchall())
            for value in ("김하늘", "alice@example.com", "+821012345678", "테헤란로"):
                assert value not in everything, table
                assert value.encode().hex() not in everything, table


def test_the_alias_leads_back_to_the_address(alice: Member) -> None:
    assert address_of(alias_of("ALICE@example.com ")) == "alice@example.com"
    assert address_of(alias_of("nobody@example.com")) is None


def test_a_phone_number_belongs_to_the_country_of_residence(db: None) -> None:
    member = a_member(country_of_residence="GB", mobile_phone="07400 123456")
    assert member.mobile_phone.open() == "+447400123456"


def test_a_phone_of_another_country_is_taken_with_its_code(db: None) -> None:
    assert a_member(mobile_phone="+1 202 555 0123").mobile_phone.open() == "+12025550123"


def test_a_business_in_korea_may_give_its_optional_items(db: None) -> None:
    member = a_business(ceo_name="박대표", business_registration_number="123-45-67891")
    assert member.business_registration_number.open() == "1234567891"


def test_a_business_elsewhere_is_not_asked_for_them(db: None) -> None:
    with pytest.raises(PortalError) as refusal:
        a_business(country_of_residence="GB", mobile_phone="+447400123456", ceo_name="Jane Doe")
    assert (refusal.value.code, refusal.value.field) == ("item_not_asked", "ceo_name")


def test_a_wrong_business_number_is_refused_beside_its_field(db: None) -> None:
    with pytest.raises(PortalError) as refusal:
        a_business(business_registration_number="123-45-67890")
    assert refusal.value.field == "business_registration_number"


def test_nobody_joins_without_saying_to_be_14(db: None) -> None:
    with pytest.raises(PortalError) as refusal:
        sign_up(
            "individual",
            {},
            password="x",
            notice=notice_for("individual"),
            said_14_or_over=False,
            language="ko",
            actor=SYSTEM,
        )
    assert refusal.value.code == "under_14"
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("kind", "change"),
    [
        ("individual", "name = NULL"),
        ("individual", "address = NULL"),
        ("individual", "company_name = address"),
        ("individual", "ceo_name = address"),
        ("individual", "account_id = NULL"),
        ("individual", "said_14_or_over = false"),
        ("individual", "kind = 'business'"),
        ("business", "company_name = NULL"),
        ("business", "name = address"),
    ],
)
def test_the_database_refuses_a_member_who_does_not_fit_the_kind(db: None, kind: str, change: str) -> None:
    member = a_member() if kind == "individual" else a_business()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE members_member SET {change} WHERE id = %s", [member.pk])


def test_a_naver_member_has_no_password_address_or_country(db: None) -> None:
    member = sign_up(
        MemberKind.NAVER,
        {"email": "naver@example.com", "name": "나네이버", "mobile_phone": "010-2222-3333"},
        password=None,
        notice=notice_for(MemberKind.NAVER),
        said_14_or_over=True,
        language="ko",
        actor=SYSTEM,
    )
    assert member.account is not None
    assert not member.account.has_usable_password()
    assert list(member.held_items()) == ["email", "name", "mobile_phone"]


def test_a_visitor_has_no_account_and_no_items(db: None) -> None:
    visitor = add_visitor(language="en", actor=SYSTEM)
    assert visitor.account is None
    assert visitor.held_items() == {}


def test_history_names_the_member_who_joined(alice: Member) -> None:
    row = alice.history.get()
    assert (row.actor_kind, row.history_user_id, row.history_change_reason) == ("member", alice.account_id, "sign-up")


@pytest.mark.django_db(transaction=True)
def test_two_who_join_at_once_with_one_address_make_one_member() -> None:
    address, codes, start = f"{uuid4().hex}@example.com", [], threading.Barrier(4)

    def join(written: str) -> None:
        start.wait()
        try:
            a_member(written)
            codes.append("joined")
        except PortalError as error:
            codes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=join, args=(w,)) for w in (address, address.upper(), f" {address}", address)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(codes) == ["email_taken"] * 3 + ["joined"]
    assert Member.objects.count() == Account.objects.count() == 1
