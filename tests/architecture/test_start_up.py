"""In production a missing or weak secret stops the start with a sentence that names it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from privacy_portal.audit import signing
from privacy_portal.vault import keyring

ROOT = Path(__file__).parents[2]


def start(folder: Path, **changes: str | None) -> subprocess.CompletedProcess[str]:
    ring = folder / "keyring.json"
    if not ring.exists():
        keyring.create(ring)
    signing_keys = folder / "ledger-signing.json"
    if not signing_keys.exists():
        signing.create(signing_keys)
    receipt_keys = folder / "receipt-signing.json"
    if not receipt_keys.exists():
        signing.create(receipt_keys)
    environment = {
        "PATH": "/usr/bin:/bin",
        "PORTAL_ENV": "production",
        "PORTAL_VAR": str(folder),
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "VAULT_KEYRING": str(ring),
        "LEDGER_SIGNING_KEYS": str(signing_keys),
        "RECEIPT_SIGNING_KEYS": str(receipt_keys),
        "COMPANY_ADDRESS": "1 Cloud Road, Seoul",
        "COMPANY_PRIVACY_CONTACT": "Privacy team",
        "COMPANY_PRIVACY_EMAIL": "privacy@cloud.example",
        "COMPANY_PRIVACY_PHONE": "02-555-0101",
        "BASE_URL": "https://privacy.cloud.example",
        "ALLOWED_HOSTS": "privacy.cloud.example",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
        "DATABASE_WAIT_SECONDS": "0",
    }
    merged = {name: value for name, value in (environment | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", "import privacy_portal.wsgi"], capture_output=True, text=True, env=merged, cwd=ROOT
    )


def test_a_whole_set_of_secrets_starts(tmp_path: Path) -> None:
    result = start(tmp_path)
    assert result.returncode == 0, result.stderr


def test_a_web_server_whose_database_stays_away_starts_and_says_so(tmp_path: Path) -> None:
    result = start(tmp_path, DATABASE_WAIT_SECONDS="2")
    assert result.returncode == 0, result.stderr
    waiting, gave_up = [json.loads(line) for line in result.stderr.splitlines() if line.startswith("{")]
    assert waiting["event"] == "waiting_for_database"
    assert "trying for" in waiting["why"]
    assert gave_up["event"] == "database_not_reached"


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"SECRET_KEY": None}, "SECRET_KEY is missing or shorter"),
        ({"SECRET_KEY": "short"}, "SECRET_KEY is missing or shorter"),
        ({"SECRET_KEY": "a" * 80}, "SECRET_KEY is weak."),
        ({"VAULT_KEYRING": None}, "VAULT_KEYRING is missing"),
        ({"VAULT_KEYRING": "/nowhere/keyring.json"}, "The keyring /nowhere/keyring.json cannot be read"),
        ({"LEDGER_SIGNING_KEYS": None}, "LEDGER_SIGNING_KEYS is missing"),
        ({"LEDGER_SIGNING_KEYS": "/nowhere/signing.json"}, "The signing keys /nowhere/signing.json cannot be read"),
        ({"RECEIPT_SIGNING_KEYS": None}, "RECEIPT_SIGNING_KEYS is missing"),
        ({"RECEIPT_SIGNING_KEYS": "/nowhere/receipts.json"}, "The signing keys /nowhere/receipts.json cannot be read"),
        ({"COMPANY_ADDRESS": None}, "COMPANY_ADDRESS is empty"),
        ({"BASE_URL": None}, "BASE_URL is missing"),
        ({"BASE_URL": "http://privacy.cloud.example"}, "BASE_URL does not begin with https://"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is empty"),
        ({"NAVER_CLIENT_ID": "an id"}, "NAVER_CLIENT_SECRET is missing"),
        ({"NAVER_TOKEN_URL": "http://nid.example/token"}, "NAVER_TOKEN_URL does not begin with https://"),
        ({"DATABASE_URL": None}, "DATABASE_URL is missing"),
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV must be"),
        ({"METRICS_TOKEN": "short"}, "METRICS_TOKEN is weak."),
        ({"METRICS_ADDRESSES": "everywhere"}, "METRICS_ADDRESSES must be networks"),
    ],
)
def test_what_is_missing_or_weak_is_named(tmp_path: Path, changes: dict[str, str | None], sentence: str) -> None:
    result = start(tmp_path, **changes)
    assert result.returncode != 0
    assert sentence in result.stderr


def test_ledger_and_receipts_have_keys_of_their_own(tmp_path: Path) -> None:
    keys = str(tmp_path / "ledger-signing.json")
    assert "one signing key" in start(tmp_path, RECEIPT_SIGNING_KEYS=keys).stderr


def test_a_keyring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ring = tmp_path / "keyring.json"
    keyring.create(ring)
    ring.chmod(0o644)
    assert "can be read by others" in start(tmp_path).stderr
