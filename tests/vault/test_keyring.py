"""A wrong or missing keyring gives a clear error that names the file, never a blank."""

from __future__ import annotations

import base64
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError

from members.models import Member
from privacy_portal.audit.masking import in_full, masked
from privacy_portal.vault import current_keyring, keyring
from privacy_portal.vault.errors import KeyringError


def content_of(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text())


def remove(path: Path) -> None:
    path.unlink()


def let_others_read(path: Path) -> None:
    path.chmod(0o644)


def let_the_group_write(path: Path) -> None:
    path.chmod(0o620)


def make_it_a_folder(path: Path) -> None:
    path.unlink()
    path.mkdir(mode=0o700)


def write(text: str | bytes) -> Any:
    return lambda path: path.write_bytes(text if isinstance(text, bytes) else text.encode())


def put(**parts: Any) -> Any:
    return lambda path: path.write_text(json.dumps(content_of(path) | parts))


BROKEN = {
    "missing": (remove, "cannot be read: No such file"),
    "readable by everybody": (let_others_read, "can be read by others. Set its mode to 0600"),
    "writable by the group": (let_the_group_write, "can be read by others. Set its mode to 0600"),
    "a folder": (make_it_a_folder, "cannot be read: Is a directory"),
    "empty": (write(""), "not in the format"),
    "cut short": (write('{"active": "2026'), "not in the format"),
    "not text": (write(b"\xff\xfe\x00\x01"), "not in the format"),
    "a list": (write("[]"), "not in the format"),
    "without keys": (write('{"active": "a"}'), "not in the format"),
    "with keys as a list": (put(keys=["a"]), "not in the format"),
    "with a key that is a number": (put(keys={"a": 1}), "not in the format"),
    "with a key that is not base64": (put(keys={"a": "?"}), "not in the format"),
    "with a short key": (put(keys={"a": base64.b64encode(b"short").decode()}, active="a"), "not 32 bytes long"),
    "with an empty index key": (put(index_key=""), "not 32 bytes long"),
    "with an active key it does not hold": (put(active="other"), "names 'other' as active but does not hold it"),
    "with a list for its active key": (put(active=[]), "as active but does not hold it"),
}


@pytest.fixture(params=BROKEN, ids=list(BROKEN))
def broken(request: pytest.FixtureRequest, keyring_file: Path) -> tuple[Path, str]:
    """A keyring file that is broken in one way, and what the error says of it."""
    breaking, sentence = BROKEN[request.param]
    breaking(keyring_file)
    return keyring_file, sentence


def test_a_broken_keyring_is_an_error_that_names_the_file_and_what_is_wrong(broken: tuple[Path, str]) -> None:
    path, sentence = broken
    with pytest.raises(KeyringError) as raised:
        current_keyring()
    assert str(path) in str(raised.value)
    assert sentence in str(raised.value)


def test_the_system_check_finds_a_broken_keyring(broken: tuple[Path, str]) -> None:
    path, sentence = broken
    with pytest.raises(SystemCheckError) as raised:
        call_command("check")
    told = str(raised.value)
    assert "vault.E002" in told
    assert str(path) in told
    assert sentence in told
    assert "Set VAULT_KEYRING" in told


def test_a_good_keyring_passes_the_system_check(keyring_file: Path) -> None:
    call_command("check")


@pytest.mark.parametrize("show", [masked, in_full])
def test_a_missing_keyring_never_shows_a_blank(alice: Member, keyring_file: Path, show: Any) -> None:
    member = Member.objects.get(pk=alice.pk)
    remove(keyring_file)
    with pytest.raises(KeyringError, match="No such file"):
        member.name.open()
    with pytest.raises(KeyringError, match="No such file"):
        show("name", member.name)


def test_a_keyring_without_the_key_asked_for_says_which(alice: Member, keyring_file: Path) -> None:
    wrapped_under = alice.data_key.key_encryption_key
    other = keyring.create(keyring_file.with_name("other.json"))
    other.path.replace(keyring_file)
    with pytest.raises(KeyringError, match=f"holds no key '{wrapped_under}': it was retired, or never here"):
        Member.objects.get(pk=alice.pk).name.open()


def test_a_keyring_that_becomes_readable_by_others_is_refused_at_once(keyring_file: Path) -> None:
    current_keyring()
    keyring_file.chmod(0o640)
    with pytest.raises(KeyringError, match="can be read by others"):
        current_keyring()


def test_a_new_keyring_is_for_its_owner_only_and_opens(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    made = keyring.create(path)
    assert path.stat().st_mode & 0o777 == 0o600
    assert keyring.load(path) == made
    assert list(tmp_path.iterdir()) == [path]


def test_two_new_keyrings_have_no_key_in_common(tmp_path: Path) -> None:
    one, other = (keyring.create(tmp_path / name) for name in ("one.json", "other.json"))
    assert not {*one.keys.values(), one.index_key} & {*other.keys.values(), other.index_key}
    assert one.index_key not in one.keys.values()


def test_a_keyring_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    path.write_text("precious")
    with pytest.raises(KeyringError, match="exists already"):
        keyring.create(path)
    assert path.read_text() == "precious"


def test_the_command_makes_a_keyring_once(tmp_path: Path) -> None:
    path = tmp_path / "keyring.json"
    command = [sys.executable, "-m", "privacy_portal.vault.keyring", str(path)]
    first = subprocess.run(command, capture_output=True, text=True, check=False)
    assert first.returncode == 0
    assert keyring.load(path).active in first.stdout
    again = subprocess.run(command, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "exists already" in again.stderr
