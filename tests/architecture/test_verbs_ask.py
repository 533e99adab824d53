"""Verbs that only some staff may use refuse the others themselves, whatever door they came in by."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import uuid4

import pytest

from consents.models import ServiceKey
from consents.services import clients
from consents.withdrawal import withdraw
from members.changing import change
from members.models import Member, RightsRequest
from members.representatives import deciding as representatives
from members.rights import asking
from members.rights import deciding as rights_deciding
from members.rights import reviewing as rights_reviewing
from members.second_factor import factors
from members.staff import AUDITOR
from privacy_portal.actors import Actor
from privacy_portal.audit import revealing, reviewing, watch_list
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.evidence.making import Asked, make_bundle
from privacy_portal.policy import publishing
from privacy_portal.retention import holds, runs, schedule
from privacy_portal.retention.models import DestructionRun, LegalHold
from requests import deciding, workflow
from tests.consents.services.calling import a_key, a_service
from tests.factories import (
    SYSTEM,
    a_consent,
    a_representative,
    a_request,
    a_staff_account,
    collection,
    decided_by,
    staff_acting,
    the_agent,
    the_officer,
)

pytestmark = pytest.mark.django_db

Verb = Callable[[Member, Actor], Any]


def lifting(alice: Member, actor: Actor) -> None:
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=SYSTEM)
    holds.lift(hold, actor=actor)


def rights_asked_for() -> RightsRequest:
    return asking.ask_for_removal(the_agent(), reason="leaves", actor=staff_acting(the_officer()))


def key_of_a_service() -> ServiceKey:
    service = a_service()
    a_key(service)
    return service.keys.get()


VERBS: dict[str, Verb] = {
    "reveal": lambda alice, actor: revealing.reveal(
        alice.pk, items=[], why="identity", remark="", reference="R-1", actor=actor
    ),
    "sign off": lambda alice, actor: reviewing.sign_off(date(2026, 1, 1), note="fine", seen=None, actor=actor),
    "watch": lambda alice, actor: watch_list.watch(alice.pk, why="colleague", actor=actor),
    "stop watching": lambda alice, actor: watch_list.stop_watching(alice.pk, actor=actor),
    "make an evidence bundle": lambda alice, actor: make_bundle(alice.pk, asked=Asked("dispute"), actor=actor),
    "ask for an account": lambda alice, actor: asking.ask_for_account(
        "new@cloud.example", name="새동료", groups=[AUDITOR], reason="joins", actor=actor
    ),
    "ask for other groups": lambda alice, actor: asking.ask_for_groups(
        the_agent(), groups=[AUDITOR], reason="moves", actor=actor
    ),
    "ask for a removal": lambda alice, actor: asking.ask_for_removal(the_agent(), reason="leaves", actor=actor),
    "take a request for rights back": lambda alice, actor: asking.take_back(rights_asked_for(), actor=actor),
    "approve rights": lambda alice, actor: rights_deciding.approve(rights_asked_for(), actor=actor),
    "refuse rights": lambda alice, actor: rights_deciding.refuse(rights_asked_for(), note="no", actor=actor),
    "sign off the rights": lambda alice, actor: rights_reviewing.sign_off(note="fine", seen=None, actor=actor),
    "place a hold": lambda alice, actor: holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=actor),
    "lift a hold": lifting,
    "approve a run": lambda alice, actor: runs.approve(DestructionRun.objects.create(), actor=actor),
    "cancel a run": lambda alice, actor: runs.cancel(DestructionRun.objects.create(), actor=actor),
    "set a period": lambda alice, actor: schedule.set_period(
        schedule.rule_in_force("consent_evidence"), 12, needs_second_officer=False, actor=actor
    ),
    "draft a notice": lambda alice, actor: publishing.draft(collection("general.newsletter"), actor=actor),
    "publish a notice": lambda alice, actor: publishing.publish(
        publishing.draft(collection("general.newsletter"), actor=SYSTEM), actor=actor
    ),
    "change a member's information": lambda alice, actor: change(alice, {"name": "홍길순"}, reason="", actor=actor),
    "reset a second factor": lambda alice, actor: factors.reset(alice.account, reason="lost", actor=actor),  # type: ignore[arg-type]
    "record a request": lambda alice, actor: a_request("access", alice, actor=actor),
    "take a request": lambda alice, actor: workflow.take(a_request("access", alice), seen=1, actor=actor),
    "write to a member": lambda alice, actor: workflow.write(a_request("access", alice), "안내", actor=actor),
    "decide a request": lambda alice, actor: decided_by(
        a_request("access", alice, state="in_review"), actor, "approved"
    ),
    "confirm a decision": lambda alice, actor: deciding.confirm(
        a_request("deletion", alice, state="to_confirm"), seen=3, actor=actor
    ),
    "finish a request": lambda alice, actor: deciding.finish(
        a_request("access", alice, state="approved"), seen=3, actor=actor
    ),
    "record a representative's paper": lambda alice, actor: representatives.record_signed(
        a_representative(on_paper=True).pk, delivery="post", on=date.today(), identity="x", shown=uuid4(), actor=actor
    ),
    "record a representative's refusal": lambda alice, actor: representatives.refuse(
        a_representative().pk, actor=actor
    ),
    "add a service": lambda alice, actor: a_service(actor=actor),
    "change a service": lambda alice, actor: clients.change(
        a_service(), clients.Terms("billing", [], [], 1), is_active=True, actor=actor
    ),
    "make a key": lambda alice, actor: clients.make_key(a_service(), expires_at=now() + timedelta(days=1), actor=actor),
    "revoke a key": lambda alice, actor: clients.revoke_key(key_of_a_service(), actor=actor),
    "record a withdrawal": lambda alice, actor: withdraw(
        a_consent(alice, "general.newsletter", company_name="하늘상사"), language="ko", actor=actor
    ),
}


@pytest.mark.parametrize("verb", VERBS.values(), ids=VERBS)
def test_an_auditor_only_reads(verb: Verb, alice: Member) -> None:
    auditor = a_staff_account("auditor@other.example", AUDITOR)
    with pytest.raises(PortalError) as refused:
        verb(alice, staff_acting(auditor))
    assert refused.value.code == "not_allowed"


def test_nobody_is_taken_for_staff_by_saying_so(alice: Member) -> None:
    for account_id in (None, uuid4(), alice.account_id):
        with pytest.raises(PortalError) as refused:
            watch_list.watch(alice.pk, why="colleague", actor=Actor("staff", account_id))
        assert refused.value.code == "not_allowed"
