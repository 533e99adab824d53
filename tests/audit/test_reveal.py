"""Values in full: for a stated reason, a short time, one colleague, one person, and on the record."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from members.models import Account, Member
from privacy_portal.audit import revealing
from privacy_portal.audit.models import AccessEntry, Reveal
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from tests.factories import a_consent, staff_acting
from tests.in_admin import list_of, opened, page_of, takes_a_request_of

SignIn = Callable[[Member | Account], Client]
REASON = {"why": "identity", "remark": "전화 본인 확인", "request_reference": "R-2026-7"}


def ask(member: Member, item: str = "", back: str = "") -> str:
    query = {"person": str(member.pk)} | ({"item": item} if item else {}) | ({"next": back} if back else {})
    return reverse("admin:audit_reveal_new") + "?" + "&".join(f"{name}={value}" for name, value in query.items())


def test_one_item_is_shown_in_full_and_nothing_else(
    officer: Account, alice: Member, charlie: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    assert "김하늘" not in opened(client, page_of(alice))
    assert ask(alice, "name") in opened(client, page_of(alice)).replace("&amp;", "&")
    response = client.post(ask(alice, "name"), REASON, follow=True)
    text = response.content.decode()
    assert response.redirect_chain[-1][0] == page_of(alice)
    assert "김하늘" in text
    assert "010-1234-5678" not in text
    assert "Charlotte" not in client.get(page_of(charlie)).content.decode()
    assert "김하늘" not in client.get(list_of("members_member")).content.decode()
    assert "no-store" in response["Cache-Control"]


def test_the_whole_record_is_shown_in_full_with_what_consents_hold(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    client = signed_in(officer)
    assert "하늘상사" not in opened(client, page_of(consent))
    response = client.post(ask(alice, back=page_of(consent)), REASON, follow=True)
    assert response.redirect_chain[-1][0] == page_of(consent)
    assert "하늘상사" in response.content.decode()
    assert "010-1234-5678" in client.get(page_of(alice)).content.decode()


def test_it_is_on_record_with_reason_and_reference_before_anything_is_shown(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    client = signed_in(officer)
    client.post(ask(alice, "name"), REASON)
    [entry] = AccessEntry.objects.filter(what="reveal")
    assert (entry.people, entry.items, entry.request_reference) == ([alice.pk], ["name"], "R-2026-7")
    assert entry.opened_evidence()["reason"] == "identity · 전화 본인 확인"
    client.get(page_of(alice))
    assert AccessEntry.objects.latest("id").in_full


def test_after_ten_minutes_it_is_masked_again(officer: Account, alice: Member, signed_in: SignIn) -> None:
    actor = staff_acting(officer)
    given = {"items": ["name"], "why": "identity", "remark": "", "reference": "R-1"}
    with pretending(timezone.now() - timedelta(minutes=9)):
        revealing.reveal(alice.pk, actor=actor, **given)  # type: ignore[arg-type]
    client = signed_in(officer)
    assert "김하늘" in client.get(page_of(alice)).content.decode()
    with pretending(timezone.now() + timedelta(minutes=2)):
        assert "김하늘" not in client.get(page_of(alice)).content.decode()


def test_nobody_else_sees_it(officer: Account, agent: Account, alice: Member, signed_in: SignIn) -> None:
    takes_a_request_of(agent, alice)
    signed_in(officer).post(ask(alice), REASON)
    opened(signed_in(agent), page_of(alice))


def test_it_can_be_ended_at_once(officer: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(officer)
    client.post(ask(alice), REASON)
    made = Reveal.objects.get()
    address = reverse("admin:audit_reveal_end", args=[made.pk])
    assert address in client.get(page_of(alice)).content.decode()
    client.post(f"{address}?next={page_of(alice)}")
    opened(client, page_of(alice))
    assert made.history.count() == 2


@pytest.mark.parametrize(
    ("changes", "who"),
    [
        ({"why": ""}, "officer"),
        ({"why": "other", "remark": ""}, "officer"),
        ({"why": "request", "request_reference": ""}, "officer"),
        ({"request_reference": ""}, "agent"),
        ({"request_reference": "   "}, "agent"),
    ],
)
def test_without_a_reason_or_the_reference_it_needs_nothing_is_shown(
    changes: dict[str, str], who: str, alice: Member, signed_in: SignIn, request: pytest.FixtureRequest
) -> None:
    account = request.getfixturevalue(who)
    takes_a_request_of(account, alice)
    client = signed_in(account)
    response = client.post(ask(alice, "name"), {**REASON, **changes})
    assert response.status_code == 200
    assert "record-field-bad" in response.content.decode()
    assert not Reveal.objects.exists()
    opened(client, page_of(alice))


def test_the_rule_holds_wherever_it_is_asked(officer: Account, alice: Member) -> None:
    with pytest.raises(PortalError) as refused:
        revealing.reveal(
            alice.pk,
            items=[],
            why="request",
            remark="",
            reference=" ",
            actor=staff_acting(officer),
        )
    assert (refused.value.code, refused.value.field) == ("reference_needed", "request_reference")


def test_an_officer_needs_no_reference_where_no_request_is_named(
    officer: Account, alice: Member, signed_in: SignIn
) -> None:
    signed_in(officer).post(ask(alice), {**REASON, "request_reference": ""})
    assert Reveal.objects.exists()


def test_the_auditor_sees_nothing_in_full(auditor: Account, alice: Member, signed_in: SignIn) -> None:
    client = signed_in(auditor)
    assert reverse("admin:audit_reveal_new") not in opened(client, page_of(alice))
    assert client.get(ask(alice)).status_code == 403
    assert client.post(ask(alice), REASON).status_code == 403


@pytest.mark.parametrize("query", ["", "person=x", "person=00000000-0000-0000-0000-000000000000"])
def test_what_is_nobodys_number_is_no_page(query: str, officer: Account, signed_in: SignIn) -> None:
    assert signed_in(officer).get(f"{reverse('admin:audit_reveal_new')}?{query}").status_code == 404


@pytest.mark.parametrize("page", ["https://evil.example/", "//evil.example/", "/admin/..//evil.example", "/my/"])
def test_one_is_never_led_to_another_site(page: str, officer: Account, alice: Member, signed_in: SignIn) -> None:
    response = signed_in(officer).post(ask(alice, back=page), REASON)
    assert response["Location"].startswith("/admin/")


def test_officers_watch_reveals_live_without_looking_at_the_person(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    takes_a_request_of(agent, alice)
    signed_in(agent).post(ask(alice, "name"), REASON)
    before = AccessEntry.objects.count()
    client, address = signed_in(officer), reverse("admin:audit_reveal_now")
    text = opened(client, address)
    assert 'hx-trigger="every 10s"' in text
    assert 'hx-trigger="every 10s"' not in opened(client, f"{address}?paused")
    part = opened(client, f"{address}?part")
    for shown in (agent.staff_name, "R-2026-7"):
        assert shown in part
    assert str(alice.pk) not in text
    assert AccessEntry.objects.count() == before
    assert signed_in(agent).get(address).status_code == 403
    client.post(reverse("admin:audit_reveal_end", args=[Reveal.objects.get().pk]) + "?next=now")
    assert agent.staff_name not in opened(client, f"{address}?part")


def test_a_colleagues_reveal_is_ended_by_officers_only(
    officer: Account, agent: Account, alice: Member, signed_in: SignIn
) -> None:
    signed_in(officer).post(ask(alice), REASON)
    address = reverse("admin:audit_reveal_end", args=[Reveal.objects.get().pk])
    assert signed_in(agent).post(address).status_code == 403
