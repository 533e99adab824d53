"""The same form sent many times at once, and a withdrawal that meets a filing: one request, one truth."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from consents.models import Consent
from consents.withdrawal import withdraw
from members.models import Account, Member
from requests import filing, workflow
from requests.models import Document, MemberRequest
from tests.factories import a_file, a_filing, a_member, a_request, acting, fresh, staff_acting, the_agent
from tests.requests.test_workflow import at_once

pytestmark = pytest.mark.django_db(transaction=True)


def sending(kind: str, form: dict[str, object]) -> Callable[[], object]:
    """One sending of a form: the same number, with files of its own."""
    files = [a_file(one.item) for one in form["documents"]]  # type: ignore[attr-defined]
    return lambda: filing.file(kind, **(form | {"documents": files}))  # type: ignore[arg-type]


@pytest.mark.parametrize("visitor", [False, True])
def test_a_form_sent_six_times_at_once_is_one_request(visitor: bool) -> None:
    form = a_filing("infringement_report", None if visitor else a_member())
    assert at_once(*[sending("infringement_report", form) for _time in range(6)]) == []
    assert (MemberRequest.objects.count(), Document.objects.count(), Consent.objects.count()) == (1, 1, 1)
    assert Member.objects.count() == 1
    assert MemberRequest.objects.get().events.count() == 1


def test_withdrawing_while_the_desk_takes_the_request_leaves_it_cancelled() -> None:
    member = a_member()
    member_request = a_request("duplicate_payment", member)
    agent: Account = the_agent()
    consent = Consent.objects.get()
    at_once(
        lambda: withdraw(consent, language="ko", actor=acting(member)),
        lambda: workflow.take(member_request, seen=1, actor=staff_acting(agent)),
    )
    assert fresh(member_request).state == "cancelled"
    assert fresh(member_request).asked.is_destroyed
