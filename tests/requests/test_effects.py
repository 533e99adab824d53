"""What a decision does, kind by kind, and what it never does."""

from __future__ import annotations

import io
import json
import zipfile
from datetime import timedelta

import pytest
from django.db import connection

from consents.checking import differences
from consents.models import Consent, ConsentValue, State
from consents.suspending import lift
from members import changing
from members.models import Account, Member
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.retention import holds
from privacy_portal.retention.models import LegalHold, RetainedRecord
from privacy_portal.vault.models import DestructionRecord
from requests import business_licence, deciding, packages, workflow
from requests.intake import judge
from requests.models import RequestEvent
from tests.factories import (
    a_business,
    a_consent,
    a_request,
    acting,
    decided_by,
    fresh,
    staff_acting,
    the_agent,
    the_officer,
)
from tests.requests.at_the_page import a_scan

pytestmark = pytest.mark.django_db


def test_an_approved_change_changes_the_member_and_its_history_keeps_the_old_value_sealed(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice, state="approved")
    member = Member.objects.get(pk=alice.pk)
    assert member.name.open_unseen() == "홍길순"
    assert member.mobile_phone.open_unseen() == "+821012345678"
    assert member_request.replaced.open_unseen() == {
        "name": "김하늘",
        "address": "서울특별시 강남구 테헤란로 152",
    }
    newest, before = member.history.order_by("-history_date", "-history_id")[:2]
    assert (newest.name.open_unseen(), before.name.open_unseen()) == ("홍길순", "김하늘")
    assert newest.history_change_reason == f"request {member_request.reference}"
    with connection.cursor() as cursor:
        cursor.execute("SELECT string_agg(h::text, '') FROM members_historicalmember h")
        (dump,) = cursor.fetchone()
    assert "홍길순".encode().hex() not in dump
    assert "홍길순" not in dump


def test_a_partly_approved_change_changes_that_part_only(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice, state="in_review")
    agent = staff_acting(the_agent())
    for items in ([], ["name", "address"], ["mobile_phone"]):
        with pytest.raises(PortalError) as error:
            decided_by(member_request, agent, "partly_approved", granted={"items": items})
        assert error.value.code == "part_needed"
    decided_by(member_request, agent, "partly_approved", granted={"items": ["address"]})
    member = Member.objects.get(pk=alice.pk)
    assert member.name.open_unseen() == "김하늘"
    assert member.address.open_unseen() == "서울특별시 종로구 세종대로 209"


def test_a_refused_change_changes_nothing(alice: Member) -> None:
    a_request("information_change_individual", alice, state="refused")
    assert Member.objects.get(pk=alice.pk).name.open_unseen() == "김하늘"


def test_a_refund_names_its_amount_and_the_account_number_goes_when_it_is_settled(alice: Member) -> None:
    member_request = a_request("duplicate_payment", alice, state="in_review")
    agent = staff_acting(the_agent())
    for granted in ({}, {"amount": 0}, {"amount": "33000"}, {"amount": True}):
        with pytest.raises(PortalError) as error:
            decided_by(member_request, agent, "approved", granted=granted)
        assert error.value.code == "amount"
    decided_by(member_request, agent, "approved")
    number = ConsentValue.objects.get(consent=member_request.consent, item="account_number")
    assert number.value.open_unseen() == "110234567890"
    deciding.finish(member_request, seen=fresh(member_request).version, actor=agent)
    assert ConsentValue.objects.get(pk=number.pk).value.is_destroyed
    assert DestructionRecord.objects.get(data_key=number.data_key_id).because == "request.refund_settled"
    assert fresh(member_request).granted.open_unseen() == {"amount": 33000}
    assert list(differences(lambda count: None)) == []


