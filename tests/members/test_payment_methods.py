"""Payment methods: what is taken of whom, the same one twice, and the end of one."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as st
from stdnum import luhn

from members.models import Member, PaymentKind, PaymentMethod
from members.models.payment_method import ALL_ITEMS, PAYMENT_ITEMS
from members.payment_methods import adding, removing, showing
from members.payment_methods.showing import Expiry
from members.signup import add_visitor
from privacy_portal.audit.masking import mask
from privacy_portal.clock import pretending
from privacy_portal.policy.models import Item
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.errors import ValueDestroyed
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import SYSTEM, a_business, acting, staff_acting, the_agent
from tests.paying import (
    ACCOUNT,
    ANOTHER_CARD,
    AUGUST,
    BORN,
    CARD,
    NUMBER,
    SEPTEMBER,
    a_card,
    a_new_notice,
    added,
    an_account,
)
from tests.retention.lives import refused

pytestmark = pytest.mark.django_db
CREDIT_CARD, TRANSFER, DOCUMENTS = PaymentKind


def test_a_card_is_sealed_under_a_key_of_its_own_with_the_notice_that_was_shown(alice: Member) -> None:
    method = PaymentMethod.objects.select_related("data_key").get(pk=a_card(alice).pk)

    assert {item: value.open() for item, value in method.held_items().items()} == {
        "card_number": CARD,
        "card_expiry": "08/33",
        "birth_date": BORN,
    }
    assert method.data_key.ground == DataKey.Ground.PAYMENT_METHOD
    assert method.data_key.ground_id == method.pk
    assert method.data_key.subject_id == alice.pk
    assert method.data_key.items == ["birth_date", "card_expiry", "card_number"]
    assert method.data_key_id != alice.data_key_id
    assert method.notice == adding.notice_for(CREDIT_CARD)
    assert method.history.get().history_user_id == alice.account_id


def test_each_kind_takes_the_items_of_its_notice_and_no_others(business: Member) -> None:
    for kind in PaymentKind:
        told = adding.notice_for(kind).items.exclude(item__item_class=Item.Class.DOCUMENT)
        assert {*adding.asked_items(business, kind)} == {*told.values_list("item_id", flat=True)}


def test_no_item_of_any_kind_is_a_verification_code() -> None:
    assert not [item for item in ALL_ITEMS if "cvc" in item or "cvv" in item or "code" in item or "pin" in item]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"card_number": "4111 1111 1111 1112"}, "card_number_invalid"),
        ({"card_number": "4111"}, "digits_invalid"),
        ({"card_number": "0000 0000 0000 0000"}, "card_number_invalid"),
        ({"card_number": " "}, "value_missing"),
        ({"card_expiry": "08/19"}, "card_expired"),
        ({"card_expiry": "13/33"}, "card_expiry_invalid"),
        ({"birth_date": "2999-01-01"}, "birth_date_invalid"),
        ({"birth_date": ""}, "value_missing"),
        ({"business_registration_number": NUMBER}, "item_not_asked"),
        ({"card_verification_code": "123"}, "item_not_asked"),
    ],
)
def test_what_is_wrong_is_told_and_nothing_is_kept(changed: dict[str, str], code: str, alice: Member) -> None:
    with refused(code):
        a_card(alice, **changed)
    assert not PaymentMethod.objects.exists()
    assert not DataKey.objects.filter(ground=DataKey.Ground.PAYMENT_METHOD).exists()


@pytest.mark.parametrize(
    ("holder", "code"),
    [
        ({"business_registration_number": "220-81-62517", "birth_date": ""}, ""),
        ({"birth_date": BORN}, ""),
        ({"business_registration_number": NUMBER, "birth_date": BORN}, "one_is_enough"),
        ({"birth_date": ""}, "choice_required"),
        ({"business_registration_number": "123-45-67890", "birth_date": ""}, "business_number_invalid"),
    ],
)
def test_a_business_tells_whose_card_it_is_by_its_number_or_a_date_of_birth(
    holder: dict[str, str], code: str, business: Member
) -> None:
    if not code:
        assert a_card(business, **holder).is_living
        return
    with refused(code):
        a_card(business, **holder)


def test_an_account_is_of_a_bank_of_korea(business: Member) -> None:
    method = an_account(business)
    assert method.bank_name is not None
    assert method.bank_name.open() == "KB국민은행"
    with refused("bank_unknown"):
        an_account(business, bank_name="나래은행", account_number="302-118245-04")


def test_accounts_and_documents_are_for_businesses_in_korea_as_the_membership_holds_it(alice: Member) -> None:
    abroad = a_business(country_of_residence="JP", mobile_phone="090-1234-5678")
    for member in (alice, abroad):
        assert adding.kinds_for(member) == [CREDIT_CARD]
        with refused("not_asked_of_this_member"):
            an_account(member)
    assert adding.kinds_for(add_visitor(language="ko", actor=SYSTEM)) == []


def test_a_method_is_added_and_removed_by_its_member_alone(alice: Member, charlie: Member) -> None:
    notice = adding.notice_for(CREDIT_CARD)
    method = a_card(alice)
    for actor in (acting(charlie), staff_acting(the_agent()), SYSTEM):
        with refused("not_yours"):
            adding.add(alice, CREDIT_CARD, {}, notice=notice, language="ko", actor=actor)
        with refused("not_yours"):
            removing.remove(method, actor=actor)
    method.refresh_from_db()
    assert method.is_living


def test_a_membership_that_ended_takes_no_method_any_more(alice: Member) -> None:
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    with refused("membership_ended"):
        a_card(alice)


def test_whoever_read_an_older_notice_reads_the_new_one_first(alice: Member) -> None:
    old = adding.notice_for(CREDIT_CARD)
    a_new_notice(CREDIT_CARD)
    with refused("notice_replaced"):
        adding.add(alice, CREDIT_CARD, {}, notice=old, language="ko", actor=acting(alice))


def test_documents_without_the_copy_of_the_licence_are_not_taken(business: Member) -> None:
    with refused("document_missing"):
        added(business, DOCUMENTS, ceo_name="남궁대표", business_registration_number=NUMBER)


def test_the_same_number_twice_is_told_and_another_member_may_have_it_too(alice: Member, business: Member) -> None:
    a_card(alice)
    with refused("already_added"):
        a_card(alice, card_number="4111-1111-1111-1111", card_expiry="09/34")
    a_card(alice, card_number=ANOTHER_CARD)
    a_card(business, birth_date=BORN)
    an_account(business)
    with refused("already_added"):
        an_account(business, account_number="110 234 567 890 12")


def test_the_index_that_finds_a_number_again_says_nothing_of_two_members(alice: Member, business: Member) -> None:
    indexes = [bytes(a_card(member).card_number_index) for member in (alice, business)]
    assert indexes[0] != indexes[1]


def test_removing_destroys_what_was_held_and_the_card_can_be_added_anew(alice: Member) -> None:
    method = a_card(alice)
    removing.remove(method, actor=acting(alice))

    method = PaymentMethod.objects.select_related("data_key").get()
    assert not method.is_living
    assert method.card_number_index is None
    for copy in (method, *method.history.select_related("data_key")):
        with pytest.raises(ValueDestroyed):
            copy.card_number.open()
    record = DestructionRecord.objects.get()
    assert (record.because, record.ground_id, record.subject_id) == ("payment_method.removed", method.pk, alice.pk)
    assert record.items == ["birth_date", "card_expiry", "card_number"]
    assert a_card(alice, card_expiry="09/35").pk != method.pk


def test_removing_twice_is_removing_once(alice: Member) -> None:
    method = a_card(alice)
    first = removing.remove(method, actor=acting(alice))
    assert removing.remove(method, actor=acting(alice)).ended_at == first.ended_at
    assert DestructionRecord.objects.count() == 1
    assert method.history.count() == 2


def test_all_end_when_the_membership_closes_and_those_of_others_stay(alice: Member, business: Member) -> None:
    a_card(alice)
    a_card(alice, card_number=ANOTHER_CARD)
    other = a_card(business)
    for _time in range(2):
        removing.remove_all(alice, actor=acting(alice))
    assert [method.pk for method in PaymentMethod.objects.filter(ended_at__isnull=True)] == [other.pk]
    assert {record.because for record in DestructionRecord.objects.all()} == {"payment_method.membership_closed"}
    assert DestructionRecord.objects.count() == 2


@pytest.mark.parametrize(
    "change",
    [
        {"card_expiry": None},
        {"birth_date": None},
        {"account_number": ACCOUNT},
        {"business_registration_number": NUMBER},
        {"kind": TRANSFER},
        {"kind": DOCUMENTS},
    ],
)
def test_the_database_refuses_a_method_that_does_not_fit_its_kind(change: dict[str, Any], alice: Member) -> None:
    method = a_card(alice)
    for field, value in change.items():
        setattr(method, field, value)
    with pytest.raises(IntegrityError, match="members_payment_holds_what_its_kind_asks"), transaction.atomic():
        method.save()


def test_the_database_refuses_the_same_card_twice_and_an_end_before_the_beginning(alice: Member) -> None:
    first, second = a_card(alice), a_card(alice, card_number=ANOTHER_CARD)
    second.card_number = CARD
    with pytest.raises(IntegrityError, match="members_a_card_once_a_member"), transaction.atomic():
        second.save()
    first.ended_at = AUGUST.replace(year=1999)
    with pytest.raises(IntegrityError, match="members_payment_ends_after_it_began"), transaction.atomic():
        first.save()


def test_a_card_is_good_to_the_end_of_its_month_in_korea(alice: Member) -> None:
    method = a_card(alice)
    assert showing.expiry_of(method) == Expiry.GOOD
    with pretending(AUGUST):
        assert showing.expiry_of(method) == Expiry.THIS_MONTH
    with pretending(SEPTEMBER):
        assert showing.expiry_of(method) == Expiry.EXPIRED


numbers = st.from_regex(r"[1-9][0-9]{10,17}", fullmatch=True).map(lambda some: some + luhn.calc_check_digit(some))
gaps = st.lists(st.sampled_from(["", " ", "-", " - ", "\u00a0", "–"]), min_size=20, max_size=20)


@given(number=numbers, between=gaps)
def test_a_number_is_the_same_however_it_is_pasted_and_its_mask_hides_the_middle(
    number: str, between: list[str]
) -> None:
    pasted = "".join(digit + gap for digit, gap in zip(number, between, strict=False)).strip(" -–\u00a0")
    assert normal_value("card_number", pasted) == number
    masked = mask("card_number", number)
    assert masked.count("*") >= min(6, len(number) - 6)
    shown = masked.replace("-", "")
    assert len(shown) == len(number)
    assert shown.startswith(number[: min(6, len(number) - 10)])
    assert shown.endswith(number[-4:])


@given(
    month=st.integers(1, 12),
    year=st.integers(2000, 2099),
    form=st.sampled_from(["{:02}/{:02}", "{:02}{:02}", "{}-20{:02}"]),
)
def test_an_expiry_is_taken_exactly_as_long_as_its_month_is_not_over(month: int, year: int, form: str) -> None:
    with pretending(AUGUST):
        typed = form.format(month, year % 100)
        if (year, month) < (2033, 8):
            with refused("card_expired"):
                normal_value("card_expiry", typed)
        else:
            assert normal_value("card_expiry", typed) == f"{month:02}/{year % 100:02}"


def test_an_item_of_a_kind_has_a_normal_form() -> None:
    assert {item for items in PAYMENT_ITEMS.values() for item in items} <= {*ALL_ITEMS}
