"""The key that signs: kept apart, rotated, and told what is wrong with its file."""

from __future__ import annotations

import base64
import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.core.management import call_command
from django.core.management.base import CommandError

from privacy_portal.audit import signing
from privacy_portal.audit.ledger.keys import read_public_keys
from privacy_portal.audit.ledger.problems import LedgerError
from privacy_portal.audit.models import Checkpoint
from tests.ledger import EVENTS, close, events, found, found_in_dump

ROOT = Path(__file__).parents[2]


@pytest.fixture
def key_file(tmp_path: Path) -> Iterator[Path]:
    """The file of all tests, to be changed by this one; put back as it was afterwards."""
    path = Path(settings.LEDGER_SIGNING_KEYS)
    shutil.copy2(path, tmp_path / "as_it_was.json")
    yield path
    shutil.copy2(tmp_path / "as_it_was.json", path)


def rotate() -> str:
    said = StringIO()
    call_command("rotate_signing_key", stdout=said)
    return said.getvalue()


@pytest.mark.django_db(transaction=True)
def test_what_an_old_key_signed_can_be_verified_after_it_rotated(key_file: Path, tmp_path: Path) -> None:
    events(1)
    close()
    old = signing.load(key_file)
    assert rotate() == f"Checkpoints are signed with {signing.load(key_file).active} from now on.\n"
    events(1)
    close()
    keys = list(Checkpoint.objects.filter(table=EVENTS).order_by("number").values_list("key", flat=True))
    assert keys == [old.active, signing.load(key_file).active]
    assert found() == found_in_dump(tmp_path / "dump.sql") == ["6 rows in 4 checkpoints of 2 tables agree."]


@pytest.mark.django_db(transaction=True)
def test_a_key_that_was_given_up_signs_nothing_any_more(key_file: Path) -> None:
    stolen = key_file.read_bytes()
    old = signing.load(key_file).active
    events(1)
    close()
    rotate()
    events(1)
    close()
    kept = key_file.read_bytes()
    assert base64.b64encode(signing.load(key_file).private_key.private_bytes_raw()) not in stolen
    key_file.write_bytes(stolen)
    events(1)
    close()
    key_file.write_bytes(kept)
    assert found()[0] == f"Checkpoint 3 of {EVENTS} is signed with the key {old}, which had been given up before."


def test_rotating_forgets_the_old_private_key(key_file: Path) -> None:
    old = json.loads(key_file.read_text())
    rotate()
    new = json.loads(key_file.read_text())
    assert old["private_key"] not in key_file.read_text()
    assert old["public_keys"].items() < new["public_keys"].items()
    assert key_file.stat().st_mode & 0o777 == 0o600


def content_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def put(**parts: Any) -> Callable[[Path], object]:
    return lambda path: path.write_text(json.dumps(content_of(path) | parts))


BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: path.unlink(), "cannot be read: No such file"),
    "readable by others": (lambda path: path.chmod(0o640), "can be read by others. Set the file's mode to 0600"),
    "empty": (lambda path: path.write_text(""), "not in the format"),
    "a list": (lambda path: path.write_text("[]"), "not in the format"),
    "a short key": (put(private_key="c2hvcnQ="), "not in the format"),
    "a key of no kind": (put(private_key="%%%"), "not in the format"),
    "public keys of no kind": (put(public_keys={"a": "c2hvcnQ="}), "not in the format"),
    "the public half missing": (put(public_keys={}), "do not hold the public half of the key they sign with"),
}


@pytest.mark.parametrize("damage", BROKEN)
def test_what_is_wrong_with_the_file_is_told(damage: str, key_file: Path, db: None) -> None:
    act, said = BROKEN[damage]
    act(key_file)
    with pytest.raises(LedgerError, match=said) as told:
        signing.load(key_file)
    assert str(key_file) in str(told.value)
    for command in ("rotate_signing_key", "export_ledger_keys", "verify_ledger"):
        with pytest.raises(CommandError, match=said):
            call_command(command)


@pytest.mark.django_db(transaction=True)
def test_without_its_key_the_job_fails_and_makes_up_for_it_later(key_file: Path) -> None:
    events(1)
    kept = key_file.read_bytes()
    key_file.unlink()
    with pytest.raises(LedgerError, match="cannot be read"):
        close()
    assert not Checkpoint.objects.exists()
    key_file.write_bytes(kept)
    key_file.chmod(0o600)
    close()
    assert found() == ["3 rows in 2 checkpoints of 2 tables agree."]


def made(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "privacy_portal.audit.signing", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, cwd=ROOT, env={"PATH": "/usr/bin:/bin"})


def test_a_file_is_made_once(tmp_path: Path) -> None:
    path = tmp_path / "signing.json"
    said = made(path).stdout
    assert said.startswith(f"Made {path} with the key {signing.load(path).active}.")
    assert path.stat().st_mode & 0o777 == 0o600
    before = path.read_bytes()
    again = made(path)
    assert again.returncode == 1
    assert "exists already; it is not replaced" in again.stderr
    assert path.read_bytes() == before


def test_a_file_that_was_lost_is_made_anew_with_the_public_keys_an_auditor_has(tmp_path: Path) -> None:
    lost = signing.create(tmp_path / "lost.json")
    (tmp_path / "ledger-keys.json").write_text(lost.public_keys.as_text())
    result = made(tmp_path / "new.json", "--after", tmp_path / "ledger-keys.json")
    assert result.returncode == 0
    assert lost.active in signing.load(tmp_path / "new.json").public_keys
    assert signing.load(tmp_path / "new.json").active != lost.active


def test_public_keys_of_another_format_are_told(tmp_path: Path) -> None:
    (tmp_path / "keys.json").write_text('{"keys": {}}')
    with pytest.raises(LedgerError, match="does not hold public keys as export_ledger_keys writes them"):
        read_public_keys(tmp_path / "keys.json")
