"""What the desk leaves on record, and reads from it: reveals, history, events, the hold on a request."""

from __future__ import annotations

from collections.abc import Callable

from django.test import Client
from django.urls import reverse

from members.models import Account, Member
from privacy_portal.audit.models import AccessEntry, Reveal
from privacy_portal.retention.models import LegalHold
from requests import filing, workflow
from tests.factories import a_file, a_filing, a_request, fresh, staff_acting, the_agent, the_officer
from tests.in_admin import opened, page_of
from tests.requests.desk_pages import step

SignIn = Callable[[Member | Account], Client]


def test_a_value_is_seen_in_full_for_the_request_whose_reference_is_filled_in(
    alice: Member, agent: Account, signed_in: SignIn
) -> None:
    member_request = a_request("information_change_individual", alice)
    client = signed_in(agent)
    step(client, member_request, "take")
    line = client.get(page_of(member_request)).context["asked"][0]
    assert (line.before, line.asked) == ("김*늘", "홍*순")
    form = client.get(line.reveal_url)
    assert member_request.reference in form.content.decode()
    given = {"why": "request", "request_reference": member_request.reference, "remark": ""}
    assert client.post(line.reveal_url, given)["Location"] == page_of(member_request)
    line = client.get(page_of(member_request)).context["asked"][0]
    assert (line.before, line.asked) == ("김하늘", "홍길순")
    assert Reveal.objects.get().request_reference == member_request.reference
    assert AccessEntry.objects.latest("id").in_full


def test_what_a_member_writes_is_read_in_full_by_the_desk_and_on_record_as_such(
    alice: Member, officer: Account, signed_in: SignIn
) -> None:
    member_request = a_request("general_inquiry", alice)
    assert "요금제를 바꾸려면" in opened(signed_in(officer), page_of(member_request))
    entry = AccessEntry.objects.latest("id")
    assert (entry.people, entry.in_full) == ([alice.pk], True)


def test_who_acts_for_the_member_is_masked(alice: Member, officer: Account, signed_in: SignIn) -> None:
    representative = filing.Representative("authorised", "박대리", "010-7777-8888", "동생")
    documents = [a_file("authority_form")]
    asked = a_filing("access", alice, representative=representative, documents=documents)
    member_request = filing.file("access", **asked)
    text = opened(signed_in(officer), page_of(member_request))
    assert "박*리" in text
    assert "010-****-8888" in text
    assert "박대리" not in text
    assert "010-7777-8888" not in text


def test_history_tells_each_step_and_shows_nothing_sealed(alice: Member, officer: Account, signed_in: SignIn) -> None:
    member_request = a_request("deletion", alice, state="done")
    client = signed_in(officer)
    text = opened(client, page_of(member_request, "history"))
    assert "살펴본 결과" not in text
    for account in (the_agent(), the_officer()):
        assert account.staff_name in text
        assert str(account.pk) not in text
    version = member_request.history.first().pk
    opened(client, reverse("admin:requests_memberrequest_version", args=[member_request.pk, version]))
    for event in member_request.events.all():
        opened(client, page_of(event))
        opened(client, page_of(event, "history"))


def test_a_hold_is_placed_from_the_page_of_the_request(alice: Member, officer: Account, signed_in: SignIn) -> None:
    member_request, client = a_request("correction", alice), signed_in(officer)
    url = reverse("admin:retention_legalhold_request", args=[member_request.pk])
    assert url in opened(client, page_of(member_request))
    opened(client, url)
    response = client.post(url, {"reason": "lawsuit", "reference": "2026가합12"})
    assert response["Location"] == page_of(member_request)
    hold = LegalHold.objects.get()
    assert (hold.about, hold.about_id) == (LegalHold.About.REQUEST, member_request.pk)
    assert page_of(hold) in opened(client, page_of(member_request))
    assert page_of(member_request) in opened(client, page_of(hold))


def test_agents_place_no_hold(alice: Member, agent: Account, signed_in: SignIn) -> None:
    member_request = a_request("correction", alice)
    workflow.take(member_request, seen=1, actor=staff_acting(agent))
    client = signed_in(agent)
    url = reverse("admin:retention_legalhold_request", args=[member_request.pk])
    assert url not in opened(client, page_of(fresh(member_request)))
    assert client.post(url, {"reason": "lawsuit"}).status_code == 403
    assert not LegalHold.objects.exists()
