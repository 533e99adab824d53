"""The admin: who may do what in it (A1), that nothing can be edited round the verbs, and how one gets in."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.test import Client, RequestFactory
from django.urls import reverse

from consents.withdrawal import withdraw
from members.models import Account, Member
from members.rights import asking, reviewing
from members.staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT
from privacy_portal.admin_base import RecordAdmin
from privacy_portal.audit import revealing, watch_list
from privacy_portal.audit.models import AccessEntry, AccessReview, OwnAccessEntry
from privacy_portal.audit.months import key_for
from privacy_portal.audit.sight import Sight, Viewer
from privacy_portal.clock import now
from privacy_portal.exact_search import ExactSearchAdmin
from privacy_portal.policy import publishing
from privacy_portal.retention import holds, retaining, runs
from privacy_portal.retention.models import LegalHold
from privacy_portal.roles import RIGHTS
from privacy_portal.vault.models import DestructionRecord
from requests import workflow
from tests.consents.services.calling import a_service
from tests.factories import (
    PASSWORD,
    SYSTEM,
    a_consent,
    a_file,
    a_representative,
    a_request,
    a_staff_account,
    acting,
    collection,
    fresh,
    staff_acting,
)
from tests.in_admin import list_of, opened, page_of
from tests.ledger import a_checkpoint
from tests.paying import a_card
from tests.retention.lives import later

SignIn = Callable[[Member | Account], Client]
ADMINS = list(admin.site._registry.values())
PEOPLE = {
    "members_member",
    "members_account",
    "members_representativeconsent",
    "members_paymentmethod",
    "consents_consent",
    "consents_consentevent",
    "audit_accessentry",
    "audit_ownaccessentry",
    "requests_memberrequest",
}
# The lists each group opens. Nothing else, and no list of another app.
OPENS = {
    "officer": {
        *PEOPLE,
        "vault_destructionrecord",
        "consents_serviceclient",
        "members_rightsrequest",
        "members_rightschange",
        "members_rightsreview",
        "policy_notice",
        "policy_collection",
        "policy_item",
        "policy_purpose",
        "policy_collectionmethod",
        "audit_reveal",
        "audit_accessreview",
        "audit_watchedperson",
        "audit_checkpoint",
        "retention_retentionrule",
        "retention_legalhold",
        "retention_destructionrun",
        "retention_retainedrecord",
        "requests_requestevent",
        "requests_document",
    },
    # Of these only what belongs to a request assigned to them: tests/requests/test_reach_admin.py.
    "agent": {
        "members_member",
        "members_representativeconsent",
        "consents_consent",
        "consents_consentevent",
        "policy_notice",
        "policy_collection",
        "requests_memberrequest",
        "requests_requestevent",
        "requests_document",
    },
}
OPENS["auditor"] = OPENS["officer"] - {"retention_retainedrecord", "requests_document"}


ODD_QUERIES = (
    "p=99999",
    "p=-1",
    "p=x",
    "o=9.-9.x",
    "all=1",
    "e=1",
    "q=%00",
    "q=" + "9" * 3000,
    "group=%00",
    "status=%00",
    "found=nothing",
    "found=",
    "member=%00",
    "member=x",
    "kind__exact=%00",
    "no_such_field=1",
    "id__in=x",
    "_facets=True",
)


def name(model_admin: Any) -> str:
    return f"{model_admin.opts.app_label}_{model_admin.opts.model_name}"


def retention_rows(member: Member) -> list[Any]:
    """A rule, what law keeps, a run of what fell due, and a hold."""
    kept = {"name": member.name}
    record = retaining.keep(
        "payment_records", kept, subject_id=member.pk, happened_at=now(), moved_from="tests", actor=SYSTEM
    )
    with later(years=6):
        run = runs.propose()
    hold = holds.place(LegalHold.About.PERSON, member.pk, reason="lawsuit", actor=SYSTEM)
    return [record.rule, record, run, hold]


def access_rows(member: Member, officer: Account) -> list[Any]:
    """A line of each log, a reveal, a review, and somebody watched."""
    actor = staff_acting(officer)
    sight = Sight(lambda: Viewer(actor, "admin:members_member_change", "", AccessEntry.What.VIEW), {member.pk: None})
    sight.write()
    assert member.account_id is not None
    # The officer goes on seeing masked values.
    another = staff_acting(a_staff_account("another@cloud.example", PRIVACY_OFFICER))
    return [
        AccessEntry.objects.get(),
        OwnAccessEntry.objects.create(
            person_id=member.pk, account_id=member.account_id, data_key=key_for(now()), page="consents:data"
        ),
        revealing.reveal(member.pk, items=["name"], why="identity", remark="", reference="R-1", actor=another),
        AccessReview.objects.create(month="2026-10-01", signed_off_by=officer.pk, note="fine", entries=1),
        watch_list.watch(member.pk, why="colleague", actor=actor),
    ]


def request_rows(member: Member, agent: Account) -> list[Any]:
    """A request that the agent has taken, with a document, and a line of its record."""
    member_request = a_request("correction", member, documents=[a_file("evidence")])
    workflow.take(member_request, seen=1, actor=staff_acting(agent))
    return [fresh(member_request), member_request.documents.get(), member_request.events.latest("id")]


def rights_rows(officer: Account) -> list[Any]:
    """A request for rights that waits, a line of the record, and a review."""
    asked = asking.ask_for_account(
        "new@cloud.example", name="새동료", groups=[AUDITOR], reason="joins", actor=staff_acting(officer)
    )
    change = officer.rights_changes.get()
    review = reviewing.sign_off(note="fine", seen=reviewing.last_change(), actor=staff_acting(officer))
    return [asked, change, review]


@pytest.fixture
def one_of_each(officer: Account, agent: Account, alice: Member) -> list[Any]:
    """One row of every table that the admin shows."""
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    event = withdraw(consent, language="ko", actor=acting(alice))
    draft = publishing.draft(collection("general.newsletter"), actor=staff_acting(officer))
    rows = [alice, officer, consent, event, draft, draft.collection, DestructionRecord.objects.get()]
    rows += [
        a_representative(),
        a_card(alice),
        draft.items.all()[0].item,
        draft.collection.purposes.all()[0],
        event.method,
    ]
    rows += [
        a_service(),
        *rights_rows(officer),
        *retention_rows(alice),
        *access_rows(alice, officer),
        *request_rows(alice, agent),
        a_checkpoint(),
    ]
    assert {f"{row._meta.app_label}_{row._meta.model_name}" for row in rows} == OPENS["officer"]
    return rows


def test_every_page_stands_on_the_same_base() -> None:
    assert [model_admin for model_admin in ADMINS if not isinstance(model_admin, RecordAdmin)] == []
    assert {name(model_admin) for model_admin in ADMINS} == OPENS["officer"]


def test_lists_of_people_are_searched_exactly_and_never_by_a_part() -> None:
    for model_admin in ADMINS:
        if name(model_admin) in PEOPLE:
            assert isinstance(model_admin, ExactSearchAdmin)
            assert not model_admin.search_fields
            assert model_admin.exact_search_help
        else:
            assert not isinstance(model_admin, ExactSearchAdmin)


@pytest.mark.parametrize("model_admin", ADMINS, ids=name)
def test_not_even_a_superuser_adds_changes_or_deletes(model_admin: Any, rf: RequestFactory) -> None:
    request = rf.get("/admin/")
    request.user = Account(is_staff=True, is_superuser=True)
    assert not model_admin.has_add_permission(request)
    assert not model_admin.has_change_permission(request)  # drafts of notices are the exception, one by one
    assert not model_admin.has_delete_permission(request)
    assert not model_admin.get_actions(request)


def test_each_group_has_exactly_its_rights(db: None) -> None:
    groups = {
        group.name: {
            f"{permission.content_type.app_label}.{permission.codename}"
            for permission in group.permissions.select_related("content_type")
        }
        for group in Group.objects.all()
    }
    assert groups == {group: set(rights) for group, rights in RIGHTS.items()}
    assert set(groups) == {PRIVACY_OFFICER, SUPPORT_AGENT, AUDITOR}
    assert not [right for right in groups[AUDITOR] if ".view_" not in right]
    assert {right for right in groups[SUPPORT_AGENT] if ".view_" not in right} == {
        "consents.record_consent",
        "audit.reveal_values",
        "requests.work_request",
        "members.change_information",
        "members.record_representative",
    }
    written = {right for right in groups[PRIVACY_OFFICER] if ".view_" not in right}
    # A member's information is changed by deciding a request, never on the member's own page; there only the mailbox
    # that a member has lost is stood in for.
    assert {right for right in written if right.startswith(("members.", "vault."))} == {
        "members.change_information",
        "members.confirm_address",
        "members.record_representative",
        "members.grant_rights",
        "members.sign_off_rightsreview",
        "members.reset_second_factor",
    }
    assert "policy.delete_notice" not in written


@pytest.mark.parametrize("who", OPENS)
def test_each_group_opens_its_lists_pages_and_histories_and_no_others(
    who: str, one_of_each: list[Any], signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    client = signed_in(request.getfixturevalue(who))
    home = opened(client, reverse("admin:index"))
    for row in one_of_each:
        model = f"{row._meta.app_label}_{row._meta.model_name}"
        pages = [list_of(model), page_of(row), page_of(row, "history")]
        if model in OPENS[who]:
            for page in pages:
                opened(client, page)
            assert list_of(model) in home
        else:
            assert [client.get(page).status_code for page in pages] == [403, 403, 403]
            assert client.post(list_of(model), {"exact": "김하늘"}).status_code == 403
            assert list_of(model) not in home


@pytest.mark.parametrize("who", [*OPENS, "superuser"])
def test_nothing_is_added_changed_or_deleted_by_address(
    who: str, one_of_each: list[Any], officer: Account, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    if who == "superuser":
        officer.is_superuser = True
        officer.save()
        who = "officer"
    client = signed_in(request.getfixturevalue(who))
    for row in one_of_each:
        model = f"{row._meta.app_label}_{row._meta.model_name}"
        before = set(type(row).objects.values_list("pk", flat=True))
        addresses = [reverse(f"admin:{model}_add"), page_of(row, "delete")]
        if model != "policy_notice":
            addresses.append(page_of(row))
        for address in addresses:
            assert client.post(address, {"post": "yes", "language": "en", "state": "given"}).status_code == 403, address
        bulk = {"action": "delete_selected", "_selected_action": str(row.pk), "post": "yes"}
        client.post(list_of(model), bulk)
        after = set(type(row).objects.values_list("pk", flat=True))
        assert before <= after
        assert before == after or model == "audit_accessentry"  # which says who has been looking here


def test_whoever_is_not_signed_in_is_led_to_the_one_sign_in_page(db: None) -> None:
    for address in (reverse("admin:index"), list_of("members_member"), reverse("admin:consents_consent_record")):
        chain = Client().get(address, follow=True).redirect_chain
        assert chain[-1][0].startswith(reverse("account_login")), chain
        assert Client().post(address, {"exact": "김하늘"}).status_code == 302
    response = Client().post(reverse("admin:login"), {"username": "x", "password": "y"})
    assert response["Location"].startswith(reverse("account_login"))


def test_passwords_are_changed_in_one_place_only(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    passwords = {"old_password": PASSWORD, "new_password1": "another good one", "new_password2": "another good one"}
    response = client.post(reverse("admin:password_change"), passwords)
    assert response["Location"] == reverse("account_reset_password")
    officer.refresh_from_db()
    assert officer.check_password(PASSWORD)


def test_a_member_who_is_signed_in_is_told_no(alice: Member, signed_in: SignIn) -> None:
    client = signed_in(alice)
    for address in (reverse("admin:index"), list_of("members_member"), page_of(alice)):
        assert client.get(address, follow=True).status_code == 403


def test_a_colleague_who_has_left_is_out(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    officer.is_active = False
    officer.save()
    assert client.get(reverse("admin:index")).status_code == 302


@pytest.mark.parametrize("address", [f"{list_of(name(one))}?{query}" for one in ADMINS for query in ODD_QUERIES])
def test_odd_addresses_break_no_list(address: str, officer: Account, alice: Member, signed_in: SignIn) -> None:
    assert signed_in(officer).get(address, follow=True).status_code == 200


@pytest.mark.parametrize("model_admin", ADMINS, ids=name)
def test_odd_keys_break_no_page(model_admin: Any, officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    for key in ("%00", "no-number", "9" * 100):
        for page in ("change/", "history/", "history/1/"):
            assert client.get(f"{list_of(name(model_admin))}{key}/{page}").status_code in (302, 404)
    assert client.post("/admin/policy/notice/draft/%00/").status_code == 404


@pytest.mark.parametrize("language", ["ko", "en"])
def test_no_page_is_kept_by_a_browser_or_talks_to_another_site(
    language: str, one_of_each: list[Any], officer: Account, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.cookies["django_language"] = language
    for row in one_of_each:
        response = client.get(page_of(row))
        assert "no-store" in response["Cache-Control"]
        assert "<script>" not in response.content.decode().replace('<script id="', "")
        policy = response["Content-Security-Policy"]
        assert "'unsafe-inline'" not in policy.partition("script-src")[2].partition(";")[0]
        assert "default-src 'none'" in policy
