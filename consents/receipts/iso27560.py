"""A consent's record and its receipt after ISO/IEC TS 27560 (R2 to R7), as JSON-LD.

Keys are the field names of the standard; `@context` says which term of the Data Privacy Vocabulary (DPV) or of Dublin
Core each stands for, so that no other file is needed to read it. The receipt is a copy of the record (R6), in the
profile `dpv-27560:receipt-record`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from consents.models import ConsentEvent, State

from .content import Facts, ReceiptEvent

Json = dict[str, Any]

SCHEMA = "https://w3id.org/dpv/schema/dpv-27560#"
RECORD, RECEIPT = f"{SCHEMA}record", f"{SCHEMA}receipt-record"
STATUS = {
    State.GIVEN: "dpv:ConsentGiven",
    State.REFUSED: "dpv:ConsentRefused",
    State.WITHDRAWN: "dpv:ConsentWithdrawn",
    State.EXPIRED: "dpv:ConsentExpired",
    State.SUPERSEDED: "dpv:ConsentInvalidated",
}
# Of the consent the portal keeps, the person said so explicitly, item by item.
CONSENT_TYPE = "dpv:ExpressedConsent"
CONTEXT: Json = {
    "dct": "http://purl.org/dc/terms/",
    "dpv": "https://w3id.org/dpv#",
    "dpv-27560": SCHEMA,
    "loc": "https://w3id.org/dpv/loc#",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    # The header.
    "schema_version": {"@id": "dct:conformsTo", "@type": "@id"},
    "receipt_id": "dct:identifier",
    "record_id": "dct:identifier",
    "created": {"@id": "dct:created", "@type": "xsd:dateTime"},
    "publisher": {"@id": "dct:publisher", "@type": "@id"},
    "consent_record": "dpv:hasRecordOfActivity",
    "pii_principal_id": {"@id": "dpv:hasDataSubject", "@type": "@id"},
    # What is done with what, and why.
    "pii_processing": "dpv:hasProcess",
    "privacy_notice": {"@id": "dpv:hasNotice", "@type": "@id"},
    "version": "dct:hasVersion",
    "published": {"@id": "dct:issued", "@type": "xsd:dateTime"},
    "digest": "spdx:checksumValue",
    "language": "dct:language",
    "service": "dpv:hasService",
    "purpose": "dpv:hasPurpose",
    "purpose_type": "dct:type",
    "lawful_basis": "dpv:hasLegalBasis",
    "pii_information": "dpv:hasPersonalData",
    "pii_type": "dct:title",
    "pii_attribute_id": "dct:identifier",
    "pii_optional": {"@id": "dpv:hasNecessity", "@type": "@id"},
    "consent_state": {"@id": "dpv:hasConsentStatus", "@type": "@id"},
    "pii_controllers": {"@id": "dpv:hasDataController", "@type": "@id"},
    "collection_method": "dpv:hasDataSource",
    "storage_locations": "dpv:hasStorageCondition",
    "location": {"@id": "dpv:hasLocation", "@type": "@id"},
    "retention_period": "dpv:hasStorageCondition",
    "jurisdiction": {"@id": "dpv:hasJurisdiction", "@type": "@id"},
    "recipient_third_parties": {"@id": "dpv:hasRecipient", "@container": "@set"},
    "withdrawal_method": "dpv:hasConsentControl",
    "exercised_at": {"@id": "dpv:isExercisedAt", "@type": "@id"},
    "identifier": "dct:identifier",
    "title": "dct:title",
    "description": "dct:description",
    # The parties.
    "party_identification": "dpv:hasEntity",
    "party_id": "dct:identifier",
    "party_type": "@type",
    "party_name": "dpv:hasName",
    "party_address": "dpv:hasAddress",
    "party_contact": "dpv:hasContact",
    "party_email": "dpv:hasContact",
    "party_phone": "dpv:hasContact",
    "party_url": {"@id": "dpv:hasContact", "@type": "@id"},
    # What happened, oldest first.
    "events": {"@id": "dpv:hasConsentStatus", "@container": "@set"},
    "event_state": "@type",
    "event_time": {"@id": "dct:date", "@type": "xsd:dateTime"},
    "event_type": {"@id": "dpv:hasLegalBasis", "@type": "@id"},
    "validity_duration": "dct:valid",
    "entity_id": {"@id": "dpv:isIndicatedBy", "@type": "@id"},
    "event_method": "dpv:hasIndicationMethod",
    "use_state": {"@id": "dpv:hasActivityStatus", "@type": "@id"},
}


def receipt(facts: Facts) -> Json:
    return {
        "@context": CONTEXT,
        "@id": f"urn:uuid:{facts.receipt_id}",
        "@type": "dpv:ConsentReceipt",
        "schema_version": RECEIPT,
        "receipt_id": str(facts.receipt_id),
        "created": moment(facts.now.recorded_at),
        "publisher": facts.controller.url,
        "consent_record": _record(facts),
    }


def record(facts: Facts) -> Json:
    """The record by itself, as it may be exchanged between organisations."""
    return {"@context": CONTEXT, **_record(facts)}


def _record(facts: Facts) -> Json:
    return {
        "@id": f"urn:uuid:{facts.record_id}",
        "@type": "dpv:ConsentRecord",
        "schema_version": RECORD,
        "record_id": str(facts.record_id),
        "pii_principal_id": f"urn:uuid:{facts.person_id}",
        "pii_processing": _processing(facts),
        "party_identification": [_controller(facts)],
        "events": [_event(facts, event) for event in facts.events],
    }


def _processing(facts: Facts) -> Json:
    return {
        "@type": "dpv:Process",
        "privacy_notice": {
            "@id": facts.answer.notice_url,
            "@type": "dpv:ConsentNotice",
            "version": str(facts.notice.version),
            "published": moment(facts.published_at),
            "digest": f"sha256:{facts.notice.digest}",
        },
        "language": facts.answer.language,
        "service": {"@type": "dpv:Service", "identifier": facts.code, "title": facts.title},
        "purpose": {
            "@type": "dpv:Purpose",
            "description": facts.purpose,
            "purpose_type": [{"identifier": code, "title": name} for code, name in facts.purposes],
        },
        "lawful_basis": {"@type": CONSENT_TYPE, "title": facts.legal_basis, "description": facts.law},
        "pii_information": [
            {
                "@type": "dpv:PersonalData",
                "pii_type": item.name,
                "pii_attribute_id": item.code,
                "pii_optional": "dpv:Optional" if item.is_optional else "dpv:Required",
                "consent_state": STATUS[item.state],
            }
            for item in facts.items
        ],
        "pii_controllers": [facts.controller.url],
        "collection_method": facts.answer.method,
        "storage_locations": [
            {"@type": "dpv:StorageLocation", "location": f"loc:{country}"} for country in facts.storage_locations
        ],
        "retention_period": {"@type": "dpv:StorageDuration", "description": facts.retention},
        "jurisdiction": f"loc:{facts.controller.country}",
        "recipient_third_parties": [{"@type": "dpv:ThirdParty", "title": name} for name in facts.recipients],
        "withdrawal_method": {"@type": "dpv:WithdrawConsent", "exercised_at": facts.withdrawal_url},
    }


def _controller(facts: Facts) -> Json:
    controller = facts.controller
    return {
        "@id": controller.url,
        "party_type": "dpv:DataController",
        "party_id": controller.url,
        "party_name": controller.name,
        "party_address": f"{controller.address} ({controller.country})",
        "party_contact": controller.contact,
        "party_email": controller.email,
        "party_phone": controller.phone,
        "party_url": facts.policy_url,
    }


def _event(facts: Facts, event: ReceiptEvent) -> Json:
    """One event. `validity_duration` is an interval of ISO 8601; `..` where nothing ends it by itself."""
    renewed = event.kind == ConsentEvent.Kind.RENEWED
    until = moment(event.valid_until) if event.valid_until else ".."
    return {
        "event_state": "dpv:RenewedConsentGiven" if renewed else STATUS[event.state],
        "event_time": moment(event.at),
        "event_type": CONSENT_TYPE,
        "validity_duration": f"{moment(event.at)}/{until}",
        "entity_id": f"urn:uuid:{facts.person_id}" if event.by_person else facts.controller.url,
        "event_method": event.method,
        "description": event.label,
        "privacy_notice": event.notice_url,
        **({"use_state": "dpv:ActivityHalted"} if event.suspended else {}),
    }


def moment(at: datetime) -> str:
    """In UTC, as the standard asks, to the second."""
    return at.astimezone(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
