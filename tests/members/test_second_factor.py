"""The second factor: staff need one before the admin opens; what is kept of it cannot be read; the last one stays."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes
from allauth.mfa.totp.internal.auth import TOTP
from django.contrib import admin
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.urls import URLPattern, URLResolver, reverse

from members.models import Account, Member
from members.second_factor import factors
from members.staff import PRIVACY_OFFICER
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.serving.code import code_at
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.errors import DoesNotOpen
from tests import second_factor
from tests.factories import PASSWORD, SYSTEM, a_staff_account, staff_acting
from tests.in_admin import page_of

pytestmark = pytest.mark.django_db
SignIn = Callable[[Member | Account], Client]
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# What the admin has that is not a page of it: the way in and out.
WAYS = {"login", "logout"}


@pytest.fixture(autouse=True)
def nothing_used_yet() -> None:
    cache.clear()


def by_password_alone(account: Account) -> Client:
    client = Client()
    client.force_login(account, backend=BACKEND)
    return client


def types_password(client: Client, email: str) -> Any:
    return client.post(reverse("account_login"), {"login": email, "password": PASSWORD})


def admin_addresses(patterns: Any = None, prefix: str = "/admin/") -> Iterator[tuple[str, str]]:
    """Name and address of every page of the admin, with something put in for its parameters."""
    for pattern in admin.site.get_urls() if patterns is None else patterns:
        route = str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from admin_addresses(pattern.url_patterns, prefix + route)
        elif isinstance(pattern, URLPattern):
            number = "7b0c7f4e-4d0a-4f7e-9d3b-0a6f0e2f9a11"
            filled = re.sub(r"\(\?P<\w+>[^)]*\)", "members", route).strip("^$")
            filled = re.sub(r"<int:\w+>", "7", filled)
            yield pattern.name or "", prefix + re.sub(r"<(?:\w+:)?\w+>", number, filled)


def test_no_page_of_the_admin_opens_without_the_second_factor(officer: Account) -> None:
    officer.is_superuser = True
    officer.save()
    client = by_password_alone(officer)
    addresses = [(name, address) for name, address in admin_addresses() if name not in WAYS]
    assert len(addresses) > 100
    for name, address in addresses:
        for answer in (client.get(address), client.post(address, {"post": "yes"})):
            assert answer.status_code == 302, (name, address, answer.status_code)
            assert answer["Location"].startswith("/admin/login/"), (name, answer["Location"])
    way = client.get(reverse("admin:login"), {"next": "/admin/members/member/"})
    assert way["Location"] == reverse("mfa_index")


def test_who_has_a_factor_but_did_not_show_it_in_this_session_is_asked_for_it(officer: Account) -> None:
    second_factor.an_app(officer)
    client = by_password_alone(officer)

    chain = client.get("/admin/members/member/", follow=True).redirect_chain

    assert chain[-1][0].startswith(reverse("mfa_reauthenticate"))
    answer = client.post(chain[-1][0], {"code": second_factor.code_of(officer)})
    assert answer["Location"] == "/admin/members/member/"
    assert client.get("/admin/members/member/").status_code == 200


def test_staff_sign_in_with_password_and_code(officer: Account) -> None:
    secret = second_factor.an_app(officer)
    client = Client()

    assert types_password(client, "officer@cloud.example")["Location"] == reverse("mfa_authenticate")
    assert client.get("/admin/").status_code == 302, "half way in is not in"
    wrong = client.post(reverse("mfa_authenticate"), {"code": "000000"})
    assert wrong.status_code == 200
    code = code_at(secret, time.time())
    assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == 302
    assert client.get("/admin/").status_code == 200

    # Whoever looked over the shoulder cannot use the same code again.
    another = Client()
    types_password(another, "officer@cloud.example")
    assert another.post(reverse("mfa_authenticate"), {"code": code}).status_code == 200
    assert another.get("/admin/").status_code == 302


def test_a_new_colleague_sets_an_app_up_and_is_let_in(
    officer: Account, django_capture_on_commit_callbacks: Any
) -> None:
    client = Client()
    types_password(client, "officer@cloud.example")
    assert client.get("/admin/", follow=True).redirect_chain[-1][0] == reverse("mfa_index")
    again = client.get(reverse("mfa_activate_totp"), follow=True).redirect_chain[-1][0]
    client.post(again, {"password": PASSWORD})
    page = client.get(reverse("mfa_activate_totp"))
    secret = page.context["form"].secret
    assert secret in page.content.decode()
    assert 'src="data:image/svg+xml;base64,' in page.content.decode()
    assert "officer@cloud.example" not in page.content.decode()

    with django_capture_on_commit_callbacks(execute=True):
        answer = client.post(reverse("mfa_activate_totp"), {"code": code_at(secret, time.time())})

    assert answer["Location"] == reverse("mfa_view_recovery_codes")
    shown = re.findall(r"<li><code>(\d{8})</code>", client.get(answer["Location"]).content.decode())
    assert len(shown) == 10
    assert client.get(reverse("mfa_view_recovery_codes")).content.decode().count("<li><code>") == 0, "shown once"
    assert client.get("/admin/").status_code == 200
    assert officer.history.latest().history_change_reason == "authenticator app added"
    (message,) = mail.outbox
    assert message.to == ["officer@cloud.example"]
    assert "officer@cloud.example" not in str(message.body) + str(message.subject)


def test_an_app_on_a_new_telephone_takes_the_place_of_the_old_one(officer: Account, signed_in: SignIn) -> None:
    old = second_factor.an_app(officer)
    client = signed_in(officer)
    new = client.get(reverse("mfa_activate_totp")).context["form"].secret
    client.post(reverse("mfa_activate_totp"), {"code": code_at(new, time.time())})
    assert factors.app_secret(officer) == new != old


def test_a_recovery_code_works_once(officer: Account) -> None:
    second_factor.an_app(officer)
    code = RecoveryCodes.activate(officer).get_unused_codes()[0]
    for expected in (302, 200):
        client = Client()
        types_password(client, "officer@cloud.example")
        assert client.post(reverse("mfa_authenticate"), {"code": code}).status_code == expected


def test_the_last_factor_of_staff_stays(officer: Account, signed_in: SignIn) -> None:
    second_factor.an_app(officer)
    client = signed_in(officer)
    page = client.post(reverse("mfa_deactivate_totp"))
    assert page.status_code == 200
    assert factors.has_second_factor(officer)

    Authenticator.objects.filter(user=officer).delete()
    passkey = Authenticator.objects.create(user=officer, type="webauthn", data={"name": "열쇠", "credential": {}})
    client.post(reverse("mfa_remove_webauthn", args=[passkey.pk]))
    assert factors.has_second_factor(officer)


def test_a_member_may_go_without_again(alice: Member, signed_in: SignIn) -> None:
    assert alice.account is not None
    secret = second_factor.an_app(alice.account)
    client = signed_in(alice)
    again = client.get(reverse("mfa_deactivate_totp"), follow=True).redirect_chain[-1][0]
    assert again.startswith(reverse("mfa_reauthenticate")), "whoever has a factor is asked for that, not the password"
    assert client.post(again, {"code": code_at(secret, time.time())}).status_code == 302
    client.post(reverse("mfa_deactivate_totp"))
    assert not factors.has_second_factor(alice.account)


def test_nobody_touches_the_passkey_of_another(alice: Member, charlie: Member, signed_in: SignIn) -> None:
    data = {"name": "김하늘의 열쇠", "credential": {}}
    passkey = Authenticator.objects.create(user=alice.account, type="webauthn", data=data)
    client = signed_in(charlie)
    second_factor.shows_it(client, charlie.account)  # type: ignore[arg-type]
    for page in ("mfa_edit_webauthn", "mfa_remove_webauthn"):
        assert client.get(reverse(page, args=[passkey.pk])).status_code == 404


def test_nothing_of_a_factor_can_be_read_in_the_database(officer: Account) -> None:
    secret = second_factor.an_app(officer)
    RecoveryCodes.activate(officer)
    Authenticator.objects.create(
        user=officer, type="webauthn", data={"name": "가람의 열쇠", "credential": {"id": "abc"}}
    )
    with connection.cursor() as cursor:
        cursor.execute("SELECT data::text FROM mfa_authenticator")
        kept = [row[0] for row in cursor.fetchall()]
    assert len(kept) == 3
    assert all(re.fullmatch(r'\{"sealed": "[A-Za-z0-9+/=]+"\}', text) for text in kept)
    opened = {row.type: row.data for row in Authenticator.objects.filter(user=officer)}
    assert opened["totp"] == {"secret": secret}
    assert opened["webauthn"]["name"] == "가람의 열쇠"


def test_a_secret_moved_to_another_account_does_not_open(officer: Account, agent: Account) -> None:
    second_factor.an_app(agent)
    Authenticator.objects.filter(user=agent).update(user=officer)
    with pytest.raises(DoesNotOpen):
        Authenticator.objects.get(user=officer)


def test_a_lost_factor_is_reset_by_another_officer_and_every_session_ends(officer: Account, agent: Account) -> None:
    second_factor.an_app(agent)
    client = Client()
    types_password(client, "agent@cloud.example")
    client.post(reverse("mfa_authenticate"), {"code": second_factor.code_of(agent)})
    assert client.get("/admin/").status_code == 200

    factors.reset(agent, reason="telephone lost", actor=staff_acting(officer))

    assert not factors.has_second_factor(agent)
    assert client.get("/admin/").status_code == 302
    assert agent.history.latest().history_user_id == officer.pk
    assert agent.history.latest().history_change_reason == "second factor reset: telephone lost"


@pytest.mark.parametrize(("who", "code"), [("agent", "not_allowed"), ("officer", "own_factor")])
def test_a_factor_is_reset_neither_by_an_agent_nor_by_its_own_person(
    who: str, code: str, officer: Account, agent: Account
) -> None:
    second_factor.an_app(officer)
    actors: dict[str, Actor] = {"agent": staff_acting(agent), "officer": staff_acting(officer)}
    with pytest.raises(PortalError) as refused:
        factors.reset(officer, reason="lost", actor=actors[who])
    assert refused.value.code == code
    assert factors.has_second_factor(officer)


def test_an_officer_resets_a_colleagues_factor_in_the_admin(agent: Account, signed_in: SignIn) -> None:
    officer = a_staff_account("second@cloud.example", PRIVACY_OFFICER)
    second_factor.an_app(agent)
    client = signed_in(officer)
    assert page_of(agent, "reset_factor") in client.get(page_of(agent)).content.decode()
    client.post(page_of(agent, "reset_factor"), {"reason": "telephone lost"})
    assert not factors.has_second_factor(agent)


def test_too_many_wrong_codes_lock_the_second_step(officer: Account, settings: Any) -> None:
    """A3. The limits are off in other tests."""
    settings.ACCOUNT_RATE_LIMITS = {}
    second_factor.an_app(officer)
    client = Client()
    types_password(client, "officer@cloud.example")
    for _attempt in range(5):
        client.post(reverse("mfa_authenticate"), {"code": "000000"})
    answer = client.post(reverse("mfa_authenticate"), {"code": second_factor.code_of(officer)})
    assert answer.status_code == 200
    assert client.get("/admin/").status_code == 302


def test_too_many_wrong_passwords_lock_the_sign_in(alice: Member, settings: Any) -> None:
    """A3."""
    settings.ACCOUNT_RATE_LIMITS = {}
    client = Client()
    for _attempt in range(5):
        client.post(reverse("account_login"), {"login": "alice@example.com", "password": "wrong"})
    assert types_password(client, "alice@example.com").status_code == 200
    for _attempt in range(30):
        answer = types_password(client, "alice@example.com")
    assert answer.status_code == 429
    assert "a few minutes" in answer.content.decode() or "몇 분" in answer.content.decode()


def test_a_factor_whose_ground_has_ended_opens_for_nobody(alice: Member) -> None:
    assert alice.account is not None
    TOTP.activate(alice.account, "JBSWY3DPEHPK3PXP")
    destroy_key(alice.account.data_key_id, because="membership.closed", actor=SYSTEM)
    assert Authenticator.objects.get(user=alice.account).data == {}
    factors.forget(alice.account)
    assert not Authenticator.objects.filter(user=alice.account).exists()
