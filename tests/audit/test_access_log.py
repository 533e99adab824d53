"""Every time somebody sees personal information of others, one entry says who, when, from where, whose and what."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.http import HttpRequest, HttpResponse, StreamingHttpResponse
from django.test import Client, RequestFactory
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from members.finding import terms_of
from members.models import Account, Member
from privacy_portal.audit import sight
from privacy_portal.audit.masking import in_full, masked
from privacy_portal.audit.middleware import access_log
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey
from tests.factories import SYSTEM, a_consent, a_member
from tests.in_admin import list_of, opened, page_of

SignIn = Callable[[Member | Account], Client]
What = AccessEntry.What
MEMBERS = "members_member"


def entries() -> list[AccessEntry]:
    return list(AccessEntry.objects.order_by("id"))


def test_opening_a_record_is_one_entry_that_says_all(officer: Account, alice: Member, signed_in: SignIn) -> None:
    before = timezone.now()
    client = signed_in(officer)
    client.get(page_of(alice), headers={"user-agent": "Mozilla/5.0 (staff)"}, REMOTE_ADDR="203.0.113.8")
    [entry] = entries()
    assert (entry.account_id, entry.actor_kind, entry.role) == (officer.pk, "staff", "Privacy officer")
    assert before <= entry.at <= before + timedelta(seconds=30)
    assert entry.people == [alice.pk]
    assert set(entry.items) == {"name", "email", "mobile_phone", "address", "country_of_residence"}
    assert (entry.what, entry.page, entry.in_full) == (What.VIEW, "admin:members_member_change", False)
    assert entry.opened_evidence() == {"address": "203.0.113.8", "browser": "Mozilla/5.0 (staff)"}
    assert entry.session == sight.hashed(client.session.session_key or "")


def test_a_list_names_those_it_shows_and_no_others(
    officer: Account, alice: Member, business: Member, signed_in: SignIn
) -> None:
    signed_in(officer).get(list_of(MEMBERS), {"kind__exact": "business"})
    [entry] = entries()
    assert (entry.what, entry.people) == (What.LIST, [business.pk])


def test_a_search_keeps_a_keyed_hash_of_what_was_searched(
    officer: Account, agent: Account, alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    for written in ("010-1234-5678", "+82 10 1234 5678"):
        signed_in(officer).post(list_of(MEMBERS), {"exact": written}, follow=True)
    first, second = entries()
    assert (first.what, first.people) == (What.SEARCH, [alice.pk])
    phone = sight.hashed(f"phone:{terms_of('010-1234-5678')['phone']}")
    assert phone in first.searched
    assert phone in second.searched
    assert terms_of("010-1234-5678")["phone"] not in first.searched  # which would be an index that nothing clears


def test_a_search_that_finds_nobody_is_on_record_too(officer: Account, alice: Member, signed_in: SignIn) -> None:
    signed_in(officer).post(list_of(MEMBERS), {"exact": "nobody@example.com"}, follow=True)
    [entry] = entries()
    assert (entry.what, entry.people) == (What.SEARCH, [])
    assert entry.searched


def test_history_is_told_from_the_record(officer: Account, alice: Member, signed_in: SignIn) -> None:
    signed_in(officer).get(page_of(alice, "history"))
    [entry] = entries()
    assert (entry.what, entry.people) == (What.HISTORY, [alice.pk])


def test_a_record_whose_values_are_destroyed_is_still_somebodys(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    destroy_ground(DataKey.Ground.MEMBERSHIP, alice.pk, because="membership.closed", actor=SYSTEM)
    signed_in(officer).get(page_of(alice))
    [entry] = entries()
    assert (entry.people, entry.items) == ([alice.pk], [])


def test_pages_that_show_nobody_leave_no_entry(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    for page in (reverse("admin:index"), list_of("policy_notice"), page_of(alice.notice)):
        client.get(page)
    assert entries() == []


def test_whoever_may_not_see_a_page_has_seen_nobody(agent: Account, alice: Member, signed_in: SignIn) -> None:
    assert alice.account is not None
    assert signed_in(agent).get(page_of(alice.account)).status_code == 403
    assert entries() == []


@pytest.mark.parametrize("many", [1, 30])
def test_the_log_costs_two_statements_however_many_people_a_page_shows(
    many: int, officer: Account, signed_in: SignIn
) -> None:
    for _number in range(many):
        a_member()
    client = signed_in(officer)
    client.get(list_of(MEMBERS))
    with CaptureQueriesContext(connection) as captured:
        client.get(list_of(MEMBERS))
    own = [
        query["sql"] for query in captured if "audit_accessentry" in query["sql"] or "array_agg" in query["sql"].lower()
    ]
    assert len(own) == 2
    assert len(entries()[-1].people) == many


def test_reads_by_the_person_are_kept_apart(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    client.get(reverse("consents:data"))
    client.post(reverse("consents:data"), {"show": "membership.name"})
    assert entries() == []
    masked_read, full_read = OwnAccessEntry.objects.order_by("id")
    assert (masked_read.person_id, masked_read.account_id) == (alice.pk, alice.account_id)
    assert not masked_read.in_full
    assert full_read.in_full
    assert "name" in full_read.items


def test_a_member_who_were_shown_somebody_else_would_be_in_the_log(
    alice: Member, charlie: Member, rf: RequestFactory
) -> None:
    def broken_page(request: HttpRequest) -> HttpResponse:
        return HttpResponse(masked("name", charlie.name))

    request = rf.get("/my/")
    request.user = alice.account  # type: ignore[assignment]
    access_log(broken_page)(request)
    [entry] = entries()
    assert (entry.role, entry.people) == ("member", [charlie.pk])


def test_if_it_cannot_be_written_the_page_is_not_sent(
    officer: Account, alice: Member, signed_in: SignIn, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> None:
        raise DatabaseError("no space left")

    monkeypatch.setattr(AccessEntry.objects, "create", refuse)
    client = signed_in(officer)
    client.raise_request_exception = False
    response = client.get(page_of(alice))
    assert response.status_code == 500
    assert "김*늘" not in response.content.decode()


def test_a_stream_is_let_go_only_once_its_people_are_on_record(
    officer: Account, alice: Member, charlie: Member, rf: RequestFactory
) -> None:
    def export(request: HttpRequest) -> StreamingHttpResponse:
        def lines() -> Iterator[str]:
            for member in (alice, charlie):
                yield in_full("name", member.name)

        sight.did(What.EXPORT, reason="요청 자료", reference="R-1")
        return StreamingHttpResponse(lines())

    request = rf.get("/admin/export/")
    request.user = officer
    response = access_log(export)(request)  # type: ignore[arg-type]
    assert entries() == []
    parts = iter(response.streaming_content)  # type: ignore[attr-defined]
    assert next(parts).decode() == "김하늘"
    [entry] = entries()
    assert (entry.what, entry.people, entry.in_full) == (What.EXPORT, [alice.pk, charlie.pk], True)
    assert (entry.opened_evidence()["reason"], entry.request_reference) == ("요청 자료", "R-1")
    assert [part.decode() for part in parts] == ["Charlotte Brown"]
    assert len(entries()) == 1


def test_more_people_than_fit_one_entry_are_in_several(
    officer: Account, rf: RequestFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sight, "PEOPLE_AN_ENTRY", 2)
    members = [a_member() for _number in range(5)]

    def page(request: HttpRequest) -> HttpResponse:
        return HttpResponse("".join(masked("name", member.name) for member in members))

    request = rf.get("/admin/")
    request.user = officer
    access_log(page)(request)
    assert [len(entry.people) for entry in entries()] == [2, 2, 1]


def test_what_the_portal_reads_for_itself_is_nobodys_reading(alice: Member) -> None:
    assert masked("name", alice.name)
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    assert entries() == []
    assert not OwnAccessEntry.objects.exists()


@pytest.mark.parametrize("table", ["audit_accessentry", "audit_ownaccessentry"])
def test_not_even_a_superuser_of_the_database_changes_the_log(
    table: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    signed_in(officer).get(page_of(alice))
    signed_in(alice).get(reverse("consents:data"))
    for statement in (f"UPDATE {table} SET page = ''", f"DELETE FROM {table}", f"TRUNCATE {table}"):
        with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement)


def test_the_log_shows_masked_names_and_is_itself_one_entry(
    officer: Account, auditor: Account, alice: Member, signed_in: SignIn
) -> None:
    signed_in(officer).get(page_of(alice))
    [seen] = entries()
    client = signed_in(auditor)
    assert "김*늘" in opened(client, list_of("audit_accessentry"))
    assert len(entries()) == 2
    text = opened(client, page_of(seen))
    assert "김*늘" in text
    assert officer.staff_name in text
    assert len(entries()) == 3
    assert entries()[-1].page == "admin:audit_accessentry_change"


def test_who_saw_a_person_is_found_exactly(officer: Account, alice: Member, charlie: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.get(page_of(alice))
    client.get(page_of(charlie))
    about_alice, _about_charlie = entries()
    response = client.post(list_of("audit_accessentry"), {"exact": "alice@example.com"}, follow=True)
    assert list(response.context["cl"].result_list) == [about_alice]
    response = client.get(list_of("audit_accessentry"), {"member": str(alice.pk)})
    assert about_alice in response.context["cl"].result_list


def test_the_log_takes_as_many_queries_for_many_entries_as_for_few(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.get(page_of(alice))
    client.get(list_of("audit_accessentry"))
    with CaptureQueriesContext(connection) as few:
        client.get(list_of("audit_accessentry"))
    for _number in range(10):
        client.get(page_of(a_member()))
    with CaptureQueriesContext(connection) as many:
        client.get(list_of("audit_accessentry"))
    assert len(many) == len(few)
