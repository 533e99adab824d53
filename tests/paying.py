"""Payment methods for tests, added by the real verbs, and every form in which their numbers must be nowhere."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from members.models import Member, PaymentKind, PaymentMethod
from members.payment_methods import adding
from privacy_portal.policy import publishing
from requests import payment_documents
from requests.intake import TakenFile
from tests.factories import SYSTEM, a_file, acting, collection

CARD, ANOTHER_CARD = "4111111111111111", "5555555555554444"
ACCOUNT = "11023456789012"
BORN, NUMBER = "1990-05-31", "1234567891"
# In every form in which a person or a program writes them.
NEVER = (
    CARD,
    "4111 1111 1111 1111",
    "4111-1111-1111-1111",
    CARD.encode().hex(),
    ACCOUNT,
    "110-234567-89012",
    ACCOUNT.encode().hex(),
)
# What is typed on each page.
TYPED: dict[str, dict[str, str]] = {
    "card": {"card_number": "4111 1111-1111 1111", "card_expiry": "08/33", "birth_date": BORN},
    "account": {"bank_name": "004", "account_number": "110-234567-89012", "business_registration_number": NUMBER},
}
AUGUST = datetime(2033, 8, 31, 23, 59, tzinfo=ZoneInfo("Asia/Seoul"))
SEPTEMBER = datetime(2033, 9, 1, 0, 1, tzinfo=ZoneInfo("Asia/Seoul"))


def seen(kind: PaymentKind) -> str:
    """The notice as the form carries it."""
    notice = adding.notice_for(kind)
    return f"{notice.version}:{notice.digest}"


def added(member: Member, kind: PaymentKind, **values: str) -> PaymentMethod:
    notice = adding.notice_for(kind)
    return adding.add(member, kind, values, notice=notice, language="ko", actor=acting(member))


def a_new_notice(kind: PaymentKind) -> None:
    """Another version of what people are told is published."""
    draft = publishing.draft(collection(adding.collection_code(kind)), actor=SYSTEM)
    draft.purpose_ko += " 요금제 변경에도 씁니다."
    draft.purpose_en += " Also when you change plans."
    draft.save()
    publishing.publish(draft, actor=SYSTEM)


def a_card(member: Member, **changed: str) -> PaymentMethod:
    """A card that a person holds, or a business where its number is given instead."""
    typed = TYPED["card"] | changed
    return added(member, PaymentKind.CREDIT_CARD, **{item: value for item, value in typed.items() if value})


def an_account(member: Member, **changed: str) -> PaymentMethod:
    return added(member, PaymentKind.ACCOUNT_TRANSFER, **(TYPED["account"] | changed))


def documents_of(member: Member, licence: TakenFile | None = None, **changed: Any) -> PaymentMethod:
    """A business's documents, with a copy of its licence."""
    return payment_documents.add(
        member,
        {"ceo_name": "남궁대표", "business_registration_number": NUMBER} | changed,
        licence or a_file("business_license_copy").taken,
        notice=adding.notice_for(PaymentKind.BUSINESS_DOCUMENTS),
        language="ko",
        actor=acting(member),
    )
