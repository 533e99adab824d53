"""The check's rule: every answer there is, and that it says what the queries over consents say."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import transaction
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from consents import suspending
from consents.checks import Answer, Question, Reason, check
from consents.models import Consent, State
from consents.refusing import refuse
from consents.withdrawal import withdraw
from members import closing
from members.models import Member
from privacy_portal.clock import now, pretending
from privacy_portal.policy.models import Collection
from tests.consents.test_giving import changed_notice
from tests.factories import SYSTEM, a_consent, acting, collection, notice

pytestmark = pytest.mark.django_db
CODE = "general.newsletter"


def asked(member: Member, *items: str, code: str = CODE) -> Answer:
    [answer] = check([Question(member.pk, code, items)])
    assert answer.allowed is (answer.reason == "given")
    return answer


def test_a_consent_that_was_given_is_a_yes_with_its_items_version_and_time(alice: Member) -> None:
    consent = a_consent(alice, CODE, company_name="하늘상사")
    assert asked(alice) == Answer(Reason.GIVEN, consent.items, 1, consent.since)
    assert asked(alice, "email", "company_name") == asked(alice)


def test_an_item_that_was_not_agreed_to_is_a_no_that_tells_what_may_be_used(alice: Member) -> None:
    consent = a_consent(alice, CODE, without=("company_name",))
    answer = asked(alice, "email", "company_name")
    assert (answer.reason, answer.items) == (Reason.REFUSED, consent.items)
    assert asked(alice, "email").allowed
    # Not named by the notice that was answered to.
    assert asked(alice, "card_number").reason == Reason.NEVER_ASKED
    assert asked(alice, "card_number", "company_name").reason == Reason.REFUSED


def test_nobody_asked_and_nobody_there(alice: Member) -> None:
    assert asked(alice) == Answer(Reason.NEVER_ASKED)
    assert check([Question(uuid4(), CODE)]) == [Answer(Reason.UNKNOWN_MEMBER)]
    assert asked(alice, code="general.nothing") == Answer(Reason.UNKNOWN_COLLECTION)


def test_a_refusal_and_a_withdrawal_are_told_with_their_time(alice: Member) -> None:
    refused = refuse(alice, collection(CODE), notice=notice(CODE), language="ko", actor=acting(alice))
    assert asked(alice) == Answer(Reason.REFUSED, (), 1, refused.at)
    consent = a_consent(alice, CODE, company_name="하늘상사")
    withdrawn = withdraw(consent, language="ko", actor=acting(alice))
    assert asked(alice, "email") == Answer(Reason.WITHDRAWN, (), 1, withdrawn.at)


def test_a_consent_lapses_by_itself_at_its_moment(alice: Member) -> None:
    consent = a_consent(alice, CODE, company_name="하늘상사")
    ends = now() + timedelta(days=1)
    Consent.objects.filter(pk=consent.pk).update(lapses_at=ends)
    with pretending(ends - timedelta(seconds=1)):
        assert asked(alice).allowed
    with pretending(ends):
        assert asked(alice) == Answer(Reason.EXPIRED, (), 1, ends)


def test_a_new_notice_that_asks_again_ends_every_yes_at_its_publication(alice: Member) -> None:
    consent = a_consent(alice, CODE, company_name="하늘상사")
    changed_notice(CODE)
    # As it is before the worker has recorded it, and after.
    Consent.objects.filter(pk=consent.pk).update(state=State.GIVEN)
    assert asked(alice) == Answer(Reason.SUPERSEDED, (), 1, notice(CODE).published_at)
    Consent.objects.filter(pk=consent.pk).update(state=State.SUPERSEDED)
    assert asked(alice).reason == Reason.SUPERSEDED


def test_a_suspended_consent_is_a_no_until_the_suspension_is_lifted(alice: Member) -> None:
    consent = a_consent(alice, CODE, company_name="하늘상사")
    event = suspending.suspend(consent, actor=SYSTEM)
    assert asked(alice) == Answer(Reason.SUSPENDED, (), 1, event.at)
    suspending.lift(consent, actor=SYSTEM)
    assert asked(alice).allowed


def test_a_member_whose_membership_has_ended_is_not_known_any_more(alice: Member) -> None:
    a_consent(alice, CODE, company_name="하늘상사")
    closing.close(alice, actor=acting(alice))
    assert asked(alice) == Answer(Reason.UNKNOWN_MEMBER)


def test_of_collections_that_are_somebody_elses_nothing_is_told(alice: Member) -> None:
    a_consent(alice, CODE, company_name="하늘상사")
    answers = check(
        [Question(alice.pk, CODE), Question(uuid4(), CODE), Question(alice.pk, "general.nothing")],
        may_touch=["general.sales_inquiry"],
    )
    assert answers == [Answer(Reason.NOT_ALLOWED), Answer(Reason.NOT_ALLOWED), Answer(Reason.UNKNOWN_COLLECTION)]


def test_answers_come_in_the_order_of_the_questions_doubles_among_them(alice: Member, charlie: Member) -> None:
    a_consent(alice, CODE, company_name="하늘상사")
    questions = [Question(one.pk, CODE) for one in (charlie, alice, charlie, alice, alice)]
    assert [answer.allowed for answer in check(questions)] == [False, True, False, True, True]
    assert check([]) == []


def test_a_thousand_questions_take_one_query(alice: Member, charlie: Member, django_assert_num_queries: Any) -> None:
    a_consent(alice, CODE, company_name="하늘상사")
    codes = list(Collection.objects.values_list("pk", flat=True))
    questions = [
        Question(member, code) for code in codes for member in (alice.pk, charlie.pk, *(uuid4() for _one in range(20)))
    ][:1000]
    with django_assert_num_queries(1):
        assert sum(answer.allowed for answer in check(questions, may_touch=codes)) == 1
    with django_assert_num_queries(2):
        check([*questions, Question(alice.pk, "general.nothing")], may_touch=codes)


MOMENTS = st.sampled_from([None, -2, -1, 0, 1, 2])
ITEMS = ["email", "company_name", "name", "card_number"]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    state=st.sampled_from(State.values),
    lapses=MOMENTS,
    suspended=st.booleans(),
    asked_again_since=st.integers(1, 3),
    version=st.integers(1, 2),
    covered=st.sets(st.sampled_from(ITEMS[:3]), min_size=1),
    items=st.lists(st.sampled_from(ITEMS), max_size=3),
)
def test_the_check_says_what_the_queries_say(
    alice: Member,
    state: str,
    lapses: int | None,
    suspended: bool,
    asked_again_since: int,
    version: int,
    covered: set[str],
    items: list[str],
) -> None:
    at = now()
    with transaction.atomic():
        point = transaction.savepoint()
        consent = a_consent(alice, CODE, without=("company_name",))
        if version == 2:
            changed_notice(CODE)
            consent.notice = notice(CODE)
        may_have = state in (State.GIVEN, State.SUPERSEDED)
        Consent.objects.filter(pk=consent.pk).update(
            state=state,
            notice=consent.notice,
            items=sorted(covered) if may_have else [],
            lapses_at=at + timedelta(seconds=lapses) if may_have and lapses is not None else None,
            suspended_since=at if suspended and may_have else None,
        )
        Collection.objects.filter(pk=CODE).update(asked_again_since=asked_again_since)
        [answer] = check([Question(alice.pk, CODE, tuple(items))], at=at)
        usable = Consent.objects.usable(at).filter(pk=consent.pk, items__contains=items).exists()
        standing = Consent.objects.with_standing(at).get(pk=consent.pk).standing  # type: ignore[attr-defined]
        same = Consent.objects.select_related("notice", "collection").get(pk=consent.pk)
        transaction.savepoint_rollback(point)
    assert answer.allowed is usable
    assert same.standing_at(at) == standing
    if standing != State.GIVEN:
        assert answer.reason == standing
    elif suspended:
        assert answer.reason == Reason.SUSPENDED
    else:
        assert set(answer.items) == covered
        assert answer.reason in (Reason.GIVEN, Reason.REFUSED, Reason.NEVER_ASKED)