def test_access_gives_what_is_held_for_fourteen_days_and_then_destroys_it(alice: Member) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    member_request = a_request("access", alice, state="approved")
    package = packages.download(member_request, actor=acting(alice))
    with package.file.open_unseen() as file, zipfile.ZipFile(io.BytesIO(file.read())) as archive:
        told = json.loads(archive.read("information.json"))
        page = archive.read("information.html").decode()
    values = {item["item"]: item["value"] for item in told["items"]}
    assert (values["name"], values["company_name"], values["mobile_phone"]) == ("김하늘", "하늘상사", "010-1234-5678")
    assert told["consents"][0]["code"] == "general.newsletter"
    assert "purpose" not in told["consents"][0]  # only the parts that were asked for
    assert "김하늘" in page
    packages.download(member_request, actor=acting(alice))
    assert member_request.events.filter(kind=RequestEvent.Kind.DOWNLOADED).count() == 1
    with pretending(package.expires_at - timedelta(seconds=1)):
        packages.destroy_expired.call()
        packages.download(member_request, actor=acting(alice))
    with pretending(package.expires_at):
        packages.destroy_expired.call()
        with pytest.raises(PortalError) as error:
            packages.download(member_request, actor=acting(alice))
    assert error.value.code == "package_expired"
    package.refresh_from_db()
    assert package.data_key.is_destroyed


def test_nobody_downloads_somebody_else_s_package(alice: Member, charlie: Member) -> None:
    member_request = a_request("access", alice, state="approved")
    with pytest.raises(PortalError) as error:
        packages.download(member_request, actor=acting(charlie))
    assert error.value.code == "not_yours"


def test_an_approved_deletion_destroys_what_the_named_consents_hold(alice: Member) -> None:
    number = "4111 1111 1111 1111"
    a_consent(alice, "general.one_time_payment.card", card_company_name="한빛카드", card_number=number)
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    asked = {"held": ["general.one_time_payment.card"]}
    member_request = a_request("deletion", alice, state="approved", asked=asked)
    assert {consent.collection_id: consent.state for consent in Consent.objects.filter(member=alice)} == {
        "general.one_time_payment.card": State.WITHDRAWN,
        "general.newsletter": State.GIVEN,
    }
    values = ConsentValue.objects.filter(consent__collection="general.one_time_payment.card")
    assert all(value.value.is_destroyed for value in values)
    # What law keeps was moved apart beforehand, and the member is told by which rule.
    assert RetainedRecord.objects.get().values.open_unseen() == {"card_company_name": "한빛카드"}
    event = member_request.events.get(kind="approved")
    assert event.details["kept"] == ["payment_records"]


def test_a_deletion_reaches_the_optional_values_of_a_membership_and_leaves_the_rest() -> None:
    business = a_business(ceo_name="김대표", business_registration_number="123-45-67891")
    changing.change(business, {"ceo_name": "박대표"}, reason="test", actor=acting(business))
    business_licence.keep(business, judge(a_scan(), name="a.jpg", item=business_licence.ITEM), actor=acting(business))
    asked = {"held": ["ceo_name", "business_license_copy"]}
    member_request = a_request("deletion", business, state="approved", asked=asked)
    business.refresh_from_db()
    assert business.ceo_name is None
    assert business.business_registration_number is not None
    assert business.business_registration_number.open_unseen()
    assert business.person_in_charge_name is not None
    assert business.person_in_charge_name.open_unseen()
    assert business_licence.held(business) is None
    assert member_request.events.get(kind="approved").details["items"] == ["ceo_name", "business_license_copy"]
    # Gone wherever it was copied: every value the history holds of it, the first and the changed one.
    of_the_past = [row.ceo_name for row in business.history.all() if row.ceo_name is not None]
    assert len(of_the_past) >= 2
    assert all(value.is_destroyed for value in of_the_past)


def test_a_deletion_granted_in_part_leaves_the_other_part() -> None:
    business = a_business(ceo_name="김대표", business_registration_number="123-45-67891")
    a_consent(business, "general.newsletter", name="이담당")
    asked = {"held": ["general.newsletter", "ceo_name", "business_registration_number"]}
    member_request = a_request("deletion", business, state="in_review", asked=asked)
    decided_by(member_request, staff_acting(the_agent()), "partly_approved", granted={"held": ["ceo_name"]})
    deciding.confirm(member_request, seen=fresh(member_request).version, actor=staff_acting(the_officer()))
    business.refresh_from_db()
    assert business.ceo_name is None
    assert business.business_registration_number is not None
    assert Consent.objects.get(member=business).state == State.GIVEN


