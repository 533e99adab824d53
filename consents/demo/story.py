"""What strangers do over two years: which consents they are likely to meet, and what becomes of them."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

from privacy_portal.policy.models import MemberKind

from .people import Person

# For each kind of member: how likely someone says yes, or no, to each consent they may be asked for.
HABITS: dict[MemberKind, dict[str, tuple[float, float]]] = {
    MemberKind.INDIVIDUAL: {
        "general.newsletter": (0.62, 0.18),
        "general.general_inquiry": (0.24, 0.02),
        "general.cash_receipt": (0.26, 0.06),
        "general.marketplace_subscription": (0.22, 0.04),
        "general.one_time_payment.card": (0.22, 0.03),
        "general.one_time_payment.bank_transfer": (0.10, 0.02),
        "general.sales_inquiry": (0.12, 0.02),
        "services.user_environment_diagnostics.quality_measurement": (0.20, 0.06),
        "services.hello.subscription": (0.16, 0.03),
        "services.naver_works.location_and_schedule": (0.08, 0.14),
        "services.data_teleporter.task_creation": (0.10, 0.01),
        "services.simple_easy_notification_service.proxy_registration_delegate": (0.05, 0.02),
    },
    MemberKind.BUSINESS: {
        "general.newsletter": (0.55, 0.22),
        "general.sales_inquiry": (0.45, 0.05),
        "general.marketplace_subscription": (0.35, 0.06),
        "general.one_time_payment.cash_receipt": (0.30, 0.05),
        "services.workplace.subscription": (0.50, 0.06),
        "services.workplace.expense_card_companies": (0.20, 0.10),
        "services.workplace.work_clock_in_out": (0.15, 0.20),
        "services.naver_works.subscription": (0.30, 0.05),
        "services.naver_works.free_setup_support": (0.25, 0.06),
        "services.game_report.subscription": (0.18, 0.04),
        "services.pinpoint_cloud.subscription": (0.26, 0.04),
        "services.cloud_security_watcher.subscription": (0.18, 0.03),
    },
    MemberKind.NAVER: {
        "general.newsletter": (0.60, 0.20),
        "general.general_inquiry": (0.30, 0.02),
        "general.one_time_payment.naver_pay": (0.45, 0.05),
        "general.cash_receipt": (0.25, 0.05),
        "services.hello.subscription": (0.25, 0.05),
        "services.alike.subscription": (0.15, 0.05),
    },
    MemberKind.VISITOR: {
        "general.general_inquiry": (0.75, 0.0),
        "general.sales_inquiry": (0.40, 0.0),
        "services.naver_works.free_setup_support": (0.15, 0.0),
    },
}
# People who pay from abroad pay otherwise; a cash receipt is a Korean matter.
ABROAD_INSTEAD = {
    "general.cash_receipt": "general.one_time_payment.paypal",
    "general.one_time_payment.bank_transfer": "general.one_time_payment.paypal",
    "general.one_time_payment.cash_receipt": "general.one_time_payment.card",
}
OTHER_WAYS = ("phone", "document", "fax", "offline_event_or_seminar", "partner_company", "counselling_board")
RECORDED_BY_STAFF = 0.14
WITHDRAWN_LATER = 0.20
ITEMS_CHANGED_LATER = 0.25
ANSWERED_AGAIN, REFUSED_WHEN_ASKED_AGAIN = 0.52, 0.14
RENEWED_IN_TIME = 0.35


def deeds_of(person: Person) -> Iterator[dict[str, Any]]:
    """The deeds of one person, as days ago. What the portal itself brings about is not among them."""
    rng = person.rng
    yield {"ago": person.joined, "join": True}
    said_something = False
    for code, (yes, no) in HABITS[person.kind].items():
        chance = rng.random()
        if person.country != "KR":
            code = ABROAD_INSTEAD.get(code, code)
        if chance < yes:
            said_something = True
            yield from _after_yes(person, code)
        elif chance < yes + no:
            yield {"ago": _later(person, rng), "refuse": code}
    if person.kind == MemberKind.VISITOR and not said_something:
        yield from _after_yes(person, "general.general_inquiry")


def after_asked_again(rng: random.Random, code: str, ago: float) -> Iterator[dict[str, Any]]:
    """What someone does whose consent to `code` no longer stands since `ago` days."""
    chance, answered = rng.random(), ago - rng.uniform(0.5, 45)
    if answered > 0.5 and chance < ANSWERED_AGAIN + REFUSED_WHEN_ASKED_AGAIN:
        yield {"ago": answered, "answer_again": code, "agrees": chance < ANSWERED_AGAIN}


def before_lapsing(rng: random.Random, code: str, ago: float) -> Iterator[dict[str, Any]]:
    """What someone does whose consent to `code` lapses `ago` days ago."""
    if rng.random() < RENEWED_IN_TIME:
        yield {"ago": ago + rng.uniform(1, 20), "renew": code}


def _after_yes(person: Person, code: str) -> Iterator[dict[str, Any]]:
    rng = person.rng
    given = person.joined - 0.001 if person.kind == MemberKind.VISITOR else _later(person, rng)
    by_staff: dict[str, Any] = {}
    if person.kind != MemberKind.VISITOR and given < person.joined - 6 and rng.random() < RECORDED_BY_STAFF:
        by_staff = {"through": rng.choice(OTHER_WAYS), "days_before": rng.choice([0, 0, 1, 2, 5])}
    yield {"ago": given, "give": code} | by_staff
    if rng.random() < ITEMS_CHANGED_LATER:
        change = "take_back_item" if rng.random() < 0.6 else "agree_to_item"
        yield {"ago": rng.uniform(0.6, given), change: code}
    if rng.random() < WITHDRAWN_LATER:
        by_phone = {"through": "phone"} if rng.random() < 0.2 else {}
        yield {"ago": rng.uniform(0.6, given), "withdraw": code} | by_phone


def _later(person: Person, rng: random.Random) -> float:
    """Days ago of something done after joining: often on the same day, else any time since."""
    if rng.random() < 0.45:
        return person.joined - rng.uniform(0.002, 0.02)
    return rng.uniform(0.6, person.joined)
