"""Signed papers at the desk: seen masked, recorded with how it was checked, and for those with the right only."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Account, Member, RepresentativeConsent
from members.representatives import deciding
from members.signup import notice_for
from privacy_portal.audit.models import AccessEntry
from privacy_portal.errors import PortalError
from privacy_portal.policy import publishing
from tests.factories import (
    THE_REPRESENTATIVE,
    a_child,
    a_representative,
    an_agreed_representative,
    collection,
    notice,
    staff_acting,
    the_officer,
)
from tests.in_admin import found, list_of, opened, page_of, queries

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
MODEL = "members_representativeconsent"
OF_THE_REPRESENTATIVE = ("이보호", "parent@example.com", "010-2222-3333", "+821022223333")


def signed_page(consent: RepresentativeConsent) -> str:
    return reverse(f"admin:{MODEL}_signed", args=[consent.pk])


def refused_page(consent: RepresentativeConsent) -> str:
    return reverse(f"admin:{MODEL}_refused", args=[consent.pk])


def a_paper(**changes: Any) -> dict[str, str]:
    return {
        "delivery": "post",
        "on": timezone.localdate().isoformat(),
        "shown": str(notice_for("individual").pk),
        "identity": "가족관계증명서를 보았음",
        **changes,
    }


def shows_nothing_in_full(page: str) -> bool:
    return not [value for value in OF_THE_REPRESENTATIVE if value in page]


def test_list_and_page_are_masked_and_on_the_access_log(agent: Account, signed_in: SignIn) -> None:
    consent, client = a_representative(on_paper=True), signed_in(agent)
    page = opened(client, list_of(MODEL))
    assert "이*호" in page
    assert shows_nothing_in_full(page)
    assert AccessEntry.objects.latest("id").people == [consent.pk]
    page = opened(client, page_of(consent))
    assert "010-****-3333" in page
    assert shows_nothing_in_full(page)
    assert shows_nothing_in_full(opened(client, page_of(consent, "history")))
    entry = AccessEntry.objects.latest("id")
    log = opened(signed_in(the_officer()), page_of(entry))
    assert "이*호" in log


@pytest.mark.parametrize("text", ["010-2222-3333", "+82 10 2222 3333", "reference"])
def test_it_is_found_by_a_whole_value(agent: Account, signed_in: SignIn, text: str) -> None:
    consent = a_representative(on_paper=True)
    a_representative("other@example.com")
    client = signed_in(agent)
    assert found(client, MODEL, consent.reference.lower() if text == "reference" else text) == [consent]
    assert [one.pk for one in found(client, MODEL, "OTHER@example.com")] != [consent.pk]
    assert found(client, MODEL, "이보호") == []


def test_a_signed_paper_is_recorded_with_its_day_its_way_and_the_check(agent: Account, signed_in: SignIn) -> None:
    consent, client = a_representative(on_paper=True), signed_in(agent)
    assert signed_page(consent) in opened(client, page_of(consent))
    assert client.get(signed_page(consent)).status_code == 200
    response = client.post(signed_page(consent), a_paper())
    assert response["Location"] == page_of(consent)
    event = consent.events.latest("id")
    assert (event.kind, event.method, event.delivery) == ("given", "signed_paper", "post")
    assert (event.actor_kind, event.actor_id) == ("staff", agent.pk)
    assert event.evidence.open()["identity"] == "가족관계증명서를 보았음"
    # The representative has no address: the link is handed out.
    assert mail.outbox == []
    page = client.get(page_of(consent)).content.decode()
    assert "/sign-up/under-14/join/" in page
    assert "가족관계증명서" not in page


def test_who_was_asked_by_email_may_sign_a_paper_and_is_mailed_the_link(agent: Account, signed_in: SignIn) -> None:
    consent = a_representative()
    mail.outbox.clear()
    signed_in(agent).post(signed_page(consent), a_paper(delivery="by_hand"))
    (message,) = mail.outbox
    assert "/sign-up/under-14/join/" in str(message.body)
    assert "/sign-up/under-14/join/" not in signed_in(agent).get(page_of(consent)).content.decode()


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"identity": " "}, "identity"),
        ({"delivery": ""}, "delivery"),
        ({"on": (date.today() + timedelta(days=3)).isoformat()}, "on"),
        ({"on": (date.today() - timedelta(days=3)).isoformat()}, "on"),
        ({"shown": "x"}, "shown"),
    ],
)
def test_what_is_missing_is_told_beside_its_field(
    agent: Account, signed_in: SignIn, changes: dict[str, str], field: str
) -> None:
    consent = a_representative(on_paper=True)
    response = signed_in(agent).post(signed_page(consent), a_paper(**changes))
    assert list(response.context["form"].errors) == [field]
    assert consent.events.count() == 1


def test_an_older_version_on_the_paper_counts_unless_everybody_is_asked_again(officer: Account) -> None:
    consent, old, actor = a_representative(on_paper=True), notice_for("individual"), staff_acting(officer)
    draft = publishing.draft(collection("membership.individual_signup"), actor=actor)
    draft.purpose_ko, draft.purpose_en = "다른 목적", "Another purpose"
    draft.save()
    publishing.publish(draft, actor=actor)
    with pytest.raises(PortalError) as refusal:
        deciding.record_signed(
            consent.pk, delivery="fax", on=timezone.localdate(), identity="x", shown=old.pk, actor=actor
        )
    assert refusal.value.code == "notice_replaced"


def test_a_refusal_is_recorded_by_post_and_destroys(agent: Account, signed_in: SignIn) -> None:
    consent, client = a_representative(on_paper=True), signed_in(agent)
    assert client.get(refused_page(consent)).status_code == 405
    assert client.post(refused_page(consent))["Location"] == page_of(consent)
    assert RepresentativeConsent.objects.get().data_key.is_destroyed
    page = opened(client, list_of(MODEL))
    assert consent.reference not in page  # over, and nobody whom the agent works for
    assert client.post(signed_page(consent), a_paper()).status_code == 404


def test_an_auditor_reads_and_records_nothing(auditor: Account, signed_in: SignIn) -> None:
    consent, client = a_representative(on_paper=True), signed_in(auditor)
    assert signed_page(consent) not in opened(client, page_of(consent))
    assert client.get(signed_page(consent)).status_code == 403
    assert client.post(refused_page(consent)).status_code == 403


def test_an_agent_sees_only_what_is_open_or_of_the_people_asked_about(
    agent: Account, officer: Account, signed_in: SignIn
) -> None:
    joined, waiting = a_child().representative, a_representative("other@example.com")
    assert joined is not None
    page = opened(signed_in(agent), list_of(MODEL))
    assert waiting.reference in page
    assert joined.reference not in page
    assert joined.reference in opened(signed_in(officer), list_of(MODEL))


def test_the_childs_page_says_who_consented_when_and_how(officer: Account, signed_in: SignIn) -> None:
    child = a_child(representative=an_agreed_representative("parent@example.com"))
    page = opened(signed_in(officer), page_of(child))
    assert "이*호" in page
    assert "pa******@example.com" in page
    assert shows_nothing_in_full(page)


def test_the_number_of_a_membership_that_is_not_there_yet_leads_to_who_was_asked(
    officer: Account, signed_in: SignIn
) -> None:
    consent = a_representative()
    response = signed_in(officer).get(reverse("admin:members_member_change", args=[consent.pk]))
    assert response["Location"] == page_of(consent)


def test_the_list_takes_as_many_queries_for_many_as_for_one(officer: Account, signed_in: SignIn) -> None:
    client = signed_in(officer)
    a_representative("first@example.com")
    before = queries(client, list_of(MODEL))
    for number in range(5):
        an_agreed_representative(f"parent{number}@example.com")
    assert queries(client, list_of(MODEL)) == before


def test_staff_without_the_right_are_refused_by_the_verb() -> None:
    consent = a_representative()
    with pytest.raises(PortalError) as refusal:
        deciding.record_signed(
            consent.pk,
            delivery="post",
            on=timezone.localdate(),
            identity="x",
            shown=notice_for("individual").pk,
            actor=THE_REPRESENTATIVE,
        )
    assert refusal.value.code == "not_allowed"


def test_a_childs_consent_is_recorded_only_with_where_the_representatives_paper_is(
    officer: Account, signed_in: SignIn
) -> None:
    child, shown = a_child(), notice("general.newsletter")
    address = reverse("admin:consents_consent_record")
    query = f"?member={child.pk}&collection=general.newsletter&said=consent"
    client = signed_in(officer)
    assert "14" in opened(client, address + query)
    paper = {
        "notice": f"{shown.version}:{shown.digest}",
        "method": "document",
        "on": timezone.localdate().isoformat(),
        "language": "ko",
        "reason": "",
        "agree_name": "on",
        "agree_email": "on",
    }
    assert list(client.post(address + query, paper).context["form"].errors) == ["reason"]
    assert client.post(address + query, paper | {"reason": "법정대리인 서명, 서류철 12"}).status_code == 302
