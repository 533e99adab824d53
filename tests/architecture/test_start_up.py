"""In production a missing or weak secret stops the start with a sentence that names it."""

from __future__ import annotations

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
    environment = {
        "PATH": "/usr/bin:/bin",
        "PORTAL_ENV": "production",
        "PORTAL_VAR": str(folder),
        "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
        "VAULT_KEYRING": str(ring),
        "LEDGER_SIGNING_KEYS": str(signing_keys),
        "BASE_URL": "https://privacy.cloud.example",
        "ALLOWED_HOSTS": "privacy.cloud.example",
        "DATABASE_URL": "postgres://nobody@localhost/nothing",
    }
    merged = {name: value for name, value in (environment | changes).items() if value is not None}
    return subprocess.run(
        [sys.executable, "-c", "import privacy_portal.wsgi"], capture_output=True, text=True, env=merged, cwd=ROOT
    )


def test_a_whole_set_of_secrets_starts(tmp_path: Path) -> None:
    result = start(tmp_path)
    assert result.returncode == 0, result.stderr


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
        ({"BASE_URL": None}, "BASE_URL is missing"),
        ({"BASE_URL": "http://privacy.cloud.example"}, "BASE_URL does not begin with https://"),
        ({"ALLOWED_HOSTS": None}, "ALLOWED_HOSTS is empty"),
        ({"NAVER_CLIENT_ID": "an id"}, "NAVER_CLIENT_SECRET is missing"),
        ({"NAVER_TOKEN_URL": "http://nid.example/token"}, "NAVER_TOKEN_URL does not begin with https://"),
        ({"DATABASE_URL": None}, "DATABASE_URL is missing"),
        ({"PORTAL_ENV": "staging"}, "PORTAL_ENV must be"),
    ],
)
def test_what_is_missing_or_weak_is_named(tmp_path: Path, changes: dict[str, str | None], sentence: str) -> None:
    result = start(tmp_path, **changes)
    assert result.returncode != 0
    assert sentence in result.stderr


def test_a_keyring_that_others_can_read_is_refused(tmp_path: Path) -> None:
    ring = tmp_path / "keyring.json"
    keyring.create(ring)
    ring.chmod(0o644)
    assert "can be read by others" in start(tmp_path).stderr
