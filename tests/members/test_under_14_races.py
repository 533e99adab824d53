"""Two at the same moment: one consent, one membership."""

from __future__ import annotations

from uuid import uuid4

import pytest
from django.core import mail

from members.models import Account, Member, RepresentativeConsent
from members.representatives import asking, deciding
from members.signup import notice_for
from tests.consents.test_concurrency import at_once
from tests.dumping import dump
from tests.factories import THE_REPRESENTATIVE, a_child, a_representative, an_agreed_representative

pytestmark = pytest.mark.django_db(transaction=True)


def kinds(consent: RepresentativeConsent) -> list[str]:
    return list(consent.events.order_by("id").values_list("kind", flat=True))


def test_ten_confirmations_at_once_are_one_event() -> None:
    consent, shown = a_representative(), notice_for("individual").pk
    mail.outbox.clear()
    refused = at_once(10, lambda number: deciding.agree_by_email(consent.pk, shown=shown, actor=THE_REPRESENTATIVE))
    assert refused == []
    assert kinds(consent) == ["asked", "given"]
    assert len(mail.outbox) == 1


def test_of_ten_who_join_at_once_with_one_link_one_does() -> None:
    consent = an_agreed_representative()
    refused = at_once(10, lambda number: a_child(f"child{number}@example.com", representative=consent))
    assert refused == ["used_already"] * 9
    assert Member.objects.count() == Account.objects.count() == 1
    assert kinds(consent) == ["asked", "given", "used"]


def test_yes_and_no_at_once_end_in_what_the_record_says() -> None:
    consent, shown = a_representative(), notice_for("individual").pk

    def act(number: int) -> None:
        if number % 2:
            deciding.refuse(consent.pk, actor=THE_REPRESENTATIVE)
        else:
            deciding.agree_by_email(consent.pk, shown=shown, actor=THE_REPRESENTATIVE)

    at_once(6, act)
    assert kinds(consent) in (["asked", "refused"], ["asked", "given", "withdrawn"])
    assert RepresentativeConsent.objects.get().data_key.is_destroyed


def test_a_form_sent_twice_at_once_asks_once() -> None:
    details = {"representative_name": "이보호", "representative_email": "parent@example.com"}
    submission = uuid4()
    refused = at_once(4, lambda number: asking.ask(details, submission=submission, language="ko"))
    assert refused == []
    assert RepresentativeConsent.objects.count() == 1
    assert len(mail.outbox) == 1


def test_no_dump_holds_the_representative_in_clear() -> None:
    a_representative("waiting@parents.example", name="남궁보호")
    a_child(representative=an_agreed_representative("joined@parents.example", name="선우보호"))
    a_representative(on_paper=True, name="제갈보호")
    text = dump()
    for value in ("남궁보호", "선우보호", "제갈보호", "parents.example", "+821022223333", "010-2222-3333"):
        assert value not in text
        assert value.encode().hex() not in text
