"""Signed receipts: whoever holds one and the public keys can prove it, and nobody can change a byte of it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError
from django.test import Client
from hypothesis import example, given
from hypothesis import strategies as st
from joserfc import jws
from joserfc.jwk import KeySet

from consents.models import Consent
from consents.receipts import signing
from consents.receipts.content import facts_of
from consents.receipts.jws import NotVerified, encoded, verified
from consents.receipts.writing import FORMS
from members.models import Member
from tests.factories import a_consent

ROOT = Path(__file__).parents[2]
CONTENT = '{"receipt": "누구에게, 무엇을"}'.encode()


@pytest.fixture(autouse=True)
def key_file(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The file of all tests, to be changed by one; put back as it was afterwards."""
    path, aside = Path(settings.RECEIPT_SIGNING_KEYS), tmp_path_factory.mktemp("keys") / "as_it_was.json"
    shutil.copy2(path, aside)
    yield path
    shutil.copy2(aside, path)


def a_signed_receipt(member: Member) -> str:
    consent = a_consent(member, "general.newsletter", company_name="하늘상사")
    return FORMS["signed"].write(facts_of(Consent.objects.get(pk=consent.pk))).decode()


def published() -> Any:
    response = Client().get("/.well-known/jwks.json")
    assert (response.status_code, response["Content-Type"]) == (200, "application/jwk-set+json")
    return response.json()


def test_a_receipt_verifies_with_the_keys_that_are_published(alice: Member) -> None:
    receipt = a_signed_receipt(alice)
    consent = Consent.objects.get()
    found = verified(receipt, published())
    assert found.content == FORMS["iso"].write(facts_of(consent))
    flat = FORMS["signed_json"].write(facts_of(consent)).decode()
    assert verified(flat, published()) == found


def test_another_library_verifies_it_too(alice: Member) -> None:
    receipt = a_signed_receipt(alice)
    found = jws.deserialize_compact(receipt, KeySet.import_key_set(published()), algorithms=["EdDSA"])
    assert json.loads(found.payload)["@type"] == "dpv:ConsentReceipt"
    assert found.headers()["cty"] == "ld+json"


COMPACT = signing.signed(CONTENT, "application/ld+json")


@given(st.integers(0, len(COMPACT) - 1), st.characters(max_codepoint=0x2FF))
@example(len(COMPACT) - 1, chr(ord(COMPACT[-1]) + 1))  # of its last character only some bits count
@example(0, " ")
def test_no_character_of_a_signed_receipt_can_be_another(place: int, other: str) -> None:
    changed = COMPACT[:place] + other + COMPACT[place + 1 :]
    if changed != COMPACT:
        with pytest.raises(NotVerified):
            verified(changed, signing.public_keys())


@given(st.text())
def test_anything_else_is_no_signed_receipt(text: str) -> None:
    with pytest.raises(NotVerified):
        verified(text, signing.public_keys())


@pytest.mark.parametrize(
    "header",
    [
        {"alg": "none"},
        {"alg": "HS256"},
        {"alg": "EdDSA", "kid": "unknown"},
        {"alg": "EdDSA", "crit": ["b64"], "b64": False},
        ["alg"],
    ],
)
def test_what_the_receipt_says_of_its_signature_is_not_believed(header: Any) -> None:
    if isinstance(header, dict):
        header = {"kid": signing.public_keys()["keys"][0]["kid"]} | header
    _protected, payload, signature = COMPACT.split(".")
    for forged in (f"{encoded(json.dumps(header).encode())}.{payload}.{end}" for end in ("", signature)):
        with pytest.raises(NotVerified):
            verified(forged, signing.public_keys())


def test_a_receipt_signed_before_the_key_rotated_verifies_as_before(alice: Member) -> None:
    old = a_signed_receipt(alice)
    said = StringIO()
    call_command("rotate_receipt_key", stdout=said)
    new = FORMS["signed"].write(facts_of(Consent.objects.get())).decode()
    keys = published()
    assert len(keys["keys"]) == 2
    assert verified(old, keys).content == verified(new, keys).content
    assert verified(old, keys).key_id != verified(new, keys).key_id
    assert said.getvalue() == f"Receipts are signed with {verified(new, keys).key_id} from now on.\n"


def test_only_public_halves_of_receipt_keys_are_published(key_file: Path, db: None) -> None:
    private = json.loads(key_file.read_text())["private_key"]
    shown = json.dumps(published())
    assert set(published()["keys"][0]) == {"alg", "crv", "kid", "kty", "use", "x"}
    assert private.rstrip("=") not in shown.replace("-", "+").replace("_", "/")
    ledger = json.loads(Path(settings.LEDGER_SIGNING_KEYS).read_text())
    assert ledger["active"] not in shown


def test_the_command_verifies_a_file_and_names_what_is_wrong(alice: Member, tmp_path: Path) -> None:
    receipt, keys = tmp_path / "receipt.jws", tmp_path / "jwks.json"
    receipt.write_text(a_signed_receipt(alice) + "\n")
    keys.write_text(json.dumps(published()))
    said, aside = StringIO(), StringIO()
    call_command("verify_receipt", str(receipt), jwks=str(keys), stdout=said, stderr=aside)
    assert json.loads(said.getvalue())["consent_record"]["pii_principal_id"] == f"urn:uuid:{alice.pk}"
    assert "as it was signed" in aside.getvalue()
    call_command("verify_receipt", str(receipt), stdout=StringIO(), stderr=StringIO())
    untouched = receipt.read_text()
    receipt.write_text(untouched.replace("e", "f", 1))
    with pytest.raises(CommandError, match="no signed receipt"):
        call_command("verify_receipt", str(receipt), jwks=str(keys))
    receipt.write_text(untouched)
    with pytest.raises(CommandError, match="No such file"):
        call_command("verify_receipt", str(tmp_path / "nowhere"))
    keys.write_text("[]")
    with pytest.raises(CommandError, match="no JWK Set"):
        call_command("verify_receipt", str(receipt), jwks=str(keys))


def the_program_in_the_docs(start: str) -> str:
    """The block of docs/receipts.md that begins with `start`."""
    text = (ROOT / "docs/receipts.md").read_text()
    return text[text.index(start) :].split("\n", 1)[1].split("```", 1)[0]


@pytest.mark.skipif(not (shutil.which("openssl") and shutil.which("jq")), reason="openssl or jq is not installed")
def test_the_lines_in_the_docs_verify_a_receipt_without_the_portal(alice: Member, tmp_path: Path) -> None:
    (tmp_path / "receipt.jws").write_text(a_signed_receipt(alice))
    (tmp_path / "jwks.json").write_text(json.dumps(published()))
    for program in (
        [sys.executable, "-I", "-c", the_program_in_the_docs("```python")],
        ["bash", "-ec", the_program_in_the_docs("```sh\n# with openssl")],
    ):
        result = subprocess.run(program, capture_output=True, text=True, cwd=tmp_path)
        assert result.returncode == 0, result.stderr
        assert str(alice.pk) in result.stdout or "Verified Successfully" in result.stdout
    changed = (tmp_path / "receipt.jws").read_text()
    (tmp_path / "receipt.jws").write_text(changed[:200] + ("A" if changed[200] != "A" else "B") + changed[201:])
    for program in (
        [sys.executable, "-I", "-c", the_program_in_the_docs("```python")],
        ["bash", "-ec", the_program_in_the_docs("```sh\n# with openssl")],
    ):
        assert subprocess.run(program, capture_output=True, cwd=tmp_path).returncode != 0
