"""Staff record what came on paper, by phone or by fax."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from consents import asking, giving
from consents.admin.recording import RecordForm
from consents.models import Consent, ConsentEvent, State
from consents.withdrawal import withdraw
from members.models import Account, Member
from members.signup import add_visitor
from privacy_portal.clock import pretending
from privacy_portal.policy import publishing
from privacy_portal.policy.models import Collection, Notice
from privacy_portal.vault.errors import ValueDestroyed
from tests.factories import a_consent, a_member, acting, collection, notice, staff_acting
from tests.in_admin import opened, page_of, queries, takes_a_request_of

SignIn = Callable[[Member | Account], Client]
SALES, NEWSLETTER = "general.sales_inquiry", "general.newsletter"
TODAY = timezone.localdate().isoformat()


def record(member: Member | None = None, code: str = "", said: str = "", **more: Any) -> str:
    asked = {"member": member and member.pk, "collection": code, "said": said, **more}
    query = "&".join(f"{name}={value}" for name, value in asked.items() if value)
    return f"{reverse('admin:consents_consent_record')}?{query}"


def a_form(**more: str) -> Any:
    """A form filled in for a sales inquiry, with the company name that it asks for."""
    shown = notice(SALES)
    return {
        "method": "document",
        "on": TODAY,
        "language": "ko",
        "reason": "2026년 11월 신청서 12번",
        "notice": f"{shown.version}:{shown.digest}",
        "value_company_name": "바다물산",
        **{f"agree_{item}": "on" for item in ("email", "mobile_phone", "company_name")},
        **more,
    }


def a_call(**more: str) -> dict[str, str]:
    """What is filled in for a refusal or a withdrawal."""
    return {"method": "phone", "on": TODAY, "language": "ko", "reason": "", **more}


def a_new_version(code: str, officer: Account, *, asks_again: bool) -> Notice:
    draft = publishing.draft(collection(code), actor=staff_acting(officer))
    draft.purpose_en += " And more."
    draft.save()
    published = publishing.publish(draft, actor=staff_acting(officer))
    if not asks_again:
        Collection.objects.filter(pk=code).update(asked_again_since=1)
    return published


# ------------------------------------------------------------------- end to end
def test_a_paper_consent_is_recorded_as_the_member_signed_it(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    assert record(alice) in opened(client, page_of(alice)).replace("&amp;", "&")
    choosing = opened(client, record(alice)).replace("&amp;", "&")
    assert record(alice, SALES, "consent") in choosing
    opened(client, record(alice, SALES, "consent"))

    yesterday = timezone.localdate() - timedelta(days=1)
    response = client.post(record(alice, SALES, "consent"), a_form(on=yesterday.isoformat(), method="fax"))

    consent = Consent.objects.get(member=alice, collection=SALES)
    assert response.status_code == 302
    assert response["Location"] == page_of(consent)
    assert consent.state == State.GIVEN
    assert consent.items == ["company_name", "email", "mobile_phone"]
    assert consent.values.get().value.open() == "바다물산"
    event = consent.events.get()
    assert (event.actor_kind, event.actor_id, event.method_id) == ("staff", officer.pk, "fax")
    assert timezone.localtime(event.at) == datetime(
        yesterday.year, yesterday.month, yesterday.day, 12, tzinfo=ZoneInfo("Asia/Seoul")
    )
    assert event.opened_evidence()["reason"] == "2026년 11월 신청서 12번"
    [row] = consent.history.all()
    assert (row.actor_kind, row.history_user_id) == ("staff", officer.pk)
    assert "신청서" not in str(row.history_change_reason)
    opened(client, page_of(consent))


def test_a_withdrawal_by_phone_ends_the_consent_and_destroys_its_values(
    agent: Account, alice: Member, signed_in: SignIn
) -> None:
    takes_a_request_of(agent, alice)
    consent = Consent.objects.get(member=alice, collection=SALES)
    client = signed_in(agent)
    assert record(alice, SALES, "withdrawal") in opened(client, page_of(consent)).replace("&amp;", "&")
    opened(client, record(alice, SALES, "withdrawal"))

    client.post(record(alice, SALES, "withdrawal"), a_call(reason="통화"))

    consent.refresh_from_db()
    assert consent.state == State.WITHDRAWN
    with pytest.raises(ValueDestroyed):
        consent.values.get().value.open()
    event = consent.events.latest("id")
    assert (event.kind, event.method_id, event.actor_id) == ("withdrawn", "phone", agent.pk)


def test_a_refusal_is_recorded(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    opened(client, record(alice, SALES, "refusal"))
    client.post(record(alice, SALES, "refusal"), a_call())
    assert Consent.objects.get(member=alice).state == State.REFUSED


@pytest.mark.parametrize("said", ["consent", "refusal", "withdrawal"])
def test_sending_the_form_twice_makes_one_event(said: str, officer: Account, alice: Member, signed_in: SignIn) -> None:
    if said == "withdrawal":
        a_consent(alice, SALES, company_name="바다물산")
    client, filled_in = signed_in(officer), a_form() if said == "consent" else a_call()
    before = ConsentEvent.objects.count()
    first = client.post(record(alice, SALES, said), filled_in, follow=True)
    second = client.post(record(alice, SALES, said), filled_in, follow=True)
    assert ConsentEvent.objects.count() == before + 1
    told = [[str(message) for message in response.context["messages"]] for response in (first, second)]
    assert len(told[0]) == len(told[1]) == 1
    assert told[0] != told[1]


# ------------------------------------------------------------------- what the form asks
def test_nothing_is_ticked_and_no_date_is_chosen_beforehand(officer: Account, alice: Member, signed_in: SignIn) -> None:
    text = opened(signed_in(officer), record(alice, SALES, "consent"))
    assert "checked" not in text.partition("<form")[2].partition("record-form")[2]
    assert 'value="website"' not in text
    assert 'value="generated_information_tool"' not in text
    assert "010-****-5678" in text  # held on the membership: masked, and not asked for again
    assert "value_mobile_phone" not in text


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"method": ""}, "method"),
        ({"method": "website"}, "method"),
        ({"method": "generated_information_tool"}, "method"),
        ({"on": ""}, "on"),
        ({"on": "2026-02-30"}, "on"),
        ({"on": "0202-11-25"}, "on"),
        ({"on": (timezone.localdate() + timedelta(days=1)).isoformat()}, "on"),
        ({"language": "fr"}, "language"),
        ({"reason": "가" * 501}, "reason"),
        ({"value_company_name": ""}, "value_company_name"),
        ({"value_company_name": "가\x00나"}, "value_company_name"),
        ({"agree_mobile_phone": ""}, "agree_mobile_phone"),
    ],
)
def test_what_is_wrong_is_said_beside_its_field_and_nothing_typed_is_lost(
    changes: dict[str, str], field: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    filled_in = {**a_form(), **changes}
    if not filled_in.get("agree_mobile_phone"):
        del filled_in["agree_mobile_phone"]
    response = signed_in(officer).post(record(alice, SALES, "consent"), filled_in)
    assert response.status_code == 200
    form = response.context["form"]
    assert form.errors.get(field), form.errors
    assert f'id="id_{field}_error"' in response.content.decode()
    assert not Consent.objects.exists()
    if "reason" not in changes:
        assert "신청서 12번" in response.content.decode()
    if "value_company_name" not in changes:
        assert 'value="바다물산"' in response.content.decode()


def test_a_day_before_the_last_change_is_refused_beside_the_date(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    consent = a_consent(alice, SALES, company_name="바다물산")
    long_ago = (timezone.localdate() - timedelta(days=30)).isoformat()
    response = signed_in(officer).post(record(alice, SALES, "withdrawal"), a_call(on=long_ago))
    assert response.context["form"].errors["on"]
    consent.refresh_from_db()
    assert consent.state == State.GIVEN


def test_a_day_on_which_something_happened_already_counts_after_it(alice: Member) -> None:
    evening = datetime(2027, 1, 5, 20, 30, tzinfo=ZoneInfo("Asia/Seoul"))
    with pretending(evening):
        consent = a_consent(alice, SALES, company_name="바다물산")
    form = RecordForm()
    form.cleaned_data = {"on": date(2027, 1, 5)}
    assert form.moment(consent) == evening
    form.cleaned_data = {"on": date(2027, 1, 6)}
    assert form.moment(consent) == datetime(2027, 1, 6, 12, tzinfo=ZoneInfo("Asia/Seoul"))


def test_an_older_version_that_everybody_was_not_asked_again_since_can_be_chosen(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    old = notice(SALES)
    new = a_new_version(SALES, officer, asks_again=False)
    client = signed_in(officer)
    text = opened(client, record(alice, SALES, "consent")).replace("&amp;", "&")
    assert record(alice, SALES, "consent", notice=old.version) in text
    assert page_of(new) in text
    client.post(record(alice, SALES, "consent", notice=old.version), a_form(notice=f"{old.version}:{old.digest}"))
    assert Consent.objects.get(member=alice).notice == old


def test_a_version_that_everybody_was_asked_again_since_cannot_be_chosen(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    old = notice(SALES)
    a_new_version(SALES, officer, asks_again=True)
    client = signed_in(officer)
    assert "notice=1" not in client.get(record(alice, SALES, "consent")).content.decode()
    for method in (client.get, client.post):
        assert method(record(alice, SALES, "consent", notice=old.version)).status_code == 404


def test_a_consent_to_be_asked_again_keeps_what_it_holds_when_the_field_is_left_empty(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    consent = a_consent(alice, SALES, company_name="바다물산", without=("name",))
    a_new_version(SALES, officer, asks_again=True)
    response = signed_in(officer).post(record(alice, SALES, "consent"), a_form(value_company_name=""))
    assert response.status_code == 302
    consent.refresh_from_db()
    assert consent.state == State.GIVEN
    assert consent.values.get().value.open() == "바다물산"


# ------------------------------------------------------------------- what cannot be recorded
def test_what_comes_with_documents_says_so(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    with_documents = "general.infringement_report"
    assert record(alice, with_documents, "consent") not in opened(client, record(alice)).replace("&amp;", "&")
    response = client.get(record(alice, with_documents, "consent"))
    assert response.context["form"] is None
    assert response.context["refusal"].code == "needs_documents"
    client.post(record(alice, with_documents, "consent"), a_form())
    assert not Consent.objects.exists()


@pytest.mark.parametrize(
    ("code", "said", "refusal"),
    [
        ("membership.individual_signup", "consent", "not_a_consent"),
        ("general.basic_information_change.business", "consent", "not_asked_of_this_member"),
        (SALES, "withdrawal", "not_given"),
    ],
)
def test_what_is_not_asked_or_not_given_cannot_be_recorded(
    code: str, said: str, refusal: str, officer: Account, alice: Member, signed_in: SignIn
) -> None:
    response = signed_in(officer).get(record(alice, code, said))
    assert response.context["refusal"].code == refusal
    signed_in(officer).post(record(alice, code, said), a_call())
    assert not Consent.objects.exists()


def test_a_consent_that_stands_cannot_be_given_differently(officer: Account, alice: Member, signed_in: SignIn) -> None:
    a_consent(alice, SALES, company_name="바다물산")
    response = signed_in(officer).post(record(alice, SALES, "consent"), a_form())
    assert response.context["form"].non_field_errors()
    assert ConsentEvent.objects.count() == 1


@pytest.mark.parametrize(
    "parameters",
    [
        {"member": "no-number"},
        {"member": "00000000-0000-0000-0000-000000000000"},
        {"member": "alice", "collection": "no.such", "said": "consent"},
        {"member": "alice", "collection": SALES, "said": "nonsense"},
        {"member": "alice", "collection": SALES},
        {"member": "alice", "collection": SALES, "said": "consent", "notice": "99"},
        {"member": "alice", "collection": "\x00", "said": "consent"},
    ],
)
def test_an_address_that_means_nothing_is_not_found(
    parameters: dict[str, str], officer: Account, alice: Member, signed_in: SignIn
) -> None:
    if parameters["member"] == "alice":
        parameters = {**parameters, "member": str(alice.pk)}
    assert signed_in(officer).get(reverse("admin:consents_consent_record"), parameters).status_code == 404


def test_without_a_member_the_page_says_to_find_one(officer: Account, signed_in: SignIn) -> None:
    assert reverse("admin:members_member_changelist") in opened(signed_in(officer), record())


def test_the_auditor_can_record_nothing(auditor: Account, alice: Member, signed_in: SignIn) -> None:
    consent = a_consent(alice, NEWSLETTER, company_name="하늘상사")
    client = signed_in(auditor)
    for url in (record(), record(alice), record(alice, SALES, "consent"), record(alice, NEWSLETTER, "withdrawal")):
        assert client.get(url).status_code == 403
        assert client.post(url, {**a_form(), **a_call()}).status_code == 403
    assert reverse("admin:consents_consent_record") not in opened(client, page_of(alice)) + opened(
        client, page_of(consent)
    )
    assert ConsentEvent.objects.count() == 1


def test_members_cannot_open_it(alice: Member, signed_in: SignIn) -> None:
    assert signed_in(alice).get(record(alice), follow=True).status_code == 403


# ------------------------------------------------------------------- people of every kind, and cost
def test_a_visitor_can_be_recorded_for(officer: Account, signed_in: SignIn) -> None:
    visitor = add_visitor(language="en", actor=staff_acting(officer))
    client = signed_in(officer)
    opened(client, record(visitor))
    filled_in = a_form(value_email="Visitor@Example.com", value_mobile_phone="010-5555-6666")
    assert client.post(record(visitor, SALES, "consent"), filled_in).status_code == 302
    values = {one.item_id: one.value.open() for one in Consent.objects.get(member=visitor).values.all()}
    assert values == {"email": "visitor@example.com", "mobile_phone": "+821055556666", "company_name": "바다물산"}


def test_choosing_takes_as_many_queries_for_many_consents_as_for_none(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    none = queries(client, record(alice))
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    a_consent(alice, SALES, company_name="하늘상사")
    withdraw(a_consent(alice, "general.general_inquiry"), language="ko", actor=acting(alice))
    assert queries(client, record(alice)) == none


def test_the_form_takes_as_many_queries_for_many_items_as_for_few(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    few = queries(client, record(alice, "general.general_inquiry", "consent"))
    most = max(
        Collection.objects.filter(legal_basis="separate_consent", who_kind=""),
        key=lambda one: asking.notice_in_force(one).items.count(),
    )
    assert asking.notice_in_force(most).items.count() > 3
    assert queries(client, record(alice, most.pk, "consent")) <= few


def test_two_colleagues_record_the_same_paper_only_once(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    form = signed_in(officer).get(record(alice, SALES, "consent"))
    assert form.status_code == 200
    giving.give(
        alice,
        collection(SALES),
        notice=notice(SALES),
        items=["email", "mobile_phone", "company_name"],
        values={"company_name": "바다물산"},
        language="ko",
        actor=staff_acting(agent),
    )
    signed_in(officer).post(record(alice, SALES, "consent"), a_form())
    assert ConsentEvent.objects.count() == 1


def test_another_members_consent_is_never_touched(
    officer: Account, alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    hers = a_consent(charlie, NEWSLETTER, company_name="Brown Ltd")
    his = a_consent(a_member(), NEWSLETTER, company_name="이웃상사")
    a_consent(alice, NEWSLETTER, company_name="하늘상사")
    signed_in(officer).post(record(alice, NEWSLETTER, "withdrawal"), a_call())
    for consent in (hers, his):
        consent.refresh_from_db()
        assert consent.state == State.GIVEN
