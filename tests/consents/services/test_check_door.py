"""The check as services call it: one or a thousand questions, each with an answer of its own."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import Any

import pytest
from django.db import connection
from prometheus_client import REGISTRY

from consents.models import Consent
from consents.withdrawal import withdraw
from members.models import Member
from tests.consents.services.calling import NEWSLETTER, SALES, Calls, a_caller
from tests.factories import a_consent, a_member, acting

pytestmark = pytest.mark.django_db


@pytest.fixture
def calls() -> Calls:
    return a_caller()


def question(member: Member, code: str = NEWSLETTER, *items: str) -> dict[str, Any]:
    return {"member": str(member.pk), "collection": code, "items": list(items)}


def test_one_question_is_answered_the_same_alone_and_in_a_batch(calls: Calls, alice: Member) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    [answer] = calls.check(question(alice, NEWSLETTER, "email"))
    alone = calls.get("consents/check", {"member": alice.pk, "collection": NEWSLETTER, "item": "email"}).json()
    assert datetime.fromisoformat(alone.pop("checked_at")).tzinfo is not None
    assert alone == answer
    assert answer == {
        "member": str(alice.pk),
        "collection": NEWSLETTER,
        "allowed": True,
        "reason": "given",
        "items": consent.items,
        "notice_version": 1,
        "since": answer["since"],
    }
    assert answer["since"].endswith("+09:00")
    assert datetime.fromisoformat(answer["since"]) == consent.since


def test_one_item_that_is_not_covered_makes_it_a_no(calls: Calls, alice: Member) -> None:
    a_consent(alice, NEWSLETTER, without=("company_name",))
    query = {"member": alice.pk, "collection": NEWSLETTER, "item": ["email", "company_name"]}
    answer = calls.get("consents/check", query).json()
    assert (answer["allowed"], answer["reason"]) == (False, "refused")
    assert "email" in answer["items"]


def test_a_question_that_is_wrong_spoils_no_other(calls: Calls, alice: Member) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    good, number = question(alice), str(alice.pk)
    wrong: list[tuple[Any, str]] = [
        (None, ""),
        ("text", ""),
        ([], ""),
        ({}, "member"),
        ({"member": number}, "collection"),
        ({**good, "purpose": "x"}, "purpose"),
        ({**good, "member": 7}, "member"),
        ({**good, "member": f"urn:uuid:{number}"}, "member"),
        ({**good, "member": number.replace("-", "")}, "member"),
        ({**good, "collection": "general.newsletter\x00"}, "collection"),
        ({**good, "collection": "\ud800"}, "collection"),
        ({**good, "collection": "x" * 200}, "collection"),
        ({**good, "items": "email"}, "items"),
        ({**good, "items": [["email"]]}, "items"),
        ({**good, "items": ["e-mail"]}, "items"),
        ({**good, "items": ["email"] * 101}, "items"),
        ({**good, "items": None}, "items"),
    ]
    answers = calls.check(*(one for bad, _field in wrong for one in (bad, good)))
    assert [answer["reason"] for answer in answers] == ["invalid", "given"] * len(wrong)
    assert [answer["field"] for answer in answers[::2]] == [field for _bad, field in wrong]
    assert all(answer["detail"] and not answer["allowed"] for answer in answers[::2])


def test_answers_are_counted_by_their_reason(calls: Calls, alice: Member) -> None:
    def counted(reason: str) -> float:
        return REGISTRY.get_sample_value("portal_checks_total", {"reason": reason}) or 0

    before = counted("given"), counted("never_asked")
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    asked = {"member": str(alice.pk)}
    calls.check(*[asked | {"collection": NEWSLETTER}] * 2, asked | {"collection": SALES})
    assert (counted("given"), counted("never_asked")) == (before[0] + 2, before[1] + 1)


def test_a_number_in_capitals_is_the_same_member(calls: Calls, alice: Member) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    [answer] = calls.check({"member": str(alice.pk).upper(), "collection": NEWSLETTER})
    assert answer["allowed"]


def test_collections_of_others_are_not_answered_for(alice: Member) -> None:
    calls = a_caller(collections=[NEWSLETTER])
    a_consent(alice, SALES, company_name="하늘상사")
    reasons = [
        answer["reason"]
        for answer in calls.check(
            question(alice, SALES), question(alice, "membership.individual_signup"), question(alice, "no.such")
        )
    ]
    assert reasons == ["not_allowed", "not_allowed", "unknown_collection"]


def test_a_thousand_questions_cost_as_many_queries_as_one(
    calls: Calls,
    alice: Member,
    charlie: Member,
    django_assert_num_queries: Any,
    nothing_on_the_list_of_destructions: None,
) -> None:
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    calls.check(question(alice))
    # The key, the minute, the questions, and two for the entry in the access log.
    with django_assert_num_queries(5):
        calls.check(question(alice))
    with django_assert_num_queries(5):
        answers = calls.check(*[question(alice), question(charlie)] * 500)
    assert [answer["allowed"] for answer in answers] == [True, False] * 500


@pytest.mark.django_db(transaction=True)
def test_once_a_withdrawal_is_acknowledged_no_check_says_yes() -> None:
    calls = a_caller(rate_limit=1_000_000)
    members = [a_member() for _one in range(4)]
    consents = [a_consent(member, NEWSLETTER, company_name="하늘상사") for member in members]
    acknowledged: set[str] = set()
    wrong: list[str] = []
    done = threading.Event()

    def withdraw_all() -> None:
        try:
            for member, consent in zip(members, consents, strict=True):
                withdraw(consent, language="ko", actor=acting(member))
                acknowledged.add(str(member.pk))
        finally:
            done.set()
            connection.close()

    def ask() -> None:
        try:
            while not done.is_set():
                before = set(acknowledged)
                answers = calls.check(*(question(member) for member in members))
                wrong.extend(one["member"] for one in answers if one["allowed"] and one["member"] in before)
        finally:
            connection.close()

    threads = [threading.Thread(target=target) for target in (withdraw_all, ask, ask)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert {answer["reason"] for answer in calls.check(*map(question, members))} == {"withdrawn"}
    assert not Consent.objects.usable().exists()
