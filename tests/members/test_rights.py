"""Rights of staff: asked for by one officer, approved by another, on record for good (A2, A3)."""

from __future__ import annotations

import ast
import re
import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core import mail
from django.core.management import CommandError, call_command
from django.db import Error, IntegrityError, connection, transaction
from django.test import Client
from django.urls import reverse

from members.addresses import account_with
from members.models import Account, Member, RightsChange, RightsRequest
from members.rights import asking, deciding, reviewing
from members.staff import AUDITOR, PRIVACY_OFFICER, SUPPORT_AGENT, add_staff, groups_of, remove_staff
from privacy_portal.actors import Actor
from privacy_portal.audit import tables
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from tests.dumping import dump
from tests.factories import PASSWORD, SYSTEM, a_staff_account, staff_acting

SignIn = Callable[[Member | Account], Client]
ROOT = Path(__file__).parents[2]
NEW = "new.colleague@cloud.example"


@pytest.fixture
def other(db: None) -> Account:
    return a_staff_account("other.officer@cloud.example", PRIVACY_OFFICER)


def refused(verb: Callable[[], Any]) -> str:
    with pytest.raises(PortalError) as error, transaction.atomic():
        verb()
    return error.value.code


def an_account_asked_for(by: Account) -> RightsRequest:
    return asking.ask_for_account(
        NEW, name="새동료", groups=[SUPPORT_AGENT], reason="joins the desk", actor=staff_acting(by)
    )


def approved(request: RightsRequest, by: Account) -> RightsChange:
    deciding.approve(request, actor=staff_acting(by))
    return RightsChange.objects.order_by("-id")[0]


def test_a_new_account_is_asked_for_approved_by_another_and_gets_a_link_to_choose_a_password(
    officer: Account, other: Account, client: Client
) -> None:
    request = an_account_asked_for(officer)
    assert account_with(NEW) is None
    change = approved(request, other)
    account = Account.objects.get(pk=request.account_number)
    assert account == account_with(NEW) == change.account
    assert account.email.open_unseen() == NEW
    assert not account.has_usable_password()
    assert groups_of(account) == [SUPPORT_AGENT]
    assert (change.kind, change.groups_before, change.groups_after) == ("granted", [], [SUPPORT_AGENT])
    assert (change.requested_by, change.approved_by, change.reason) == (officer.pk, other.pk, "joins the desk")
    assert change.asked_in == request
    (sent,) = mail.outbox
    assert sent.to == [NEW]
    link = re.search(r"https?://[^/\s]+(/account/password/reset/key/\S+)", str(sent.body))
    assert link is not None
    page = client.get(link[1], follow=True)
    client.post(page.request["PATH_INFO"], {"password1": PASSWORD, "password2": PASSWORD})
    account.refresh_from_db()
    assert account.check_password(PASSWORD)


def test_groups_are_changed_and_the_record_says_from_what_to_what(
    officer: Account, other: Account, agent: Account
) -> None:
    request = asking.ask_for_groups(
        agent, groups=[AUDITOR, SUPPORT_AGENT], reason="audits too", actor=staff_acting(officer)
    )
    assert groups_of(agent) == [SUPPORT_AGENT]
    change = approved(request, other)
    assert groups_of(agent) == [AUDITOR, SUPPORT_AGENT]
    assert (change.kind, change.groups_before, change.groups_after) == (
        "changed",
        [SUPPORT_AGENT],
        [AUDITOR, SUPPORT_AGENT],
    )


def test_a_removal_takes_the_rights_and_ends_the_sessions_at_once(
    officer: Account, other: Account, agent: Account, signed_in: SignIn
) -> None:
    client = signed_in(agent)
    home = reverse("admin:index")
    assert client.get(home).status_code == 200
    request = asking.ask_for_removal(agent, reason="leaves the company", actor=staff_acting(officer))
    change = approved(request, other)
    assert client.get(home).status_code == 302
    agent.refresh_from_db()
    assert not agent.is_active
    assert groups_of(agent) == []
    assert (change.kind, change.groups_after, agent.staff_name) == ("removed", [], "직원 Support agent")
    # And not even an account that comes back has its old sessions or its password.
    back = asking.ask_for_groups(agent, groups=[AUDITOR], reason="comes back", actor=staff_acting(officer))
    assert approved(back, other).kind == "granted"
    agent.refresh_from_db()
    assert agent.is_active
    assert not agent.check_password(PASSWORD)
    assert client.get(home).status_code == 302
    assert mail.outbox[-1].to == ["agent@cloud.example"]


def test_nobody_decides_what_they_asked_for_or_what_is_about_themselves(officer: Account, other: Account) -> None:
    own = an_account_asked_for(officer)
    assert refused(lambda: deciding.approve(own, actor=staff_acting(officer))) == "own_request"
    assert refused(lambda: deciding.refuse(own, note="no", actor=staff_acting(officer))) == "own_request"
    about = asking.ask_for_groups(other, groups=[AUDITOR], reason="moves", actor=staff_acting(officer))
    assert refused(lambda: deciding.approve(about, actor=staff_acting(other))) == "about_yourself"
    assert not RightsChange.objects.filter(asked_in__isnull=False).exists()


