"""What a receipt says: every field its standard asks for, the same each time, and never a personal value."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext

from consents import expiry, giving, record
from consents.models import Consent, ConsentEvent, State
from consents.receipts import iso27560, kantara
from consents.receipts.content import Facts, facts_of
from consents.receipts.writing import FORMS
from consents.refusing import refuse
from consents.suspending import suspend
from consents.withdrawal import withdraw
from members.models import Member
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.policy import catalogue
from tests.consents.test_giving import changed_notice
from tests.factories import a_consent, a_member, acting, collection, notice, staff_acting

CODES = [row["code"] for row in catalogue.collections() if row["legal_basis"] == "separate_consent"]
NEWSLETTER = "general.newsletter"
# R3, R2 and R4: what ISO/IEC TS 27560 asks of a record.
HEADER = {"schema_version", "record_id", "pii_principal_id"}
PROCESSING = {
    "privacy_notice",
    "language",
    "purpose",
    "pii_information",
    "pii_controllers",
    "storage_locations",
    "retention_period",
    "jurisdiction",
    "recipient_third_parties",
    "withdrawal_method",
}
PARTY = {"party_id", "party_address", "party_name", "party_contact", "party_type"}
EVENT = {"event_time", "validity_duration", "entity_id", "event_type", "event_state"}
# R8.
KANTARA = {
    "version": str,
    "jurisdiction": str,
    "consentTimestamp": int,
    "collectionMethod": str,
    "consentReceiptID": str,
    "publicKey": str,
    "language": str,
    "piiPrincipalId": str,
    "piiControllers": list,
    "policyUrl": str,
    "services": list,
    "sensitive": bool,
    "spiCat": list,
}
CONTROLLER = {"piiController", "contact", "address", "email", "phone"}
PURPOSE = {
    "purpose",
    "purposeCategory",
    "consentType",
    "piiCategory",
    "primaryPurpose",
    "termination",
    "thirdPartyDisclosure",
    "thirdPartyName",
}


def told(consent: Consent) -> Facts:
    return facts_of(Consent.objects.get(pk=consent.pk))


def record_in(consent: Consent) -> Any:
    return json.loads(FORMS["iso"].write(told(consent)))["consent_record"]


def states(consent: Consent) -> list[str]:
    return [event["event_state"] for event in record_in(consent)["events"]]


def items(consent: Consent) -> dict[str, str]:
    named = record_in(consent)["pii_processing"]["pii_information"]
    return {item["pii_attribute_id"]: item["consent_state"].removeprefix("dpv:Consent") for item in named}


def agreed_to_all(member: Member, code: str) -> Consent:
    """A consent to every item of a collection, whoever it is asked of and however it comes."""
    shown = notice(code)
    codes = shown.items.values_list("item_id", flat=True)
    event = record.add_event(
        None,
        ConsentEvent.Kind.GIVEN,
        member=member,
        notice=shown,
        items=codes,
        language="ko",
        actor=acting(member),
    )
    return event.consent


def filled(content: Any, fields: set[str], *, empty: tuple[str, ...] = ()) -> bool:
    """Whether the fields are there, and say something unless they may be empty."""
    return fields <= set(content) and all(content[name] for name in fields.difference(empty))


@pytest.mark.parametrize("code", CODES)
def test_every_kind_of_collection_has_all_that_iso_27560_asks_for(alice: Member, code: str) -> None:
    consent = agreed_to_all(alice, code)
    receipt = json.loads(FORMS["iso"].write(told(consent)))
    assert receipt["schema_version"] == "https://w3id.org/dpv/schema/dpv-27560#receipt-record"
    assert UUID(receipt["receipt_id"]).version == 5
    found = receipt["consent_record"]
    assert filled(found, HEADER)
    assert found["pii_principal_id"] == f"urn:uuid:{alice.pk}"
    assert filled(found["pii_processing"], PROCESSING, empty=("recipient_third_parties",))
    assert all(filled(item, {"pii_type", "pii_optional"}) for item in found["pii_processing"]["pii_information"])
    assert len(found["pii_processing"]["pii_information"]) == notice(code).items.count()
    assert all(filled(party, PARTY) for party in found["party_identification"])
    assert all(filled(event, EVENT) for event in found["events"])
    parties = {party["party_id"] for party in found["party_identification"]}
    assert set(found["pii_processing"]["pii_controllers"]) <= parties


@pytest.mark.parametrize("code", CODES)
def test_every_kind_of_collection_has_all_that_kantara_asks_for(alice: Member, code: str) -> None:
    consent = agreed_to_all(alice, code)
    receipt = json.loads(FORMS["kantara"].write(told(consent)))
    assert {name: type(value) for name, value in receipt.items()} == KANTARA
    assert receipt["version"] == "KI-CR-v1.1.0"
    assert receipt["consentTimestamp"] == int(consent.events.get().at.timestamp())
    assert UUID(receipt["consentReceiptID"])
    (controller,) = receipt["piiControllers"]
    assert filled(controller, CONTROLLER)
    assert filled(controller["address"], {"streetAddress", "addressCountry"})
    (service,) = receipt["services"]
    (purpose,) = service["purposes"]
    assert filled(purpose, PURPOSE, empty=("purposeCategory", "thirdPartyDisclosure", "thirdPartyName"))
    assert len(purpose["piiCategory"]) == notice(code).items.count()


def test_every_key_of_the_json_ld_stands_for_a_term(alice: Member) -> None:
    """A key without a term would be dropped by whoever reads the receipt as linked data."""
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    suspend(consent, actor=acting(alice))

    def keys(content: Any) -> set[str]:
        if isinstance(content, dict):
            return set(content).union(*(keys(value) for name, value in content.items() if name != "@context"))
        return set().union(*map(keys, content)) if isinstance(content, list) else set()

    receipt = iso27560.receipt(told(consent))
    used = {key for key in keys(receipt) if not key.startswith("@")}
    context = receipt["@context"]
    assert used <= set(context)
    prefixes = {name for name, term in context.items() if isinstance(term, str) and term.startswith("http")}
    terms = [term["@id"] if isinstance(term, dict) else term for name, term in context.items() if name not in prefixes]
    assert all(term == "@type" or term.partition(":")[0] in prefixes for term in terms)
    assert set(context) - prefixes - {"dpv-27560"} == used  # and none is left over


def test_the_record_by_itself_conforms_to_the_profile_of_records(alice: Member) -> None:
    content = iso27560.record(told(a_consent(alice, NEWSLETTER, company_name="하늘상사")))
    assert content["schema_version"] == "https://w3id.org/dpv/schema/dpv-27560#record"
    assert content["@context"] == iso27560.CONTEXT


def test_the_same_state_gives_the_same_bytes_and_another_another_number(alice: Member) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    with pretending(now() + timedelta(days=3)):
        later = {name: form.write(told(consent)) for name, form in FORMS.items()}
    assert {name: form.write(told(consent)) for name, form in FORMS.items()} == later
    before = told(consent).receipt_id
    giving.take_back_item(consent, "company_name", language="en", actor=acting(alice))
    assert told(consent).receipt_id != before


def test_what_was_declined_taken_back_and_withdrawn_is_told_item_by_item(alice: Member) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    assert items(consent) == {"name": "Given", "email": "Given", "company_name": "Given"}
    giving.take_back_item(consent, "company_name", language="ko", actor=acting(alice))
    assert items(consent) == {"name": "Given", "email": "Given", "company_name": "Withdrawn"}
    withdraw(consent, language="ko", actor=acting(alice))
    assert items(consent) == {"name": "Withdrawn", "email": "Withdrawn", "company_name": "Withdrawn"}
    assert states(consent) == ["dpv:ConsentGiven", "dpv:ConsentGiven", "dpv:ConsentWithdrawn"]
    a_consent(alice, NEWSLETTER, without=("company_name",))
    assert items(consent) == {"name": "Given", "email": "Given", "company_name": "Refused"}
    assert states(consent)[-1] == "dpv:ConsentGiven"


def test_items_meant_for_businesses_are_not_named_to_others(alice: Member) -> None:
    for code in CODES:
        business_only = set(
            notice(code).items.filter(requirement="required_for_business").values_list("item_id", flat=True)
        )
        if business_only and collection(code).is_asked_of("individual", "KR"):
            asked_of_her = [item for item in notice(code).items.all() if item.requirement == "required"]
            event = record.add_event(
                None,
                ConsentEvent.Kind.GIVEN,
                member=alice,
                notice=notice(code),
                items=[item.item_id for item in asked_of_her],
                language="ko",
                actor=acting(alice),
            )
            assert not business_only & set(items(event.consent))


def test_a_refusal_has_a_receipt_but_none_of_kantara_s_form(alice: Member) -> None:
    event = refuse(alice, collection(NEWSLETTER), notice=notice(NEWSLETTER), language="en", actor=acting(alice))
    consent = event.consent
    assert states(consent) == ["dpv:ConsentRefused"]
    assert set(items(consent).values()) == {"Refused"}
    with pytest.raises(PortalError) as refusal:
        kantara.receipt(told(consent))
    assert refusal.value.code == "receipt_of_a_refusal"


def test_a_consent_that_lapsed_or_is_to_be_asked_again_says_so(alice: Member) -> None:
    consent = a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    lapses = consent.lapses_at
    assert lapses is not None
    validity = record_in(consent)["events"][0]["validity_duration"]
    assert validity == f"{iso27560.moment(consent.since)}/{iso27560.moment(lapses)}"
    expiry.expire(consent, at=lapses)
    assert states(consent)[-1] == "dpv:ConsentExpired"
    assert set(items(consent).values()) == {"Expired"}
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    changed_notice(NEWSLETTER)
    expiry.supersede(consent)
    assert states(consent)[-1] == "dpv:ConsentInvalidated"
    assert told(consent).notice.version == 1  # the one that was agreed to
    again = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    assert states(again)[-1].endswith("ConsentGiven")
    assert told(again).notice.version == 2


def test_a_suspended_use_is_told_beside_the_state(alice: Member) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    suspend(consent, actor=acting(alice))
    newest = record_in(consent)["events"][-1]
    assert (newest["event_state"], newest["use_state"]) == ("dpv:ConsentGiven", "dpv:ActivityHalted")


@pytest.mark.parametrize("language", ["ko", "en"])
def test_words_are_in_the_language_in_which_it_was_asked(alice: Member, language: str) -> None:
    shown = notice(NEWSLETTER)
    giving.give(
        alice,
        shown.collection,
        notice=shown,
        items=["name", "email"],
        values={},
        language=language,
        actor=acting(alice),
    )
    consent = Consent.objects.get(member=alice)
    withdraw(consent, language="ko", actor=acting(alice))
    processing = record_in(consent)["pii_processing"]
    assert processing["language"] == language
    assert processing["purpose"]["description"] == getattr(shown, f"purpose_{language}")
    assert processing["pii_information"][0]["pii_type"] == {"ko": "이름", "en": "Name"}[language]


def test_staff_who_recorded_something_are_not_named(alice: Member, officer: Any) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    withdraw(consent, language="ko", actor=staff_acting(officer), reason="전화로 말씀하심")
    newest = record_in(consent)["events"][-1]
    assert newest["entity_id"] == settings.BASE_URL
    written = b"".join(form.write(told(consent)) for form in FORMS.values())
    assert str(officer.pk).encode() not in written
    assert "전화로".encode() not in written


def test_no_form_of_a_receipt_holds_a_personal_value(signed_in: Callable[[Member], Any], db: None) -> None:
    known = {
        "name": "남궁선녀",
        "mobile_phone": "010-4321-8765",
        "address": "제주특별자치도 서귀포시 이어도로 99",
        "email": "sunnyeo@example.com",
    }
    member = a_member(**known)
    a_consent(member, NEWSLETTER, company_name="붉은노을상사")
    client = signed_in(member)
    whole = "".join(
        client.get(f"/my/consents/{NEWSLETTER}/receipt/", headers={"accept": accept}).content.decode()
        for accept in ["text/html", *(form.media_type for form in FORMS.values())]
    )
    consent = Consent.objects.get(member=member)
    facts = told(consent)
    whole += repr(facts)
    for value in (*known.values(), "붉은노을상사", "4321", "203.0.113.7", "Mozilla/5.0 (tests)"):
        assert value not in whole
    assert str(member.pk) in whole


def test_a_receipt_takes_the_same_queries_however_long_its_record(alice: Member) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    counts = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as queries:
            facts_of(Consent.objects.select_related("member").get(pk=consent.pk))
        counts.append(len(queries))
        giving.take_back_item(consent, "company_name", language="ko", actor=acting(alice))
        giving.agree_to_item(consent, "company_name", value="하늘상사", language="ko", actor=acting(alice))
    assert counts[0] == counts[1] <= 6


def test_states_of_the_record_and_of_the_receipt_agree(alice: Member) -> None:
    """Every state a consent can have, and every item in it, has a term of its own."""
    assert set(iso27560.STATUS) == set(State)
    assert len(set(iso27560.STATUS.values())) == len(State)
