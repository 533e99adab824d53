"""Filing a request is giving the separate consent that the policy names for it, all at once or not at all."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.conf import settings
from django.core import mail
from django.db import connection

from consents.models import Consent, ConsentEvent, ConsentValue, State
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Notice
from privacy_portal.vault.models import DataKey
from requests import drafting, filing, kinds, workflow
from requests.documents import attach_to_draft, kept_with
from requests.models import Document, Draft, MemberRequest
from tests.factories import (
    a_business,
    a_file,
    a_filing,
    a_member,
    a_request,
    acting,
    fresh,
    notice,
    staff_acting,
)

pytestmark = pytest.mark.django_db
INDIVIDUAL = "general.basic_information_change.individual"


def refused(kind: str, member: Member | None, **changed: object) -> PortalError:
    counts = [model.objects.count() for model in (MemberRequest, Consent, Document, DataKey, Member)]
    with pytest.raises(PortalError) as error:
        filing.file(kind, **a_filing(kind, member, **changed))
    assert [model.objects.count() for model in (MemberRequest, Consent, Document, DataKey, Member)] == counts
    return error.value


def test_filing_gives_the_consent_and_seals_values_and_documents_under_its_keys(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice)
    consent = Consent.objects.get(member=alice, collection=INDIVIDUAL)
    assert (member_request.consent, member_request.notice) == (consent, consent.notice)
    assert (consent.state, consent.items) == (State.GIVEN, ["personal_seal_certificate"])
    assert consent.events.get().kind == ConsentEvent.Kind.GIVEN
    document = member_request.documents.get()
    for key, items in ((member_request.values_key, ["address", "name"]), (document.data_key, [document.item])):
        assert (key.ground, key.ground_id, key.subject_id, key.items) == ("consent", consent.pk, alice.pk, items)
    assert member_request.asked.open_unseen() == {"name": "홍길순", "address": "서울특별시 종로구 세종대로 209"}
    with document.file.open_unseen() as file:
        assert file.read().startswith(b"%PDF")


def test_a_right_of_law_needs_no_consent_and_has_a_ground_of_its_own(alice: Member) -> None:
    member_request = a_request("access", alice)
    assert member_request.consent is None
    assert not Consent.objects.filter(member=alice).exists()
    assert (member_request.values_key.ground, member_request.values_key.ground_id) == ("request", member_request.pk)


def test_the_same_form_sent_twice_is_one_request(alice: Member) -> None:
    first = a_filing("duplicate_payment", alice)
    one, other = filing.file("duplicate_payment", **first), filing.file("duplicate_payment", **first)
    assert one == other
    assert Document.objects.count() == 1
    assert one.events.count() == 1


def test_a_visitor_s_form_sent_twice_is_one_request_of_one_visitor() -> None:
    first = a_filing("infringement_report", None)
    assert filing.file("infringement_report", **first) == filing.file("infringement_report", **first)
    assert Member.objects.filter(kind=Member.Kind.VISITOR).count() == 1


def test_a_form_s_number_opens_nobody_else_s_request(alice: Member, charlie: Member) -> None:
    submission = a_request("general_inquiry", alice).submission
    assert refused("general_inquiry", charlie, submission=submission).code == "not_yours"


@pytest.mark.parametrize(
    ("kind", "changed", "code", "field"),
    [
        ("information_change_individual", {"documents": []}, "document_missing", "personal_seal_certificate"),
        ("information_change_individual", {"items": []}, "not_agreed", "personal_seal_certificate"),
        ("information_change_individual", {"asked": {}}, "nothing_to_change", None),
        ("information_change_individual", {"asked": {"company_name": "하늘상사"}}, "nothing_to_change", None),
        ("information_change_individual", {"asked": {"mobile_phone": "12"}}, "phone_invalid", "mobile_phone"),
        ("information_change_individual", {"notice": None}, "notice_unknown", None),
        ("information_change_business", {}, "not_for_this_member", None),
        ("duplicate_payment", {"values": {"account_number": ""}}, "value_missing", "account_number"),
        ("duplicate_payment", {"asked": {}}, "value_missing", "payment_details"),
        ("general_inquiry", {"asked": {"question": "ㄱ" * 5001}}, "too_long", "question"),
        ("access", {"asked": {"parts": ["passwords"]}}, "choice_unknown", "parts"),
        ("deletion", {"asked": {"held": ["general.cash_receipt"]}}, "choice_unknown", "held"),
        ("general_inquiry", {"documents": [a_file("masked_id_copy")]}, "not_agreed", "masked_id_copy"),
        ("access", {"documents": [a_file("masked_id_copy")]}, "document_not_asked", "masked_id_copy"),
    ],
)
def test_what_is_missing_or_wrong_is_told_beside_it_and_nothing_is_kept(
    alice: Member, kind: str, changed: dict[str, object], code: str, field: str | None
) -> None:
    a_filing(kind, alice)  # what it takes besides is there
    error = refused(kind, alice, **changed)
    assert (error.code, error.field) == (code, field)


def test_more_documents_than_a_request_takes_are_refused(alice: Member) -> None:
    many = [a_file("personal_seal_certificate") for _one in range(settings.DOCUMENTS_PER_REQUEST + 1)]
    assert refused("information_change_individual", alice, documents=many).code == "too_many_documents"


def test_one_of_two_documents_is_enough(business: Member) -> None:
    filing.file(
        "information_change_business",
        **a_filing(
            "information_change_business",
            business,
            items=["proof_of_employment"],
            documents=[a_file("proof_of_employment")],
        ),
    )
    other = a_business()
    assert refused("information_change_business", other, documents=[]).code == "document_missing"


def test_a_replaced_notice_is_not_filed_on(alice: Member) -> None:
    old = notice(INDIVIDUAL)
    new = Notice.objects.get(pk=old.pk)
    new.pk, new.version, new._state.adding = uuid4(), 2, True
    new.save()
    items = ["personal_seal_certificate"]
    assert refused("information_change_individual", alice, notice=old, items=items).code == "notice_replaced"


def test_some_kinds_are_open_once_a_member_at_a_time(alice: Member) -> None:
    there = a_request("duplicate_payment", alice)
    error = refused("duplicate_payment", alice)
    assert (error.code, error.details["reference"]) == ("open_already", there.reference)
    workflow.cancel(there, actor=acting(alice))
    a_request("duplicate_payment", alice)


def test_a_second_report_renews_the_consent_and_leaves_the_first_as_it_is(business: Member) -> None:
    first = a_request("infringement_report", business)
    second = a_request("infringement_report", business)
    assert first.consent == second.consent
    assert first.consent is not None
    assert [event.kind for event in first.consent.events.order_by("id")] == ["given", "renewed"]
    assert not fresh(first).asked.is_destroyed
    assert not first.documents.get().file.is_destroyed


def test_an_agent_of_the_member_attaches_the_form_of_authority(alice: Member) -> None:
    mother = filing.Representative("legal_representative", "김어머니", "010-2222-3333", "어머니")
    assert refused("access", alice, representative=mother).code == "document_missing"
    nobody = filing.Representative("neighbour", "이웃", "010-2222-3333")
    assert refused("access", alice, representative=nobody).code == "capacity"
    form = a_file("authority_form")
    member_request = a_request("access", alice, representative=mother, documents=[form])
    assert member_request.representative.open_unseen()["name"] == "김어머니"
    assert member_request.documents.get().data_key.ground == DataKey.Ground.REQUEST
    assert member_request.identity_checked_at is None  # a person looks at it
    assert fresh(a_request("access", alice)).identity_check.open_unseen()["how"] == "signed_in"


def test_nobody_files_in_the_name_of_somebody_else(alice: Member, charlie: Member, auditor: Account) -> None:
    assert refused("access", alice, actor=acting(charlie)).code == "not_yours"
    assert refused("access", alice, actor=Actor("member")).code == "not_yours"
    assert refused("access", alice, actor=staff_acting(auditor)).code == "not_allowed"


def test_staff_record_a_request_that_came_by_phone(alice: Member, agent: Account) -> None:
    member_request = a_request("access", alice, actor=staff_acting(agent, "phone"))
    assert member_request.events.get().actor_id == agent.pk
    assert member_request.identity_checked_at is None


def test_withdrawing_the_consent_before_a_decision_cancels_the_request_and_destroys_what_was_given(
    alice: Member,
) -> None:
    member_request = a_request("duplicate_payment", alice, state="in_review")
    assert member_request.consent is not None
    withdraw(member_request.consent, language="ko", actor=acting(alice))
    member_request = fresh(member_request)
    assert (member_request.state, member_request.events.latest("id").details) == (
        "cancelled",
        {"because": "consent_withdrawn"},
    )
    assert member_request.asked.is_destroyed
    assert member_request.documents.get().file.is_destroyed
    assert ConsentValue.objects.get(consent=member_request.consent).value.is_destroyed


def test_cancelling_withdraws_the_consent_that_nothing_else_rests_on(alice: Member) -> None:
    member_request = a_request("duplicate_payment", alice, state="cancelled")
    assert Consent.objects.get(member_requests=member_request).state == State.WITHDRAWN
    assert member_request.asked.is_destroyed
    assert member_request.documents.get().file.is_destroyed
    assert [event.kind for event in member_request.events.order_by("id")] == ["received", "cancelled"]


def test_cancelling_one_of_two_reports_leaves_the_other_alone(business: Member) -> None:
    first, second = a_request("infringement_report", business), a_request("infringement_report", business)
    workflow.cancel(first, actor=acting(business))
    assert fresh(second).state == "received"
    assert not second.documents.get().file.is_destroyed
    assert first.documents.get().file.is_destroyed
    assert Consent.objects.get(member_requests=second).stands


def test_withdrawing_after_the_decision_undoes_nothing_but_destroys_what_was_given(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice, state="approved")
    assert member_request.consent is not None
    withdraw(member_request.consent, language="ko", actor=acting(alice))
    member_request = fresh(member_request)
    assert (member_request.state, member_request.decision) == ("done", "approved")
    assert member_request.asked.is_destroyed
    assert Member.objects.get(pk=alice.pk).name.open_unseen() == "홍길순"


def test_nothing_that_was_asked_is_readable_in_the_database(alice: Member) -> None:
    member_request = a_request("information_change_individual", alice, state="waiting")
    with connection.cursor() as cursor:
        for table in ("memberrequest", "historicalmemberrequest", "requestevent", "message", "document"):
            cursor.execute(f"SELECT string_agg(t::text, '') FROM requests_{table} t")
            (row,) = cursor.fetchone()
            for value in ("홍길순", "세종대로", "서류를 한 번 더"):
                assert value not in row
                assert value.encode().hex() not in row
    assert member_request.reference not in ("",)


def test_the_member_is_told_in_their_language_and_of_nothing_personal(
    django_capture_on_commit_callbacks: object,
) -> None:
    member = a_member(language="en")
    member_request = a_request("access", member, language="en")
    (told,) = mail.outbox
    assert told.subject == f"{member_request.reference}: we received your request"
    assert f"/my/requests/{member_request.reference}/" in told.body
    assert "홍길동" not in told.body + told.subject


def test_a_draft_is_kept_sealed_changed_and_filed_once(alice: Member) -> None:
    kind = kinds.kind("information_change_individual")
    draft = drafting.save(alice, kind, {"name": "홍길"}, actor=acting(alice))
    with pytest.raises(PortalError) as unagreed:
        attach_to_draft(draft, a_file("personal_seal_certificate"), actor=acting(alice))
    assert unagreed.value.code == "not_agreed"
    values = {"name": "홍길순", "agreed": ["personal_seal_certificate"]}
    assert drafting.save(alice, kind, values, actor=acting(alice)) == draft
    draft = Draft.objects.get()
    assert draft.values.open_unseen()["name"] == "홍길순"
    attach_to_draft(draft, a_file("personal_seal_certificate"), actor=acting(alice))
    filed = a_request(kind.code, alice, submission=draft.submission, documents=kept_with(draft))
    assert drafting.open_draft(alice, kind) is None
    ended = Draft.objects.get()
    assert ended.values.is_destroyed
    assert ended.documents.get().file.is_destroyed
    assert not filed.documents.get().file.is_destroyed
