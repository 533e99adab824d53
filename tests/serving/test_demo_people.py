"""The demo's people: invented, believable, and the same for the same seed."""

from __future__ import annotations

from collections import Counter

import pytest

from consents.demo import cast
from consents.demo.people import business_number, crowd
from privacy_portal.policy.models import MemberKind
from privacy_portal.policy.values import is_typed, normal_value


def test_the_same_seed_gives_the_same_people_and_another_seed_gives_others() -> None:
    assert crowd(7) == crowd(7)
    assert crowd(7) != crowd(8)


@pytest.mark.parametrize("seed", [1, 2025, 31337])
def test_every_value_of_every_person_is_valid_where_they_live(seed: int) -> None:
    for person in crowd(seed):
        for item, value in person.values.items():
            if is_typed(item):
                normal_value(item, value, country=person.country)
        for item, value in person.delegate.items():
            normal_value(item, value)


def test_there_are_people_of_every_kind_from_many_countries() -> None:
    people = crowd(2025)
    kinds = Counter(person.kind for person in people)
    assert kinds == {
        MemberKind.INDIVIDUAL: 120,
        MemberKind.BUSINESS: 44,
        MemberKind.NAVER: 20,
        MemberKind.VISITOR: 16,
    }
    foreign = [person for person in people if person.language == "en"]
    assert 0.1 < len(foreign) / len(people) < 0.2
    assert len({person.country for person in people}) > 8
    assert any(person.country == "KR" for person in foreign)
    assert len({person.email for person in people}) == len(people)


def test_korean_names_have_two_to_four_syllables() -> None:
    lengths = {len(person.values["name"]) for person in crowd(2025) if person.language == "ko"}
    assert lengths == {2, 3, 4}


def test_nobody_real_can_be_reached() -> None:
    for person in crowd(2025):
        assert person.email.endswith((".example", "@example.com", "@example.net", "@example.org"))
        if person.country == "KR":
            assert normal_value("mobile_phone", person.values["mobile_phone"]).startswith("+82101")


def test_business_numbers_have_the_right_check_digit() -> None:
    for person in crowd(3):
        assert normal_value("business_registration_number", business_number(person.rng))


def test_the_sign_ins_are_three_members_and_three_of_the_staff(db: None) -> None:
    people = cast.sign_ins()
    assert [person["role"] for person in people] == [
        "member",
        "member (English)",
        "business",
        "privacy officer",
        "support agent",
        "auditor",
    ]
    assert all(len(person["password"]) >= 10 for person in people)
