"""The key-encryption key changes; what is sealed stays open, and the old key is forgotten when asked."""

from __future__ import annotations

from io import StringIO
from pathlib import Path
from uuid import uuid4

import pytest
from django.core.management import CommandError, call_command

from members.models import Member
from privacy_portal.vault import current_keyring, rotation
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.errors import KeyringError
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey
from tests.factories import SYSTEM

pytestmark = pytest.mark.usefixtures("keyring_file")


def rotate(*, retire: bool = False) -> str:
    """What the command says."""
    said = StringIO()
    call_command("rotate_vault_keys", *(["--retire"] if retire else []), stdout=said, stderr=StringIO())
    return said.getvalue()


def make_keys(count: int) -> list[DataKey]:
    return [make_data_key(DataKey.Ground.CONSENT, uuid4(), subject_id=None) for _ in range(count)]


def wrapped_under() -> set[str]:
    return set(DataKey.objects.values_list("key_encryption_key", flat=True))


def secrets() -> dict[object, bytes]:
    return {key.pk: key.secret() for key in DataKey.objects.all()}


def test_every_data_key_is_wrapped_under_a_new_key_and_opens_as_before(db: None) -> None:
    make_keys(3)
    old, before = current_keyring().active, secrets()
    rotate()
    new = current_keyring().active
    assert new != old
    assert wrapped_under() == {new}
    assert secrets() == before


def test_the_old_key_stays_on_the_keyring_until_it_is_retired(db: None) -> None:
    old = current_keyring().active
    rotate()
    assert old in current_keyring().keys
    rotate(retire=True)
    assert list(current_keyring().keys) == [current_keyring().active]
    assert old not in current_keyring().keys


def test_values_open_and_people_are_found_after_the_old_key_is_retired(alice: Member) -> None:
    rotate(retire=True)
    assert Member.objects.get(name_index="김하늘").name.open() == "김하늘"


def test_the_keyring_file_stays_its_owners_only(db: None, keyring_file: Path) -> None:
    rotate(retire=True)
    assert keyring_file.stat().st_mode & 0o777 == 0o600
    assert not list(keyring_file.parent.glob("*.new"))


def test_a_rotation_stopped_half_way_is_taken_up_where_it_stopped(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    make_keys(5)
    old, before = current_keyring().active, secrets()

    class PulledPlug(Exception):
        pass

    def pull_the_plug(done: int) -> None:
        raise PulledPlug

    new = rotation.begin()
    with pytest.raises(PulledPlug):
        rotation.rewrap(pull_the_plug)
    assert wrapped_under() == {old, new}
    assert rotation.count_behind() == 3
    assert secrets() == before

    assert rotate(retire=True).startswith(f"3 data keys are now wrapped under {new}.")
    assert wrapped_under() == {new}
    assert secrets() == before


def test_the_old_key_is_not_retired_while_a_data_key_needs_it(db: None) -> None:
    make_keys(1)
    old = current_keyring().active
    rotation.begin()
    with pytest.raises(KeyringError, match="still wrapped under an older key"):
        rotation.retire()
    assert old in current_keyring().keys


def test_progress_is_told_batch_by_batch(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 2)
    make_keys(5)
    rotation.begin()
    told: list[int] = []
    assert rotation.rewrap(told.append) == 5
    assert told == [2, 2, 1]


def test_a_destroyed_key_is_left_alone(db: None) -> None:
    destroyed, living = make_keys(2)
    destroy_key(destroyed.pk, because="consent.withdrawn", actor=SYSTEM)
    before = DataKey.objects.filter(pk=destroyed.pk).values().get()
    assert rotate(retire=True).startswith("1 data keys")
    assert DataKey.objects.filter(pk=destroyed.pk).values().get() == before
    assert DataKey.objects.get(pk=living.pk).key_encryption_key == current_keyring().active


def test_a_key_destroyed_during_the_rotation_stays_destroyed(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rotation, "BATCH", 1)
    make_keys(2)
    old = current_keyring().active
    rotation.begin()

    def withdraw_the_rest(done: int) -> None:
        for key in DataKey.objects.filter(key_encryption_key=old):
            destroy_key(key.pk, because="consent.withdrawn", actor=SYSTEM)

    assert rotation.rewrap(withdraw_the_rest) == 1
    assert [key.is_destroyed for key in DataKey.objects.order_by("destroyed_at")] == [True, False]
    assert rotation.retire() == [old]


def test_the_command_says_what_it_did(db: None) -> None:
    make_keys(2)
    old = current_keyring().active
    said = rotate(retire=True)
    assert said == f"2 data keys are now wrapped under {current_keyring().active}.\nRetired: {old}.\n"


def test_the_command_works_before_there_is_anything_to_rotate(db: None) -> None:
    old = current_keyring().active
    assert rotate(retire=True) == f"0 data keys are now wrapped under {current_keyring().active}.\nRetired: {old}.\n"


def test_rotating_every_month_forgets_every_key_before(db: None) -> None:
    make_keys(1)
    first = rotate(retire=True).split()[-1]
    second = rotate(retire=True).split()[-1]
    assert first != second
    assert len(current_keyring().keys) == 1
    assert secrets()


def test_the_command_fails_with_a_sentence_when_there_is_no_keyring(db: None, keyring_file: Path) -> None:
    keyring_file.unlink()
    with pytest.raises(CommandError, match="cannot be read: No such file"):
        rotate()
