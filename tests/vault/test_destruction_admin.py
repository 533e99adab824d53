from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

from django.test import Client

from consents.expiry import expire
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.clock import pretending
from privacy_portal.vault.models import DestructionRecord
from tests.factories import a_consent, a_member, staff_acting
from tests.in_admin import list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]
RECORDS = "vault_destructionrecord"


def a_destruction(officer: Account, member: Member | None = None) -> DestructionRecord:
    consent = a_consent(member or a_member(), "general.newsletter", company_name="하늘상사")
    withdraw(consent, language="ko", actor=staff_acting(officer))
    return DestructionRecord.objects.latest("id")


def test_the_record_says_what_was_destroyed_when_why_and_by_whom(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    record = a_destruction(officer, alice)
    client = signed_in(officer)
    for page in (list_of(RECORDS), page_of(record)):
        text = opened(client, page)
        assert "회사명" in text or "Company name" in text
        assert officer.staff_name in text
        assert "하늘상사" not in text
    assert page_of(alice) in opened(client, page_of(record))
    [line] = client.get(page_of(record, "history")).context["lines"]
    assert line.by == officer.staff_name


def test_the_list_takes_as_many_queries_for_many_as_for_one(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    a_destruction(officer)
    one = queries(client, list_of(RECORDS))
    for _number in range(30):
        a_destruction(officer)
    assert queries(client, list_of(RECORDS)) == one


def test_the_destructions_of_one_member_can_be_listed(officer: Account, alice: Member, signed_in: SignIn) -> None:
    record = a_destruction(officer, alice)
    a_destruction(officer)
    listed = signed_in(officer).get(list_of(RECORDS), {"member": str(alice.pk)}).context["cl"].result_list
    assert list(listed) == [record]


def test_what_the_system_destroyed_says_so(officer: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    assert consent.lapses_at is not None
    with pretending(consent.lapses_at + timedelta(seconds=1)):
        expire(consent)
    assert "expire_consents" in opened(signed_in(officer), list_of(RECORDS))
