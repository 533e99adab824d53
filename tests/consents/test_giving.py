from __future__ import annotations

import pytest

from consents import giving
from consents.models import Consent, ConsentValue, State
from members.models import Member
from privacy_portal.errors import PortalError
from privacy_portal.policy import publishing
from tests.factories import SYSTEM, a_business, a_consent, a_member, acting, collection, notice, staff_acting


def give(member: Member, code: str, items: list[str], **values: str) -> Consent:
    event = giving.give(
        member, collection(code), notice=notice(code), items=items, values=values, language="ko", actor=acting(member)
    )
    return Consent.objects.get(pk=event.consent_id)


def test_a_required_item_refused_means_no_consent(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(alice, "general.newsletter", ["name"])
    assert (refusal.value.code, refusal.value.field) == ("item_required", "email")
    assert not Consent.objects.exists()


def test_an_optional_item_may_be_declined(alice: Member) -> None:
    consent = give(alice, "general.newsletter", ["name", "email"])
    assert consent.items == ["email", "name"]
    assert not consent.values.exists()


def test_one_of_several_items_is_enough_and_none_is_not(alice: Member) -> None:
    assert give(alice, "general.cash_receipt", ["mobile_phone"]).items == ["mobile_phone"]
    with pytest.raises(PortalError) as refusal:
        give(a_member(), "general.cash_receipt", [])
    assert refusal.value.code == "choice_required"


def test_nothing_agreed_is_no_consent_even_where_all_is_optional(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(alice, "services.workplace.work_clock_in_out", [])
    assert refusal.value.code == "nothing_agreed"


def test_an_item_the_notice_does_not_name_is_refused(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(alice, "general.newsletter", ["name", "email", "card_number"])
    assert refusal.value.code == "item_not_asked"


def test_credentials_are_agreed_to_but_never_taken(alice: Member) -> None:
    consent = give(
        alice, "services.marketpot.subscription", ["login_id", "password", "email"], login_id="hana", password="secret"
    )
    assert consent.items == ["email", "login_id", "password"]
    assert not consent.values.exists()


def test_what_the_membership_holds_is_not_taken_again(alice: Member) -> None:
    consent = give(alice, "general.newsletter", ["name", "email"], name="somebody else")
    assert not consent.values.exists()


def test_items_of_another_person_are_taken_even_if_the_membership_holds_its_own(alice: Member) -> None:
    consent = give(
        alice,
        "services.simple_easy_notification_service.proxy_registration_delegate",
        ["name", "business_registration_number", "address", "mobile_phone"],
        name="박대리",
        business_registration_number="220-81-62517",
        address="서울특별시 중구 세종대로 110",
        mobile_phone="010-7777-8888",
    )
    assert {value.item_id: value.value.open() for value in consent.values.select_related("data_key")} == {
        "name": "박대리",
        "business_registration_number": "2208162517",
        "address": "서울특별시 중구 세종대로 110",
        "mobile_phone": "+821077778888",
    }


def test_a_business_is_not_offered_an_individuals_consent(business: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(business, "general.basic_information_change.individual", ["personal_seal_certificate"])
    assert refusal.value.code == "not_asked_of_this_member"


def test_a_consent_that_comes_with_documents_is_given_by_a_request_only(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(alice, "general.basic_information_change.individual", ["personal_seal_certificate"])
    assert refusal.value.code == "needs_documents"


def test_what_is_required_for_business_is_asked_of_businesses_only(alice: Member) -> None:
    code = "general.one_time_payment.cash_receipt"
    assert give(alice, code, ["mobile_phone"]).state == State.GIVEN
    member = a_business(business_registration_number="123-45-67891")
    with pytest.raises(PortalError) as refusal:
        give(member, code, ["mobile_phone"])
    assert refusal.value.field == "business_registration_number"
    assert give(member, code, ["mobile_phone", "business_registration_number"]).state == State.GIVEN


def test_a_value_that_is_wrong_is_told_and_nothing_recorded(alice: Member) -> None:
    with pytest.raises(PortalError) as refusal:
        give(
            alice,
            "general.one_time_payment.card",
            ["card_company_name", "card_number"],
            card_company_name="한빛카드",
            card_number="4111 1111 1111 1112",
        )
    assert refusal.value.field == "card_number"
    assert not Consent.objects.exists()


def test_giving_the_same_twice_is_one_event(alice: Member) -> None:
    first = give(alice, "general.newsletter", ["name", "email"])
    assert give(alice, "general.newsletter", ["name", "email"]) == first
    assert first.events.count() == 1


def test_giving_anew_what_stands_differently_is_told(alice: Member) -> None:
    give(alice, "general.newsletter", ["name", "email"])
    with pytest.raises(PortalError) as refusal:
        give(alice, "general.newsletter", ["name", "email", "company_name"], company_name="하늘상사")
    assert refusal.value.code == "already_given"


def test_the_evidence_is_sealed_and_says_from_where(alice: Member) -> None:
    event = give(alice, "general.newsletter", ["name", "email"]).events.get()
    assert event.opened_evidence() == {"address": "203.0.113.7", "browser": "Mozilla/5.0 (tests)"}
    assert (event.actor_kind, event.actor_id, event.method_id) == ("member", alice.account_id, "website")


def test_an_item_is_agreed_to_later_and_taken_back_alone(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    giving.agree_to_item(consent, "company_name", value="하늘상사", language="ko", actor=acting(alice))
    consent.refresh_from_db()
    assert "company_name" in consent.items
    value = ConsentValue.objects.select_related("data_key").get(consent=consent)
    assert value.value.open() == "하늘상사"

    giving.take_back_item(consent, "company_name", language="ko", actor=acting(alice))
    consent.refresh_from_db()
    assert consent.state == State.GIVEN
    assert consent.items == ["email", "name"]
    assert ConsentValue.objects.select_related("data_key").get(pk=value.pk).value.is_destroyed


def test_a_required_item_cannot_be_taken_back_alone(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", without=("company_name",))
    with pytest.raises(PortalError) as refusal:
        giving.take_back_item(consent, "email", language="ko", actor=acting(alice))
    assert refusal.value.code == "item_needed"


def test_renewing_counts_the_period_anew_and_keeps_the_values(alice: Member, time_machine: object) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    before = consent.lapses_at
    time_machine.move_to("2027-03-01 10:00:00+09:00")  # type: ignore[attr-defined]
    giving.renew(consent, notice=notice("general.newsletter"), language="ko", actor=acting(alice))
    consent.refresh_from_db()
    assert before is not None
    assert consent.lapses_at is not None
    assert consent.lapses_at > before
    assert ConsentValue.objects.select_related("data_key").get(consent=consent).value.open() == "하늘상사"


def test_a_consent_without_a_period_has_nothing_to_renew(alice: Member) -> None:
    consent = a_consent(alice, "services.hello.subscription", nickname="하늘")
    with pytest.raises(PortalError) as refusal:
        giving.renew(consent, notice=consent.notice, language="ko", actor=acting(alice))
    assert refusal.value.code == "nothing_to_renew"


def changed_notice(code: str) -> None:
    draft = publishing.draft(collection(code), actor=SYSTEM)
    draft.purpose_ko, draft.purpose_en = "새로운 목적입니다.", "A new purpose."
    draft.save()
    publishing.publish(draft, actor=SYSTEM)


def test_a_notice_that_was_replaced_is_not_agreed_to_at_the_website(alice: Member, officer: object) -> None:
    shown = notice("general.newsletter")
    changed_notice("general.newsletter")
    with pytest.raises(PortalError) as refusal:
        giving.give(
            alice,
            shown.collection,
            notice=shown,
            items=["name", "email"],
            values={},
            language="ko",
            actor=acting(alice),
        )
    assert refusal.value.code == "notice_replaced"
    assert refusal.value.details["notice"].version == 2
    assert not Consent.objects.exists()


def test_a_new_purpose_asks_everybody_again_and_keeps_what_was_given(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    changed_notice("general.newsletter")
    consent.refresh_from_db()
    assert consent.state == State.SUPERSEDED
    assert not consent.stands
    value = ConsentValue.objects.select_related("data_key").get(consent=consent)
    assert value.value.open() == "하늘상사"

    give(alice, "general.newsletter", ["name", "email", "company_name"])
    consent.refresh_from_db()
    assert (consent.state, consent.notice.version) == (State.GIVEN, 2)
    assert consent.events.latest("id").kind == "renewed"
    assert ConsentValue.objects.select_related("data_key").get(consent=consent).value.open() == "하늘상사"


def test_an_item_left_out_when_asked_again_is_destroyed(alice: Member) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    changed_notice("general.newsletter")
    give(alice, "general.newsletter", ["name", "email"])
    assert ConsentValue.objects.select_related("data_key").get(consent=consent).value.is_destroyed


def test_a_paper_form_on_an_older_notice_counts_unless_everybody_was_asked_again(alice: Member, agent: object) -> None:
    shown = notice("general.newsletter")
    changed_notice("general.newsletter")
    with pytest.raises(PortalError) as refusal:
        giving.give(
            alice,
            shown.collection,
            notice=shown,
            items=["name", "email"],
            values={},
            language="ko",
            actor=staff_acting(agent),  # type: ignore[arg-type]
        )
    assert refusal.value.code == "notice_replaced"
