"""What the tests of retention share: consents that ended, and days long after."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import timedelta
from typing import Any

import pytest

from consents.models import Consent
from consents.withdrawal import withdraw
from members.models import Account, Member
from members.signup import add_visitor
from members.staff import PRIVACY_OFFICER
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.retention import runs
from privacy_portal.retention.models import DestructionRun
from tests.factories import SYSTEM, a_consent, a_staff_account, acting, staff_acting

CODE = "general.one_time_payment.bank_transfer"
TYPED: dict[str, Any] = {"bank_name": "한빛 은행", "account_number": "110-234-567 890"}


@contextmanager
def refused(code: str) -> Iterator[None]:
    """The block is refused, with this code."""
    with pytest.raises(PortalError) as caught:
        yield
    assert caught.value.code == code


def later(days: float = 0, years: float = 0) -> AbstractContextManager[None]:
    """The block happens so much later than now."""
    return pretending(now() + timedelta(days=days + 366 * years))


def an_ended_consent(member: Member) -> Consent:
    consent = a_consent(member, CODE, **TYPED)
    withdraw(consent, language="ko", actor=acting(member))
    return Consent.objects.get(pk=consent.pk)


def a_visitor() -> Member:
    return add_visitor(language="ko", actor=SYSTEM)


def another_officer() -> Account:
    return a_staff_account("second@cloud.example", PRIVACY_OFFICER)


def an_approved_run(officer: Account) -> DestructionRun:
    run = runs.propose()
    assert run is not None
    return runs.approve(run, actor=staff_acting(officer))