def test_the_database_itself_wants_four_eyes(officer: Account, other: Account, agent: Account) -> None:
    request = an_account_asked_for(officer)
    with pytest.raises(IntegrityError), transaction.atomic():
        RightsRequest.objects.filter(pk=request.pk).update(state="approved", decided_by=officer.pk, decided_at=now())
    for requester, approver in ((officer, officer), (officer, agent), (None, other)):
        with pytest.raises(IntegrityError), transaction.atomic():
            RightsChange.objects.create(
                account=agent,
                kind="changed",
                requested_by=requester.pk if requester else None,
                approved_by=approver.pk,
                actor_kind="staff",
                reason="why",
            )


@pytest.mark.parametrize("who", ["agent", "auditor", "alice"])
def test_only_officers_ask_and_approve(who: str, officer: Account, request: pytest.FixtureRequest) -> None:
    found = request.getfixturevalue(who)
    actor = Actor("staff", found.account_id if isinstance(found, Member) else found.pk)
    asked = an_account_asked_for(officer)
    assert refused(lambda: deciding.approve(asked, actor=actor)) == "not_allowed"
    assert refused(lambda: deciding.refuse(asked, note="no", actor=actor)) == "not_allowed"
    assert refused(lambda: asking.ask_for_removal(officer, reason="x", actor=actor)) == "not_allowed"
    assert refused(lambda: asking.ask_for_groups(officer, groups=[AUDITOR], reason="x", actor=actor)) == "not_allowed"
    assert refused(lambda: asking.take_back(asked, actor=actor)) == "not_allowed"
    assert refused(lambda: reviewing.sign_off(note="x", seen=None, actor=actor)) == "not_allowed"


def test_no_officer_gives_rights_alone_by_the_verbs_that_carry_it_out(officer: Account, agent: Account) -> None:
    actor = staff_acting(officer)
    assert refused(lambda: remove_staff(agent, actor=actor)) == "not_allowed"
    assert refused(lambda: add_staff(NEW, name="x", groups=[AUDITOR], actor=actor)) == "not_allowed"


def test_what_cannot_be_asked_is_told(officer: Account, other: Account, agent: Account, alice: Member) -> None:
    actor = staff_acting(officer)

    def ask(email: str = NEW, name: str = "새동료", groups: tuple[str, ...] = (AUDITOR,), reason: str = "why") -> Any:
        return asking.ask_for_account(email, name=name, groups=groups, reason=reason, actor=actor)

    assert refused(lambda: ask(email="alice@example.com")) == "address_taken"
    assert refused(lambda: ask(email="Agent@cloud.example")) == "address_taken"
    assert refused(lambda: ask(name=" ")) == "name_needed"
    assert refused(lambda: ask(groups=())) == "groups_needed"
    assert refused(lambda: ask(groups=("Everything",))) == "groups_needed"
    assert refused(lambda: ask(reason=" ")) == "reason_needed"
    ask()
    assert refused(lambda: ask(email="NEW.colleague@cloud.example")) == "already_asked"
    same: dict[str, Any] = {"groups": [SUPPORT_AGENT], "reason": "why", "actor": actor}
    assert refused(lambda: asking.ask_for_groups(agent, **same)) == "nothing_changes"
    account = Account.objects.get(member=alice)
    assert refused(lambda: asking.ask_for_groups(account, **same)) == "not_staff"
    asking.ask_for_removal(agent, reason="leaves", actor=actor)
    assert refused(lambda: asking.ask_for_removal(agent, reason="leaves", actor=staff_acting(other))) == "already_asked"


def test_a_refusal_has_a_reason_and_changes_nothing_and_the_address_goes(officer: Account, other: Account) -> None:
    request = an_account_asked_for(officer)
    assert refused(lambda: deciding.refuse(request, note=" ", actor=staff_acting(other))) == "reason_needed"
    deciding.refuse(request, note="not needed", actor=staff_acting(other))
    request.refresh_from_db()
    assert request.state == "refused"
    found = RightsRequest.objects.select_related("data_key").get(pk=request.pk)
    assert found.email is not None
    assert found.email.is_destroyed
    assert account_with(NEW) is None
    assert refused(lambda: deciding.approve(request, actor=staff_acting(other))) == "already_decided"
    an_account_asked_for(officer)


def test_only_who_asked_takes_it_back(officer: Account, other: Account) -> None:
    request = an_account_asked_for(officer)
    assert refused(lambda: asking.take_back(request, actor=staff_acting(other))) == "not_allowed"
    asking.take_back(request, actor=staff_acting(officer))
    assert refused(lambda: deciding.approve(request, actor=staff_acting(other))) == "already_decided"


def test_what_changed_in_between_is_not_approved_unseen(officer: Account, other: Account, agent: Account) -> None:
    request = asking.ask_for_groups(agent, groups=[AUDITOR], reason="moves", actor=staff_acting(officer))
    remove_staff(agent, actor=SYSTEM)
    assert refused(lambda: deciding.approve(request, actor=staff_acting(other))) == "rights_have_changed"
    assert RightsRequest.objects.get(pk=request.pk).is_open