def test_a_deletion_waits_while_a_legal_hold_lasts(alice: Member, officer: Account) -> None:
    member_request = a_request("deletion", alice, state="in_review")
    hold = holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    with pytest.raises(PortalError) as error:
        decided_by(member_request, staff_acting(the_agent()), "approved")
    assert error.value.code == "on_hold"
    assert Consent.objects.get(member=alice).state == State.GIVEN
    holds.lift(hold, actor=staff_acting(officer))
    decided_by(member_request, staff_acting(the_agent()), "approved")
    # One placed while the decision waits for the second person stops it there.
    holds.place(LegalHold.About.PERSON, alice.pk, reason="lawsuit", actor=staff_acting(officer))
    with pytest.raises(PortalError) as error:
        deciding.confirm(member_request, seen=fresh(member_request).version, actor=staff_acting(the_officer()))
    assert error.value.code == "on_hold"


def test_a_hold_on_a_request_keeps_what_was_given_with_it(alice: Member, officer: Account) -> None:
    member_request = a_request("access", alice)
    holds.place(LegalHold.About.REQUEST, member_request.pk, reason="complaint", actor=staff_acting(officer))
    workflow.cancel(member_request, actor=acting(alice))
    assert not fresh(member_request).asked.is_destroyed


def test_a_suspended_consent_stands_but_may_not_be_used_until_that_is_lifted(alice: Member) -> None:
    a_request("suspension", alice, state="approved")
    consent = Consent.objects.get(member=alice, collection="general.newsletter")
    assert consent.stands
    assert not consent.may_be_used
    assert not Consent.objects.usable().filter(pk=consent.pk).exists()
    lift(consent, actor=acting(alice))
    consent.refresh_from_db()
    assert consent.may_be_used
    assert Consent.objects.usable().filter(pk=consent.pk).exists()
    assert [event.kind for event in consent.events.order_by("id")] == ["given", "suspended", "suspension_lifted"]
    assert list(differences(lambda count: None)) == []


def test_what_is_settled_is_finished_by_itself(alice: Member) -> None:
    change = a_request("information_change_individual", alice, state="approved")
    refund = a_request("duplicate_payment", alice, state="approved")
    access = a_request("access", alice, state="approved")
    with pretending(now() + timedelta(days=1, minutes=1)):
        deciding.finish_settled.call()
    assert (fresh(change).state, fresh(refund).state, fresh(access).state) == ("done", "approved", "approved")
    with pretending(now() + timedelta(days=14, minutes=1)):
        deciding.finish_settled.call()
    assert (fresh(refund).state, fresh(access).state) == ("approved", "done")


def test_a_correction_reaches_what_was_given_with_a_consent_and_never_does_nothing(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    asked = {"details": "회사 이름이 하늘상회입니다."}
    member_request = a_request("correction", alice, state="in_review", asked=asked)
    agent = staff_acting(the_agent())
    for granted, code in (
        ({}, "nothing_to_change"),
        ({"values": {"general.newsletter": {"name": "홍길순"}}}, "value_not_held"),
        ({"values": {"general.cash_receipt": {"mobile_phone": "010-1111-2222"}}}, "value_not_held"),
    ):
        with pytest.raises(PortalError) as error:
            decided_by(member_request, agent, "approved", granted=granted)
        assert error.value.code == code
    decided_by(
        member_request, agent, "approved", granted={"values": {"general.newsletter": {"company_name": "하늘상회"}}}
    )
    value = ConsentValue.objects.get(consent=consent)
    assert value.value.open_unseen() == "하늘상회"
    assert [row.value.open_unseen() for row in value.history.order_by("history_id")] == ["하늘상사", "하늘상회"]
