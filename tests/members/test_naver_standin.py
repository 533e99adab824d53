"""The stand-in that plays NAVER answers as NAVER does, and is there in the demo only."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.test import Client, override_settings

from members.naver.standin.people import PEOPLE
from tests.naver import agreed, went

pytestmark = pytest.mark.django_db
ROOT = Path(__file__).parents[2]
US = {"client_id": "privacy-portal-demo", "client_secret": "secret-of-the-demo"}
TOKEN, ME = "/demo/naver/oauth2.0/token", "/demo/naver/v1/nid/me"


def asked(grant_type: str, **more: str) -> Any:
    response = Client().post(TOKEN, {"grant_type": grant_type, **US, **more})
    assert response.status_code == 200
    return response.json()


def a_code(client: Client) -> str:
    return agreed(client, went(client)).partition("code=")[2].partition("&")[0]


def test_a_code_gives_tokens_once(client: Client) -> None:
    code = a_code(client)
    tokens = asked("authorization_code", code=code, state="s")
    assert set(tokens) == {"access_token", "refresh_token", "token_type", "expires_in"}
    assert tokens["expires_in"] == "3600"
    assert asked("authorization_code", code=code, state="s")["error"] == "invalid_request"


def test_the_profile_is_for_a_token_and_nothing_else(client: Client) -> None:
    tokens = asked("authorization_code", code=a_code(client), state="s")
    answer = client.get(ME, headers={"Authorization": f"Bearer {tokens['access_token']}"})
    assert answer.json() == {"resultcode": "00", "message": "success", "response": PEOPLE["complete"]}
    wrong = client.get(ME, headers={"Authorization": "Bearer wrong"})
    assert (wrong.status_code, wrong.json()["resultcode"]) == (401, "024")
    without = client.get(ME)
    assert (without.status_code, without.json()["resultcode"]) == (401, "028")


def test_a_deletion_ends_everything_and_says_success_of_dead_tokens_too(client: Client) -> None:
    tokens = asked("authorization_code", code=a_code(client), state="s")
    fresh = asked("refresh_token", refresh_token=tokens["refresh_token"])
    assert "refresh_token" not in fresh
    for _time in range(2):
        assert asked("delete", access_token=fresh["access_token"], service_provider="NAVER")["result"] == "success"
    assert asked("refresh_token", refresh_token=tokens["refresh_token"])["error"] == "invalid_request"
    headers = {"Authorization": f"Bearer {tokens['access_token']}"}
    assert client.get(ME, headers=headers).status_code == 401


def test_it_knows_the_portal_by_its_secret_and_its_address(client: Client) -> None:
    wrong = client.post(TOKEN, {**US, "client_secret": "wrong", "grant_type": "refresh_token", "refresh_token": "x"})
    assert wrong.json()["error"] == "unauthorized_client"
    page = went(client)
    assert client.get(page).status_code == 200
    elsewhere = page.replace("127.0.0.1%3A8000", "evil.example")
    assert elsewhere != page
    assert client.get(elsewhere).status_code == 400
    assert client.post(elsewhere, {"person": "complete", "answer": "agree"}).status_code == 400


@pytest.mark.parametrize("path", ["/demo/naver/oauth2.0/authorize", TOKEN, ME])
@override_settings(DEMO=False)
def test_it_refuses_outside_the_demo(client: Client, path: str) -> None:
    assert {client.get(path).status_code, client.post(path).status_code} <= {404, 405}
    assert 404 in {client.get(path).status_code, client.post(path).status_code}


def test_production_does_not_even_have_its_addresses(tmp_path: Path) -> None:
    from privacy_portal.audit import signing
    from privacy_portal.vault import keyring

    keyring.create(tmp_path / "keyring.json")
    signing.create(tmp_path / "signing.json")
    environment = {
        "PATH": "/usr/bin:/bin",
        "PORTAL_ENV": "production",
        "DJANGO_SETTINGS_MODULE": "privacy_portal.settings",
        "PORTAL_VAR": str(tmp_path),
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "VAULT_KEYRING": str(tmp_path / "keyring.json"),
        "LEDGER_SIGNING_KEYS": str(tmp_path / "signing.json"),
        "RECEIPT_SIGNING_KEYS": str(tmp_path / "receipts.json"),
        "BASE_URL": "https://privacy.cloud.example",
        "ALLOWED_HOSTS": "privacy.cloud.example",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
    }
    program = """
import django; django.setup()
from django.conf import settings
from django.urls import Resolver404, resolve
try:
    resolve("/demo/naver/oauth2.0/authorize")
except Resolver404:
    print("none", settings.NAVER_CLIENT_ID or "off", settings.NAVER_AUTHORIZE_URL)
"""
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert result.stdout.strip() == "none off https://nid.naver.com/oauth2.0/authorize", result.stderr
