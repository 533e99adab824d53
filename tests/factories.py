"""People for tests, made by the real verbs, so that nobody impossible exists."""

from __future__ import annotations

from uuid import uuid4

from consents import asking, giving
from consents.models import Consent
from members.models import Account, Member
from members.signup import notice_for, sign_up
from members.staff import add_staff
from privacy_portal.actors import Actor
from privacy_portal.policy.models import Collection, MemberKind, Notice

PASSWORD = "correct horse battery"
SYSTEM = Actor.system("tests")


def acting(member: Member) -> Actor:
    """The member as an actor at the website."""
    return Actor("member", member.account_id, "website", "203.0.113.7", "Mozilla/5.0 (tests)")


def staff_acting(account: Account, method: str = "document") -> Actor:
    return Actor("staff", account.pk, method, "203.0.113.8", "Mozilla/5.0 (staff)")


def a_member(email: str = "", *, language: str = "ko", **values: str) -> Member:
    """An individual member, verified; `values` by item code replace the usual ones."""
    return sign_up(
        MemberKind.INDIVIDUAL,
        {
            "email": email or f"{uuid4().hex[:12]}@example.com",
            "name": "홍길동",
            "mobile_phone": "010-1234-5678",
            "address": "서울특별시 강남구 테헤란로 152",
            "country_of_residence": "KR",
            **values,
        },
        password=PASSWORD,
        notice=notice_for(MemberKind.INDIVIDUAL),
        said_14_or_over=True,
        language=language,
        actor=Actor("member", address="203.0.113.7", browser="Mozilla/5.0 (tests)"),
        verified=True,
    )


def a_business(email: str = "", *, language: str = "ko", **values: str) -> Member:
    return sign_up(
        MemberKind.BUSINESS,
        {
            "email": email or f"{uuid4().hex[:12]}@example.com",
            "company_name": "한빛소프트 주식회사",
            "person_in_charge_name": "이담당",
            "mobile_phone": "010-9876-5432",
            "address": "부산광역시 해운대구 센텀중앙로 90",
            "country_of_residence": "KR",
            **values,
        },
        password=PASSWORD,
        notice=notice_for(MemberKind.BUSINESS),
        said_14_or_over=True,
        language=language,
        actor=Actor("member", address="203.0.113.7", browser="Mozilla/5.0 (tests)"),
        verified=True,
    )


def a_staff_account(email: str, group: str) -> Account:
    return add_staff(email, name=f"직원 {group}", password=PASSWORD, groups=[group], actor=SYSTEM)


def collection(code: str) -> Collection:
    return Collection.objects.get(pk=code)


def notice(code: str) -> Notice:
    return asking.notice_in_force(collection(code))


def a_consent(member: Member, code: str, *, without: tuple[str, ...] = (), **values: str) -> Consent:
    """A consent given by the member to every item but those in `without`; `values` are typed, by item code."""
    current = notice(code)
    items = [item.code for item in asking.asked_items(member, current) if item.code not in without]
    event = giving.give(
        member, current.collection, notice=current, items=items, values=values, language="ko", actor=acting(member)
    )
    return Consent.objects.get(pk=event.consent_id)
