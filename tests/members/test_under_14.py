"""Joining under 14, by the verbs: who is asked, how they agree or refuse, and what is destroyed when (S7 to S10)."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import time, timedelta
from uuid import uuid4

import pytest
from django.core import mail
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone
from pytest_django import Settings

from consents import giving
from consents.models import ConsentEvent
from consents.withdrawal import withdraw
from members import demo
from members.models import (
    Account,
    ConsentMethod,
    Member,
    RepresentativeConsent,
    RepresentativeEvent,
)
from members.representatives import asking, deciding, lapsing, methods, periods, using
from members.signup import notice_for
from privacy_portal.clock import now, pretending
from privacy_portal.errors import PortalError
from privacy_portal.outbox.models import Mail
from privacy_portal.policy import publishing
from privacy_portal.vault.destruction import destroy_ground
from privacy_portal.vault.models import DataKey, DestructionRecord
from tests.factories import (
    SYSTEM,
    THE_REPRESENTATIVE,
    a_child,
    a_consent,
    a_representative,
    acting,
    an_agreed_representative,
    collection,
    notice,
    staff_acting,
)

pytestmark = pytest.mark.django_db
State = RepresentativeConsent.State
DETAILS = {"representative_name": "이보호", "representative_email": "parent@example.com"}


def agree(consent: RepresentativeConsent) -> RepresentativeEvent:
    return deciding.agree_by_email(consent.pk, shown=notice_for("individual").pk, actor=THE_REPRESENTATIVE)


def fresh(consent: RepresentativeConsent) -> RepresentativeConsent:
    return RepresentativeConsent.objects.select_related("data_key", "notice__collection").get(pk=consent.pk)


def kinds(consent: RepresentativeConsent) -> list[str]:
    return list(consent.events.order_by("id").values_list("kind", flat=True))


def test_asking_takes_a_name_and_one_contact_and_nothing_of_the_child() -> None:
    consent = a_representative("Parent@Example.com ")
    assert consent.representative_name.open() == "이보호"
    assert consent.representative_email.open() == "parent@example.com"
    assert consent.representative_phone is None
    (event,) = consent.events.all()
    assert (event.kind, event.evidence, event.actor_kind, event.actor_id) == ("asked", None, "member", None)
    assert not Member.objects.exists()
    assert not Account.objects.exists()


@pytest.mark.parametrize(
    ("values", "code", "field"),
    [
        ({**DETAILS, "representative_name": " "}, "value_missing", "representative_name"),
        ({**DETAILS, "representative_email": "no address"}, "email_invalid", "representative_email"),
        ({**DETAILS, "representative_phone": "010-2222-3333"}, "one_contact", None),
        ({"representative_name": "이보호"}, "one_contact", None),
        ({"representative_name": "이보호", "representative_phone": "12"}, "phone_invalid", "representative_phone"),
    ],
)
def test_what_is_wrong_is_told_beside_its_field(values: dict[str, str], code: str, field: str | None) -> None:
    with pytest.raises(PortalError) as refusal:
        asking.ask(values, submission=uuid4(), language="ko")
    assert (refusal.value.code, refusal.value.field) == (code, field)
    assert not RepresentativeConsent.objects.exists()


def test_the_same_form_sent_twice_asks_once() -> None:
    submission = uuid4()
    first = asking.ask(DETAILS, submission=submission, language="ko")
    assert asking.ask(DETAILS, submission=submission, language="ko") == first
    assert len(mail.outbox) == 1


def test_asking_the_same_person_again_replaces_what_waits_and_destroys_it() -> None:
    first, other = a_representative("parent@example.com"), a_representative("other@example.com")
    agreed = an_agreed_representative("sibling@example.com")
    second = a_representative("PARENT@example.com")
    a_representative("sibling@example.com")
    assert [fresh(one).state for one in (first, other, second, agreed)] == ["replaced", "asked", "asked", "given"]
    assert fresh(first).data_key.is_destroyed
    with pytest.raises(PortalError) as refusal:
        agree(first)
    assert refusal.value.code == "replaced"


def test_the_mail_names_nobody() -> None:
    a_representative("parent@example.com", name="이보호")
    (message,) = mail.outbox
    assert message.to == ["parent@example.com"]
    assert "이보호" not in f"{message.subject} {message.body}"
    assert "/sign-up/under-14/agree/" in str(message.body)


def test_consenting_records_who_when_how_and_on_which_notice() -> None:
    consent = a_representative()
    event = agree(consent)
    consent = fresh(consent)
    assert (consent.state, consent.method) == ("given", ConsentMethod.EMAIL)
    assert consent.notice == event.notice == notice_for("individual")
    assert consent.agreed_at == event.at
    assert event.evidence.open() == {"address": "203.0.113.7", "browser": "Mozilla/5.0 (tests)"}
    assert agree(consent) == event  # twice is once
    assert kinds(consent) == ["asked", "given"]


def test_refusing_destroys_the_details_at_once() -> None:
    consent = a_representative()
    deciding.refuse(consent.pk, actor=THE_REPRESENTATIVE)
    consent = fresh(consent)
    assert (consent.state, consent.expires_at) == ("refused", None)
    assert consent.data_key.is_destroyed
    assert DestructionRecord.objects.get().because == "representative.refused"
    assert consent.representative_email_index is None
    deciding.refuse(consent.pk, actor=THE_REPRESENTATIVE)
    assert kinds(consent) == ["asked", "refused"]
    with pytest.raises(PortalError) as refusal:
        agree(consent)
    assert refusal.value.code == "refused_already"


def test_a_consent_is_taken_back_until_the_child_has_joined() -> None:
    consent = an_agreed_representative()
    deciding.refuse(consent.pk, actor=THE_REPRESENTATIVE)
    assert kinds(consent) == ["asked", "given", "withdrawn"]
    assert fresh(consent).data_key.is_destroyed
    with pytest.raises(PortalError) as refusal:
        a_child(representative=consent)
    assert refusal.value.code == "refused_already"
    joined = a_child()
    assert joined.representative is not None
    with pytest.raises(PortalError) as refusal:
        deciding.refuse(joined.representative.pk, actor=THE_REPRESENTATIVE)
    assert refusal.value.code == "used_already"


def test_what_nobody_consented_to_is_destroyed_after_exactly_five_days() -> None:
    asked_at = timezone.localtime(now()).replace(hour=16, minute=30, second=0, microsecond=0) + timedelta(days=1)
    with pretending(asked_at):
        consent = a_representative()
    ends = timezone.localtime(fresh(consent).expires_at)
    assert (ends.date() - asked_at.date(), ends.time()) == (timedelta(days=5), time(16, 30))
    assert ends.utcoffset() == timedelta(hours=9)
    with pretending(asked_at + timedelta(days=5, seconds=-1)):
        lapsing.destroy_unconfirmed.call()
        assert fresh(consent).standing == State.ASKED
        assert not fresh(consent).data_key.is_destroyed
    with pretending(asked_at + timedelta(days=5)):
        # The link is dead at that moment, even if the worker has not come by.
        assert fresh(consent).standing == State.LAPSED
        with pytest.raises(PortalError) as refusal:
            agree(consent)
        assert refusal.value.code == "lapsed"
        lapsing.destroy_unconfirmed.call()
        lapsing.destroy_unconfirmed.call()
    assert fresh(consent).data_key.is_destroyed
    assert kinds(consent) == ["asked", "lapsed"]
    assert DestructionRecord.objects.get().because == "representative.lapsed"


def test_the_period_is_data_with_its_source() -> None:
    assert periods.days("unconfirmed_days") == timedelta(days=5)


def test_a_consent_that_nobody_used_lapses_too() -> None:
    consent = an_agreed_representative()
    with pretending(now() + periods.days("join_days")):
        lapsing.destroy_unconfirmed.call()
        with pytest.raises(PortalError) as refusal:
            a_child(representative=consent)
    assert refusal.value.code == "lapsed"
    assert fresh(consent).data_key.is_destroyed


def test_details_whose_key_is_gone_after_a_restore_open_nothing() -> None:
    consent = an_agreed_representative()
    destroy_ground(DataKey.Ground.MEMBERSHIP, consent.pk, because="test", actor=SYSTEM)
    assert fresh(consent).standing == State.LAPSED
    with pretending(now() + periods.days("join_days")):
        lapsing.destroy_unconfirmed.call()
    assert fresh(consent).state == "lapsed"


def test_mail_that_still_waits_goes_with_the_details() -> None:
    consent = a_representative()
    Mail.objects.create(to="parent@example.com", subject="x", text="x", data_key=consent.data_key)
    deciding.refuse(consent.pk, actor=THE_REPRESENTATIVE)
    waiting = Mail.objects.select_related("data_key").get(ended_at__isnull=True)
    assert waiting.to is not None
    assert waiting.to.is_destroyed


def test_a_child_joins_once_on_the_consent_and_the_membership_has_its_number() -> None:
    consent = an_agreed_representative()
    member = a_child(representative=consent)
    assert member.pk == consent.pk
    assert (member.said_14_or_over, member.representative_id) == (False, consent.pk)
    assert kinds(consent) == ["asked", "given", "used"]
    with pytest.raises(PortalError) as refusal:
        a_child(representative=consent)
    assert refusal.value.code == "used_already"
    assert Member.objects.count() == 1
    # The representative's details are proof, and end with the membership.
    lapsing.destroy_unconfirmed.call()
    assert fresh(consent).representative_name.open() == "이보호"
    destroy_ground(DataKey.Ground.MEMBERSHIP, member.pk, because="membership.closed", actor=SYSTEM)
    assert fresh(consent).representative_name.is_destroyed


def test_nobody_joins_on_a_consent_that_was_only_asked_for() -> None:
    with pytest.raises(PortalError) as refusal:
        a_child(representative=a_representative())
    assert refusal.value.code == "not_given_yet"
    assert not Account.objects.exists()


def test_a_notice_that_asks_again_asks_the_representative_again(officer: Account) -> None:
    consent, old = an_agreed_representative(), notice_for("individual")
    actor = staff_acting(officer)
    draft = publishing.draft(collection("membership.individual_signup"), actor=actor)
    draft.purpose_ko, draft.purpose_en = "다른 목적", "Another purpose"
    draft.save()
    publishing.publish(draft, actor=actor)
    refusal = using.why_not_use(fresh(consent))
    assert refusal is not None
    assert refusal.code == "asked_again"
    late = a_representative("late@example.com")
    with pytest.raises(PortalError) as refused:
        deciding.agree_by_email(late.pk, shown=old.pk, actor=THE_REPRESENTATIVE)
    assert refused.value.code == "notice_replaced"


@pytest.mark.parametrize(
    "change",
    [
        "said_14_or_over = false",
        "representative_id = '{asked}', said_14_or_over = false",
        "representative_id = '{given}', said_14_or_over = false",
        "representative_id = '{used}', said_14_or_over = false",
        "representative_id = '{used}'",
    ],
)
def test_the_database_takes_no_child_without_the_consent_to_this_membership(alice: Member, change: str) -> None:
    """Not on one that is only asked for, nor on one that another child has joined on."""
    used = a_child().representative
    assert used is not None
    change = change.format(
        asked=a_representative("a@example.com").pk, given=an_agreed_representative("b@example.com").pk, used=used.pk
    )
    with pytest.raises((IntegrityError, DatabaseError)), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE members_member SET {change} WHERE id = %s", [alice.pk])


@pytest.mark.parametrize(
    "change",
    [
        "representative_phone = representative_email",
        "representative_email = NULL",
        "expires_at = NULL",
        "state = 'used'",
        "state = 'given'",
    ],
)
def test_the_database_refuses_a_consent_that_contradicts_itself(change: str) -> None:
    consent = a_representative()
    with pytest.raises(IntegrityError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"UPDATE members_representativeconsent SET {change} WHERE id = %s", [consent.pk])


def test_the_record_is_append_only() -> None:
    consent = a_representative()
    with pytest.raises(DatabaseError), transaction.atomic():
        consent.events.update(kind="given")


def test_the_demo_has_an_open_case_of_each_way_and_one_that_joined() -> None:
    until = now() + timedelta(days=30)  # the tests' policy is of today
    demo.make(until=until)
    found = [(one.state, one.is_on_paper) for one in RepresentativeConsent.objects.order_by("asked_at")]
    assert found == [("used", False), ("asked", True), ("asked", False)]
    assert Member.objects.get().representative is not None


class PhoneCheck:
    """What a company would name in its settings."""

    is_up = True

    def available(self) -> bool:
        return PhoneCheck.is_up

    def confirms(self, consent: RepresentativeConsent, answer: Mapping[str, str]) -> bool:
        return answer.get("result") == "same person"


@pytest.fixture
def with_phone_check(settings: Settings) -> None:
    settings.REPRESENTATIVE_CONFIRMATIONS = {"site_and_phone_identity": f"{__name__}.PhoneCheck"}


def test_only_what_needs_no_outside_party_is_available_without_an_adapter() -> None:
    assert [one for one in ConsentMethod if methods.available(one)] == [ConsentMethod.SIGNED_PAPER, ConsentMethod.EMAIL]
    with pytest.raises(PortalError) as refusal:
        deciding.agree_by_adapter(
            a_representative().pk,
            ConsentMethod.PHONE_CALL,
            {},
            shown=notice_for("individual").pk,
            actor=THE_REPRESENTATIVE,
        )
    assert refusal.value.code == "method_unavailable"


@pytest.mark.usefixtures("with_phone_check")
def test_an_adapter_of_the_company_confirms_in_its_way(monkeypatch: pytest.MonkeyPatch) -> None:
    consent, method = a_representative(on_paper=True), ConsentMethod.SITE_AND_PHONE_IDENTITY
    shown, actor = notice_for("individual").pk, THE_REPRESENTATIVE
    with pytest.raises(PortalError) as refusal:
        deciding.agree_by_adapter(consent.pk, method, {"result": "another"}, shown=shown, actor=actor)
    assert refusal.value.code == "not_confirmed"
    deciding.agree_by_adapter(consent.pk, method, {"result": "same person"}, shown=shown, actor=actor)
    assert fresh(consent).method == method
    monkeypatch.setattr(PhoneCheck, "is_up", False)
    assert not methods.available(method)


def test_who_is_asked_on_paper_does_not_consent_by_email() -> None:
    with pytest.raises(PortalError) as refusal:
        agree(a_representative(on_paper=True))
    assert refusal.value.code == "not_by_email"


def test_what_a_child_does_not_give_alone(officer: Account) -> None:
    child = a_child()
    with pytest.raises(PortalError) as refusal:
        a_consent(child, "general.newsletter", company_name="하늘상사")
    assert refusal.value.code == "needs_representative"
    # What the representative signed is recorded by staff; and the child withdraws alone.
    shown = notice("general.newsletter")

    def record(reason: str) -> ConsentEvent:
        return giving.give(
            child,
            shown.collection,
            notice=shown,
            items=["company_name", "name", "email"],
            values={"company_name": "하늘상사"},
            language="ko",
            actor=staff_acting(officer),
            reason=reason,
        )

    with pytest.raises(PortalError) as refusal:
        record(" ")
    assert (refusal.value.code, refusal.value.field) == ("representative_signed", "reason")
    event = record("법정대리인 서명, 2026-12번 서류철")
    assert withdraw(event.consent, language="ko", actor=acting(child)).kind == "withdrawn"
