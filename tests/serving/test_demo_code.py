"""The demo's staff: the secret of each one's authenticator app, and the command that shows its code."""

from __future__ import annotations

import base64
import json
import os
import subprocess
import time
from pathlib import Path

import pytest

from consents.demo import cast, making
from members.addresses import account_with
from members.second_factor import factors
from privacy_portal.serving.code import code_at

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(("moment", "code"), [(59, "287082"), (1111111109, "081804"), (2000000000, "279037")])
def test_a_code_is_the_one_of_the_standard(moment: int, code: str) -> None:
    """RFC 6238, appendix B, the last six digits."""
    assert code_at(base64.b32encode(b"12345678901234567890").decode(), moment) == code


def told(var: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "PORTAL_VAR": str(var)}
    return subprocess.run([ROOT / "bin" / "code", *arguments], env=environment, capture_output=True, text=True)


def test_the_command_prints_the_code_that_holds_now(tmp_path: Path) -> None:
    secret = base64.b32encode(b"12345678901234567890").decode()
    people = [{"email": "a@example.com"}, {"email": "officer@cloud.example", "totp_secret": secret}]
    (tmp_path / "demo.json").write_text(json.dumps({"people": people}))
    before = time.time()
    printed = told(tmp_path, "officer@cloud.example").stdout.split()[0]
    assert printed in (code_at(secret, before), code_at(secret, time.time()))
    wrong = told(tmp_path, "a@example.com")
    assert wrong.returncode == 1
    assert "officer@cloud.example" in wrong.stderr


def test_where_there_is_no_demo_it_says_so(tmp_path: Path) -> None:
    refused = told(tmp_path, "officer@cloud.example")
    assert refused.returncode == 1
    assert refused.stderr.startswith("There is no demo here")


@pytest.mark.django_db
def test_each_sign_in_of_staff_tells_the_secret_of_their_app() -> None:
    making._staff()
    secrets = {one["email"]: one["totp_secret"] for one in cast.sign_ins() if "totp_secret" in one}
    assert set(secrets) == {person["email"] for person in cast.staff()}
    officer = account_with("officer@cloud.example")
    assert officer is not None
    assert factors.app_secret(officer) == secrets["officer@cloud.example"]
    assert len(set(secrets.values())) == len(secrets)
