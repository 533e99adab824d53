"""The demo's children: one has joined, the representatives of two more have not answered yet."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from uuid import uuid4

from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.clock import pretending
from privacy_portal.policy.models import MemberKind

from .models import RepresentativeConsent
from .representatives import asking, deciding
from .signup import notice_for, sign_up

PARENT = Actor("member", None, "website", "203.0.113.61", "Mozilla/5.0 (iPhone; CPU iPhone OS 17_6 like Mac OS X)")
CHILD = {
    "email": "child.haram@mail.example",
    "name": "도하람",
    "mobile_phone": "010-3120-4477",
    "address": "서울특별시 은평구 통일로 684",
    "country_of_residence": "KR",
}


@transaction.atomic
def make(*, until: datetime) -> None:
    """Make them up to `until`: all of them, or none."""
    joined = _ask({"representative_name": "도한결", "representative_email": "hangyeol.do@mail.example"}, until, 12.2)
    with pretending(until - timedelta(days=12)):
        deciding.agree_by_email(joined.pk, shown=notice_for(MemberKind.INDIVIDUAL).pk, actor=PARENT)
        sign_up(
            MemberKind.INDIVIDUAL,
            CHILD,
            password=None,
            notice=notice_for(MemberKind.INDIVIDUAL),
            said_14_or_over=False,
            representative=joined,
            language="ko",
            actor=PARENT,
            verified=True,
        )
    _ask({"representative_name": "봉가온", "representative_email": "gaon.bong@post.example"}, until, 0.3)
    _ask({"representative_name": "마루리", "representative_phone": "010-8842-1906"}, until, 1.4)


def _ask(details: Mapping[str, str], until: datetime, days_ago: float) -> RepresentativeConsent:
    with pretending(until - timedelta(days=days_ago)):
        return asking.ask(details, submission=uuid4(), language="ko")
