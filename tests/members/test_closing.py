"""Closing a membership: what ends, what law has kept, and that the same address can join again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from allauth.account.models import EmailAddress
from django.core import mail
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consents.models import Consent, ConsentValue, State
from consents.withdrawal import withdraw
from members import changing_address, closing
from members.addresses import account_with
from members.finding import found_by, terms_of
from members.models import Account, Member
from privacy_portal.actors import Actor
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.outbox.mail import deliver
from privacy_portal.outbox.models import Mail
from privacy_portal.retention import due, holds
from privacy_portal.retention.models import LegalHold, RetainedRecord, RetentionRule
from privacy_portal.vault import destruction_list
from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey
from requests import business_licence, deciding, drafting, filing, kinds
from requests.intake import judge
from requests.models import MemberRequest
from tests.dumping import dump
from tests.factories import (
    a_business,
    a_consent,
    a_filing,
    a_member,
    a_request,
    acting,
    fresh,
    staff_acting,
    the_agent,
)
from tests.paying import a_card
from tests.requests.at_the_page import a_scan

SignIn = Callable[[Member | Account], Client]
PAGE = reverse("members:close")
CARD = "general.one_time_payment.card"


def living_keys(member: Member) -> list[str]:
    return sorted(
        DataKey.objects.filter(subject_id=member.pk, wrapped_key__isnull=False).values_list("ground", flat=True)
    )


def test_the_page_asks_for_the_password_first(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    for answer in (client.get(PAGE), client.post(PAGE)):
        assert answer.status_code == 302
        assert answer["Location"].startswith(reverse("account_reauthenticate"))
    alice.refresh_from_db()
    assert alice.closed_at is None


def test_the_page_tells_what_ends_and_what_stays_and_changes_nothing(alice: Member, signed_in_again: SignIn) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    a_consent(alice, CARD, card_company_name="한빛카드", card_number="4111 1111 1111 1111")
    member_request = a_request("access", alice)

    page = signed_in_again(alice).get(PAGE, headers={"accept-language": "ko"}).content.decode()

    for told in (
        "뉴스레터",
        member_request.reference,
        "휴대전화",
        "계약 또는 청약철회 기록",
        "대금결제 및 재화 공급 기록",
        "동의 증빙",
    ):
        assert told in page
    for value in ("김하늘", "4111", "하늘상사", "alice@example.com"):
        assert value not in page
    assert Member.objects.get(pk=alice.pk).closed_at is None
    assert fresh(member_request).state == "received"


def test_closing_ends_everything_and_the_same_address_joins_again(alice: Member, signed_in_again: SignIn) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    asked = a_request("general_inquiry", alice)
    client, elsewhere = signed_in_again(alice), signed_in_again(alice)

    answer = client.post(PAGE)

    assert answer["Location"] == reverse("members:closed")
    assert client.get(answer["Location"]).status_code == 200
    for one in (client, elsewhere):
        assert one.get(reverse("consents:overview")).status_code == 302
    member = Member.objects.select_related("account").get(pk=alice.pk)
    assert member.closed_at is not None
    assert member.name is not None
    assert member.name.is_destroyed
    assert all(row.name.is_destroyed for row in member.history.all())
    consent.refresh_from_db()
    assert consent.state == State.WITHDRAWN
    assert all(value.value.is_destroyed for value in ConsentValue.objects.filter(consent__member=alice))
    assert fresh(asked).state == "cancelled"
    assert set(living_keys(alice)) == {"evidence"}  # only the proof of the consents stays
    assert not EmailAddress.objects.filter(user=alice.account_id).exists()
    assert account_with("alice@example.com") is None
    assert not Member.objects.filter(found_by(terms_of("김하늘"))).exists()

    again = a_member(email="alice@example.com", name="김하늘")

    assert again.pk != alice.pk
    assert list(Member.objects.filter(found_by(terms_of("김하늘")))) == [again]


@pytest.mark.django_db(transaction=True)
def test_whoever_left_is_told_by_e_mail_and_then_nothing_of_the_address_is_left() -> None:
    alice = a_member(email="alice@example.com", name="김하늘")
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    for waiting in Mail.objects.filter(ended_at=None):
        deliver.call(str(waiting.pk))
    mail.outbox.clear()

    closing.close(alice, actor=acting(alice))
    for waiting in Mail.objects.filter(ended_at=None):
        deliver.call(str(waiting.pk))

    [sent] = mail.outbox
    assert sent.to == ["alice@example.com"]
    assert "뉴스레터" in sent.body
    assert "김하늘" not in sent.body
    assert living_keys(alice) == ["evidence"]
    text = dump()
    assert "alice@example.com" not in text
    assert "김하늘" not in text


def test_of_whoever_paid_law_keeps_contract_and_payment_apart(alice: Member) -> None:
    a_consent(alice, CARD, card_company_name="한빛카드", card_number="4111 1111 1111 1111")

    closing.close(alice, actor=acting(alice))

    kept = {one.rule.code: one for one in RetainedRecord.objects.filter(subject_id=alice.pk)}
    assert set(kept) == {"contract_records", "payment_records"}
    contract = kept["contract_records"].values.open_unseen()
    today = timezone.localdate(now()).isoformat()
    assert contract == {
        "email": "alice@example.com",
        "name": "김하늘",
        "address": "서울특별시 강남구 테헤란로 152",
        "joined": today,
        "closed": today,
    }
    assert kept["payment_records"].values.open_unseen() == {"card_company_name": "한빛카드"}
    assert kept["contract_records"].keep_until.year == timezone.localdate(now()).year + 5


def test_payment_methods_go_and_what_law_keeps_of_them_stays(alice: Member) -> None:
    card = a_card(alice)
    told = [one.what for one in closing.plan(alice).stays]
    assert "대금결제 및 재화 공급 기록" in told

    closing.close(alice, actor=acting(alice))

    card.refresh_from_db()
    assert card.ended_at is not None
    assert card.card_number is not None
    assert card.card_number.is_destroyed
    kept = {one.rule.code: one.values.open_unseen() for one in RetainedRecord.objects.filter(subject_id=alice.pk)}
    assert set(kept) == {"contract_records", "payment_records"}
    with pytest.raises(PortalError) as error:
        a_card(alice)
    assert error.value.code == "membership_closed"


def test_of_whoever_never_paid_law_keeps_nothing(alice: Member) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    assert [one.what for one in closing.plan(alice).stays] == ["동의 증빙"]
    closing.close(alice, actor=acting(alice))
    assert not RetainedRecord.objects.filter(subject_id=alice.pk).exists()


def test_what_is_told_beforehand_is_what_is_kept(alice: Member) -> None:
    a_consent(alice, CARD, card_company_name="한빛카드", card_number="4111 1111 1111 1111")
    withdraw(a_consent(alice, "general.newsletter", company_name="하늘상사"), language="ko", actor=acting(alice))
    a_request("general_inquiry", alice, state="done")
    told = {one.what: one.until for one in closing.plan(alice).stays}

    closing.close(alice, actor=acting(alice))

    kept = {str(one.rule): one.keep_until for one in RetainedRecord.objects.filter(subject_id=alice.pk)}
    assert kept == {what: until for what, until in told.items() if what != "동의 증빙"}
    assert len(kept) == 3


@pytest.mark.django_db
def test_requests_drafts_and_documents_go_with_the_membership() -> None:
    business = a_business(ceo_name="김대표", business_registration_number="123-45-67891")
    business_licence.keep(business, judge(a_scan(), name="a.jpg", item=business_licence.ITEM), actor=acting(business))
    answered = a_request("access", business, state="done")
    decided = a_request("suspension", business, state="approved", asked={"consents": [a_newsletter(business)]})
    open_one = a_request("correction", business, state="waiting")
    drafting.save(business, kinds.kind("sales_inquiry"), {"question": "도입 문의"}, actor=acting(business))

    closing.close(business, actor=acting(business))

    assert [fresh(one).state for one in (answered, decided, open_one)] == ["done", "done", "cancelled"]
    assert all(fresh(one).asked.is_destroyed for one in (answered, decided, open_one))
    assert business_licence.held(business) is None
    assert set(living_keys(business)) == {"evidence"}
    assert [event.details["because"] for event in fresh(open_one).events.filter(kind="cancelled")] == [
        "membership_closed"
    ]


def a_newsletter(business: Member) -> str:
    return a_consent(business, "general.newsletter", name="이담당").collection_id


def test_a_complaint_that_was_decided_is_kept_once_nobody_can_object_any_more(alice: Member) -> None:
    complaint = a_request("objection", alice, state="approved")
    closing.close(alice, actor=acting(alice))
    assert fresh(complaint).state == "done"
    assert not fresh(complaint).data_key.is_destroyed
    assert not fresh(complaint).asked.is_destroyed


def test_nothing_is_given_or_asked_in_a_membership_that_has_ended(alice: Member) -> None:
    filing_ = a_filing("access", alice)
    closing.close(alice, actor=acting(alice))
    for act in (
        lambda: a_consent(alice, "general.newsletter", company_name="하늘상사"),
        lambda: filing.file("access", **filing_),
        lambda: drafting.save(alice, kinds.kind("access"), {}, actor=acting(alice)),
    ):
        with pytest.raises(PortalError) as error:
            act()
        assert error.value.code == "membership_closed"


def test_closing_twice_is_closing_once(alice: Member) -> None:
    closing.close(alice, actor=acting(alice))
    ended = Member.objects.get(pk=alice.pk).closed_at
    with pretending(now() + timedelta(hours=1)):
        closing.close(Member.objects.get(pk=alice.pk), actor=acting(alice))
    assert Member.objects.get(pk=alice.pk).closed_at == ended
    assert Mail.objects.filter(key_is_its_own=True).count() == 1


@pytest.mark.parametrize("who", ["charlie", "staff", "officer_account"])
def test_only_the_member_closes_a_membership(who: str, alice: Member, charlie: Member, officer: Account) -> None:
    actors: dict[str, Actor] = {
        "charlie": acting(charlie),
        "staff": staff_acting(officer),
        "officer_account": Actor("member", officer.pk),
    }
    with pytest.raises(PortalError):
        closing.close(alice, actor=actors[who])
    assert Member.objects.get(pk=alice.pk).closed_at is None


def test_staff_are_led_away_from_the_page(officer: Account, signed_in_again: SignIn) -> None:
    answer = signed_in_again(officer).post(PAGE)
    assert answer.status_code == 302
    assert Account.objects.get(pk=officer.pk).is_active


def test_what_is_on_legal_hold_stays_until_it_is_lifted_and_falls_due_then(alice: Member, officer: Account) -> None:
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    closing.close(alice, actor=acting(alice))
    member = Member.objects.get(pk=alice.pk)
    assert member.closed_at is not None
    assert member.name is not None
    assert not member.name.is_destroyed
    rule = RetentionRule.objects.get(code="memberships")
    assert not due.due(rule, now()).exists()
    holds.lift(hold, actor=staff_acting(officer))
    assert member.data_key in due.due(rule, now())


def test_a_change_of_address_that_waits_ends_with_the_membership(alice: Member, officer: Account) -> None:
    holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    assert alice.account is not None
    change = changing_address.ask_for(alice.account, "new@example.com", actor=acting(alice))
    closing.close(alice, actor=acting(alice))
    with pytest.raises(PortalError) as error:
        changing_address.confirm(change.pk, "old", actor=acting(alice))
    assert error.value.code == "change_over"
    assert account_with("new@example.com") is None


def test_a_restored_database_closes_again_what_was_closed(alice: Member) -> None:
    ending = Ending(DataKey.Ground.MEMBERSHIP, alice.pk, closing.BECAUSE, now())
    assert destruction_list.standing([ending.entry]) == [ending]

    closing.end_again(ending, Actor.system("replay_destructions"))

    assert destruction_list.standing([ending.entry]) == []
    account = Account.objects.get(member=alice)
    assert not account.is_active
    assert not account.has_usable_password()
    assert [one.ground_id for one in closing.on_record()] == [alice.pk]


@pytest.mark.django_db(transaction=True)
def test_a_consent_given_at_the_same_moment_is_either_withdrawn_or_never_given() -> None:
    for _round in range(4):
        member = a_member()
        barrier = Barrier(2)
        failed: list[BaseException] = []

        def at_once(act: Callable[[], Any], barrier: Barrier = barrier, failed: list[BaseException] = failed) -> None:
            barrier.wait()
            try:
                act()
            except PortalError as error:
                if error.code != "membership_closed":
                    failed.append(error)
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        threads = [
            Thread(target=at_once, args=(lambda m=member: closing.close(m, actor=acting(m)),)),
            Thread(
                target=at_once,
                args=(lambda m=member: a_consent(m, "general.newsletter", company_name="하늘상사"),),
            ),
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not failed
        assert Member.objects.get(pk=member.pk).closed_at is not None
        assert not Consent.objects.filter(member=member, state=State.GIVEN).exists()


@pytest.mark.django_db(transaction=True)
def test_a_request_decided_at_the_same_moment_leaves_nothing_half_done() -> None:
    for _round in range(4):
        member = a_member()
        member_request = a_request("information_change_individual", member, state="in_review")
        barrier = Barrier(2)
        failed: list[BaseException] = []

        def close(m: Member = member, barrier: Barrier = barrier, failed: list[BaseException] = failed) -> None:
            barrier.wait()
            try:
                closing.close(m, actor=acting(m))
            except BaseException as error:
                failed.append(error)
            finally:
                connection.close()

        def decide(one: MemberRequest = member_request, barrier: Barrier = barrier) -> None:
            barrier.wait()
            try:
                seen = fresh(one).version
                deciding.decide(
                    one,
                    "approved",
                    reason="확인했습니다.",
                    ground="",
                    granted={},
                    identity="document",
                    seen=seen,
                    actor=staff_acting(the_agent()),
                )
            except Exception:  # told of the closing, or asked to try again: nothing of it is left
                pass
            finally:
                connection.close()

        threads = [Thread(target=close), Thread(target=decide)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert not failed
        assert Member.objects.get(pk=member.pk).closed_at is not None
        assert fresh(member_request).state in ("cancelled", "done")
        assert living_keys(member) == ["evidence"] * Consent.objects.filter(member=member).count()
