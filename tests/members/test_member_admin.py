from __future__ import annotations

import unicodedata
from collections.abc import Callable
from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.admin_lists import CountedPaginator
from privacy_portal.audit.history import save_as
from privacy_portal.clock import pretending
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from tests.factories import PASSWORD, SYSTEM, a_business, a_consent, a_member, staff_acting
from tests.in_admin import FULL_VALUES, found, list_of, opened, page_of, queries

SignIn = Callable[[Member | Account], Client]
MEMBERS = "members_member"


def test_the_list_shows_who_is_a_member_and_no_value_in_full(
    officer: Account, alice: Member, charlie: Member, business: Member, signed_in: SignIn
) -> None:
    text = opened(signed_in(officer), list_of(MEMBERS))
    for shown in ("김*늘", "al******@example.com", "010-****-5678", "C*** B***", "한빛소***"):
        assert shown in text


def test_the_list_takes_as_many_queries_for_thirty_members_as_for_one(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    one = queries(client, list_of(MEMBERS))
    for number in range(30):
        (a_member if number % 3 else a_business)()
    assert queries(client, list_of(MEMBERS)) == one


@pytest.mark.parametrize(
    "written",
    [
        "김하늘",
        unicodedata.normalize("NFD", "김하늘"),
        "  김하늘 ",
        "alice@example.com",
        "ALICE@Example.COM",
        "010-1234-5678",
        "01012345678",
        "+82 10 1234 5678",
        "(010) 1234-5678",
    ],
)
def test_a_whole_value_is_found_however_it_is_written(
    written: str, officer: Account, alice: Member, charlie: Member, business: Member, signed_in: SignIn
) -> None:
    charlie_has_another_number = a_member(mobile_phone="010-7777-1111", name="Nobody Else")
    found_members = found(signed_in(officer), MEMBERS, written)
    assert alice in found_members
    assert business not in found_members
    assert charlie_has_another_number not in found_members


@pytest.mark.parametrize(
    "written",
    ["한빛소프트 주식회사", "한빛소프트  주식회사", "이담당", "220-81-62517", "2208162517", "office@biz.example.com"],
)
def test_a_business_is_found_by_company_person_in_charge_number_and_address(
    written: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    firm = a_business("office@biz.example.com", business_registration_number="220-81-62517")
    assert found(signed_in(officer), MEMBERS, written) == [firm]


def test_a_member_is_found_by_number(officer: Account, alice: Member, charlie: Member, signed_in: SignIn) -> None:
    assert found(signed_in(officer), MEMBERS, str(alice.pk)) == [alice]


@pytest.mark.parametrize(
    "misspelt",
    [
        "alice@example.con",
        "alise@example.com",
        "alice@",
        "김하",
        "김하늘늘",
        "하늘",
        "010-1234-567",
        "010-1234-5679",
        "00000000-0000-0000-0000-000000000000",
        "%",
        "'; --",
        "a\x00lice@example.com",
        "김\x00하늘",
        "😀",
        "김" * 10_000,
        "a" * 10_000 + "@example.com",
        "9" * 10_000,
    ],
)
def test_what_is_not_exactly_a_value_finds_nothing_rather_than_everything(
    misspelt: str, officer: Account, alice: Member, charlie: Member, business: Member, signed_in: SignIn
) -> None:
    assert found(signed_in(officer), MEMBERS, misspelt) == []


def test_an_empty_search_shows_the_whole_list(
    officer: Account, alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    assert set(found(signed_in(officer), MEMBERS, "   ")) == {alice, charlie}


@pytest.mark.parametrize("by_hand", [False, True], ids=["through the box", "typed into the address"])
def test_what_was_searched_for_is_in_no_address_and_not_on_the_page(
    by_hand: bool, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    if by_hand:
        response = client.get(list_of(MEMBERS), {"q": "김하늘", "kind__exact": "individual"}, follow=True)
    else:
        response = client.post(list_of(MEMBERS) + "?kind__exact=individual", {"exact": "김하늘"}, follow=True)
    [(address, status)] = response.redirect_chain
    assert status == 302
    assert "%EA" not in address
    assert "김" not in address
    assert "kind__exact=individual" in address
    text = response.content.decode()
    assert not [value for value in (*FULL_VALUES, "%EA%B9%80") if value in text]
    session = str(dict(client.session.items()))
    assert "김하늘" not in session


def test_a_search_goes_on_through_filters_pages_and_sorting(
    officer: Account, alice: Member, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _number in range(51):
        a_member(name="이서준")
    client = signed_in(officer)
    first = client.post(list_of(MEMBERS), {"exact": "이서준"}, follow=True)
    assert first.context["cl"].result_count == 51
    address = first.redirect_chain[0][0]
    second = client.get(f"{address}&p=2&o=-1&kind__exact=individual&joined_at_from=2020-01-01")
    assert second.context["cl"].result_count == 51
    assert len(second.context["cl"].result_list) == 1
    assert address.partition("found=")[2] in second.content.decode()
    assert client.get(f"{address}&kind__exact=business").context["cl"].result_count == 0


def test_a_search_of_another_session_finds_nothing_and_says_so(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    address = signed_in(officer).post(list_of(MEMBERS), {"exact": "김하늘"})["Location"]
    text = opened(signed_in(agent), address)
    assert "김*늘" not in text
    assert "검색" in text or "search is over" in text


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"joined_at_from": "2026-03-02"}, {"second", "third"}),
        ({"joined_at_to": "2026-03-02"}, {"first", "second"}),
        ({"joined_at_from": "2026-03-02", "joined_at_to": "2026-03-02"}, {"second"}),
        ({"joined_at_to": "9999-12-31"}, {"first", "second", "third"}),
        ({"joined_at_from": "nonsense"}, {"first", "second", "third"}),
    ],
)
def test_days_are_counted_in_seoul_and_both_are_included(
    parameters: dict[str, str], expected: set[str], officer: Account, signed_in: SignIn
) -> None:
    seoul = ZoneInfo("Asia/Seoul")
    a_member()  # so that a notice is in force: it was published before all of these
    days = {
        "first": datetime(2026, 3, 1, 23, 59, tzinfo=seoul),
        "second": datetime(2026, 3, 2, 0, 0, tzinfo=seoul),
        "third": datetime(2026, 3, 3, 0, 0, tzinfo=seoul),
    }
    members = {name: a_member() for name in days}
    for name, day in days.items():
        Member.objects.filter(pk=members[name].pk).update(joined_at=day)
    Member.objects.exclude(pk__in=[member.pk for member in members.values()]).update(joined_at=days["first"])
    listed = set(signed_in(officer).get(list_of(MEMBERS), parameters).context["cl"].result_list)
    assert {name for name, member in members.items() if member in listed} == expected


def test_a_list_of_very_many_counts_no_further_than_anyone_pages(
    officer: Account, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CountedPaginator, "LIMIT", 3)
    for _number in range(5):
        a_member()
    response = signed_in(officer).get(list_of(MEMBERS))
    assert response.context["cl"].result_count == 3
    assert response.context["cl"].paginator.is_cut


def test_the_page_shows_what_is_held_and_on_what_ground(officer: Account, alice: Member, signed_in: SignIn) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    text = opened(signed_in(officer), page_of(alice))
    for shown in ("김*늘", "al******@example.com", "010-****-5678", "서울특별시 강남구 ***", "v1"):
        assert shown in text
    assert page_of(alice.notice) in text
    assert page_of(alice.consents.get()) in text  # type: ignore[attr-defined]
    assert reverse("admin:consents_consent_record") in text


def test_the_page_takes_as_many_queries_for_many_consents_as_for_one(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    one = queries(client, page_of(alice))
    for code in ("general.sales_inquiry", "general.marketplace_subscription", "general.general_inquiry"):
        a_consent(alice, code, company_name="하늘상사")
    assert queries(client, page_of(alice)) == one


def test_history_says_who_when_and_why_with_values_masked(officer: Account, alice: Member, signed_in: SignIn) -> None:
    alice.name = "김하늬"
    save_as(staff_acting(officer), alice, reason="corrected on request")
    alice.language = "en"
    save_as(SYSTEM, alice, reason="")
    client = signed_in(officer)
    text = opened(client, page_of(alice, "history"))
    assert "corrected on request" in text
    assert officer.staff_name in text
    assert "tests" in text  # the system's job
    assert "김*늘" in text
    assert "김*늬" in text
    assert "김하늬" not in text
    for row in alice.history.all():
        assert "김하늬" not in opened(client, reverse("admin:members_member_version", args=[alice.pk, row.history_id]))


def test_history_takes_as_many_queries_for_many_changes_as_for_one(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    save_as(staff_acting(officer), alice, reason="once")
    few = queries(client, page_of(alice, "history"))
    for number in range(30):
        alice.name = f"김하늘{number}"
        save_as(staff_acting((officer, agent)[number % 2]), alice, reason="again")
    assert queries(client, page_of(alice, "history")) == few


def test_each_page_of_a_long_history_tells_what_its_oldest_line_changed(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    for number in range(60):
        alice.name = f"하늘{number:02}"
        save_as(staff_acting(officer), alice, reason="renamed")
    client = signed_in(officer)
    lines = [line for page in "12" for line in client.get(page_of(alice, "history"), {"p": page}).context["lines"]]
    assert len(lines) == 61
    assert all(line.differences for line in lines[:-1])


@pytest.mark.parametrize("page", ["change", "history"])
def test_a_number_that_is_no_members_is_not_found(
    page: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    url = reverse(f"admin:members_member_{page}", args=["00000000-0000-0000-0000-000000000000"])
    assert client.get(url).status_code in (302, 404)
    assert client.get(page_of(alice, page).replace(str(alice.pk), "no-number")).status_code in (302, 404)
    assert client.get(reverse("admin:members_member_version", args=[alice.pk, 999_999])).status_code == 404


def test_a_member_whose_values_are_destroyed_is_shown_as_such(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    client = signed_in(officer)
    opened(client, list_of(MEMBERS))
    text = opened(client, page_of(alice))
    assert "김*늘" not in text
    opened(client, page_of(alice, "history"))
    assert found(client, MEMBERS, "김하늘") == []


def test_accounts_show_neither_password_nor_address(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    assert alice.account is not None
    for account in (officer, alice.account):
        text = opened(client, page_of(account))
        assert account.password not in text
        assert account.password.split("$")[-1] not in text
        assert account.alias not in text
        opened(client, page_of(account, "history"))
    text = opened(client, list_of("members_account"))
    assert "of******@cloud.example" in text
    assert found(client, "members_account", "OFFICER@cloud.example") == [officer]
    assert found(client, "members_account", "alice@example.com") == [alice.account]
    assert found(client, "members_account", "officer@cloud.exampl") == []


def test_the_list_of_accounts_takes_as_many_queries_for_many_as_for_few(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    few = queries(client, list_of("members_account"))
    for _number in range(10):
        a_member()
    assert queries(client, list_of("members_account")) == few


def test_signing_in_is_no_change_of_the_account(officer: Account) -> None:
    client = Client()
    client.post(reverse("account_login"), {"login": "officer@cloud.example", "password": PASSWORD})
    officer.refresh_from_db()
    assert officer.last_login is not None
    assert officer.history.count() == 1


def test_pages_made_as_of_another_day_open(officer: Account, signed_in: SignIn) -> None:
    with pretending(datetime(2030, 1, 1, tzinfo=ZoneInfo("UTC"))):
        member = a_member()
    assert "2030-01-01 09:00" in opened(signed_in(officer), page_of(member))