def test_the_record_is_unchangeable_and_part_of_the_ledger(agent: Account) -> None:
    assert RightsChange in tables.ledgered_models()
    change = RightsChange.objects.get(account=agent)
    for act in (
        lambda: RightsChange.objects.filter(pk=change.pk).update(reason="another"),
        lambda: RightsChange.objects.filter(pk=change.pk).delete(),
    ):
        with pytest.raises(Error, match="Cannot update or delete"), transaction.atomic():
            act()


def test_the_first_officers_are_made_at_the_command_line_on_the_record(db: None) -> None:
    told: dict[str, Any] = {"name": "첫담당", "groups": [PRIVACY_OFFICER], "reason": "first set-up"}
    with pytest.raises(CommandError, match="somebody else"):
        call_command("add_staff", NEW, requested_by="Kim", approved_by="kim ", **told)
    call_command("add_staff", NEW, requested_by="Kim", approved_by="Lee", **told)
    change = RightsChange.objects.get()
    assert (change.actor_kind, change.actor_name) == ("system", "add_staff")
    assert (change.requested_by_name, change.approved_by_name, change.reason) == ("Kim", "Lee", "first set-up")
    assert mail.outbox[-1].to == [NEW]
    call_command("remove_staff", NEW, requested_by="Kim", approved_by="Lee", reason="left")
    account = account_with(NEW)
    assert account is not None
    assert not account.is_active
    assert [one.kind for one in RightsChange.objects.order_by("id")] == ["granted", "removed"]
    with pytest.raises(CommandError, match="no staff account"):
        call_command("remove_staff", "nobody@cloud.example", requested_by="Kim", approved_by="Lee", reason="left")


def test_the_review_is_due_a_quarter_after_the_last_and_signs_nothing_unseen(officer: Account, agent: Account) -> None:
    today = now().date()
    due_on = reviewing.due_on(today)
    assert due_on is not None
    assert timedelta(days=89) < due_on - today < timedelta(days=92)
    holders = {one.account: one for one in reviewing.holders(today)}
    assert holders[officer].groups == [PRIVACY_OFFICER]
    assert not holders[officer].has_signed_in_lately
    seen = reviewing.last_change()
    remove_staff(agent, actor=SYSTEM)
    actor = staff_acting(officer)
    assert refused(lambda: reviewing.sign_off(note="fine", seen=seen, actor=actor)) == "rights_have_changed"
    assert refused(lambda: reviewing.sign_off(note=" ", seen=reviewing.last_change(), actor=actor)) == "note_needed"
    with pretending(now() + timedelta(days=100)):
        review = reviewing.sign_off(note="fine", seen=reviewing.last_change(), actor=actor)
    assert (review.accounts, review.reviewed_by) == (1, officer.pk)
    later = reviewing.due_on(today)
    assert later is not None
    assert later > due_on


@pytest.mark.django_db(transaction=True)
def test_of_two_who_approve_at_once_one_does_and_the_other_is_told() -> None:
    officers = [a_staff_account(f"officer{number}@cloud.example", PRIVACY_OFFICER) for number in range(3)]
    request = an_account_asked_for(officers[0])
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def approve(by: Account) -> None:
        try:
            barrier.wait()
            deciding.approve(request, actor=staff_acting(by))
            outcomes.append("approved")
        except PortalError as error:
            outcomes.append(error.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=approve, args=[officer]) for officer in officers[1:]]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["already_decided", "approved"]
    assert RightsChange.objects.filter(asked_in=request).count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_address_asked_for_is_nowhere_in_clear() -> None:
    an_account_asked_for(a_staff_account("officer@cloud.example", PRIVACY_OFFICER))
    text = dump()
    assert NEW not in text
    assert "members_rightsrequest" in text


# Where rights of staff may be written, and nowhere else.
MAY_GRANT = {"members/staff.py", "members/models/account.py"}


def grants(path: Path) -> list[str]:
    """What a module writes of the rights of an account."""
    found = []
    for node in ast.walk(ast.parse(path.read_text())):
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        found += [
            part.attr
            for target in targets
            if target is not None
            for part in ast.walk(target)
            if isinstance(part, ast.Attribute) and part.attr in ("is_staff", "is_superuser")
        ]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            called = ast.unparse(node.func)
            if re.search(r"(groups|user_permissions|user_set)\.(set|add|remove|clear)$", called):
                found.append(called)
            if node.func.attr in ("create", "update", "create_user", "create_superuser") or called == "Account":
                found += [one.arg for one in node.keywords if one.arg in ("is_staff", "is_superuser")]
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Account":
            found += [one.arg for one in node.keywords if one.arg in ("is_staff", "is_superuser")]
    return found


def test_rights_are_written_in_one_place_only() -> None:
    found = {
        str(path.relative_to(ROOT)): grants(path)
        for room in ("privacy_portal", "members", "consents", "requests")
        for path in (ROOT / room).rglob("*.py")
        if "migrations" not in path.parts
    }
    assert found["members/staff.py"], "what is looked for is found where it is"
    assert {path: what for path, what in found.items() if what and path not in MAY_GRANT} == {}
