"""What goes into a sealed file comes out of it, is nowhere in clear, and goes when its row or its key goes."""

from __future__ import annotations

import io
import os
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core.exceptions import FieldError, ValidationError
from django.core.files.base import ContentFile
from django.core.files.storage import Storage
from django.core.files.storage.memory import InMemoryStorage
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.template import Context, Template

from privacy_portal.audit.history import save_as
from privacy_portal.errors import PortalError
from privacy_portal.vault import fields, file_store, files
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.errors import DoesNotOpen, ValueDestroyed, VaultError
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey
from tests.attachments.models import Attachment
from tests.factories import SYSTEM

PLAIN = "김하늘 900101-1234568 ".encode() * 10


def a_key() -> DataKey:
    return make_data_key(DataKey.Ground.CONSENT, uuid.uuid4(), subject_id=uuid.uuid4(), items=["masked_id_copy"])


def an_attachment(plain: bytes = PLAIN, **more: Any) -> Attachment:
    attachment = Attachment(data_key=a_key(), file=plain, **more)
    with transaction.atomic():
        save_as(SYSTEM, attachment)
    return attachment


def read(attachment: Attachment) -> bytes:
    with Attachment.objects.get(pk=attachment.pk).file.open_unseen() as file:
        return file.read()


def gone_wrong(work: Callable[[], Any]) -> None:
    """Do something in a transaction that then fails."""

    @transaction.atomic
    def doing() -> None:
        work()
        raise RuntimeError

    with pytest.raises(RuntimeError):
        doing()


def folder() -> Path:
    return Path(django_settings.DOCUMENTS_FOLDER)


def stored() -> set[str]:
    return {str(path.relative_to(folder())) for path in folder().rglob("*") if path.is_file()}


@pytest.fixture
def in_memory(monkeypatch: pytest.MonkeyPatch) -> Storage:
    """Another kind of store than a folder."""
    storage = InMemoryStorage()
    monkeypatch.setattr(file_store, "store", lambda: storage)
    return storage


@pytest.fixture
def seen() -> Iterator[list[tuple[Any, str]]]:
    """Whoever is told of what is read, as the access log is."""
    told: list[tuple[Any, str]] = []

    def tell(person: Any, item: str) -> None:
        told.append((person, item))

    fields.when_read.append(tell)
    yield told
    fields.when_read.remove(tell)


@pytest.mark.parametrize("size", [0, 1, 65_535, 65_536, 65_537, 131_072, 300_001])
def test_a_file_of_any_size_is_read_as_it_was_given(db: None, size: int) -> None:
    plain = os.urandom(size)
    assert read(an_attachment(plain)) == plain


def test_a_file_is_read_from_anywhere_in_it(db: None) -> None:
    plain = os.urandom(200_000)
    with an_attachment(plain).file.open_unseen() as file:
        for start in (199_990, 0, 65_530, 131_072, 70_000):
            file.seek(start)
            assert file.read(20) == plain[start : start + 20]
        assert file.seek(0, os.SEEK_END) == len(plain)
        assert file.read() == b""


def test_a_file_is_given_as_django_gives_uploads(db: None) -> None:
    for given in (ContentFile(PLAIN, "card.png"), io.BytesIO(PLAIN)):
        with transaction.atomic():
            attachment = Attachment.objects.create(data_key=a_key(), file=given)
        assert read(attachment) == PLAIN


def test_any_kind_of_store_will_do(db: None, in_memory: Storage) -> None:
    plain = os.urandom(200_000)
    attachment = an_attachment(plain)
    assert in_memory.exists(attachment.file.name)
    assert read(attachment) == plain
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    assert not in_memory.exists(attachment.file.name)


def test_nothing_on_disk_can_be_read(db: None) -> None:
    attachment = an_attachment(PLAIN * 100)
    (path,) = [path for path in folder().rglob("*") if path.name == attachment.file.name[3:]]
    content = path.read_bytes()
    for part in (PLAIN[:20], "김하늘".encode(), b"900101", str(attachment.pk).encode()):
        assert part not in content
    assert path.stat().st_mode & 0o777 == 0o600
    assert path.parent.stat().st_mode & 0o777 == 0o700


def test_a_large_file_is_never_wholly_in_memory(db: None) -> None:
    class Large(io.RawIOBase):
        """Thirty megabytes that nobody holds; it counts how much is asked of it at once."""

        left, most = 30_000_000, 0

        def read(self, size: int = -1) -> bytes:
            assert size >= 0
            self.most = max(self.most, size)
            given = min(size, self.left)
            self.left -= given
            return b"x" * given

    large = Large()
    attachment = an_attachment(large)  # type: ignore[arg-type]
    assert large.most <= 65_536
    with attachment.file.open_unseen() as file:
        assert sum(len(piece) for piece in iter(lambda: file.read(100_000), b"")) == 30_000_000


def test_a_reader_is_on_record_and_the_portal_itself_is_not(db: None, seen: list[tuple[Any, str]]) -> None:
    attachment = an_attachment()
    attachment.file.open_unseen().close()
    assert seen == []
    attachment.file.open().close()
    assert seen == [(attachment.data_key.subject_id, "masked_id_copy")]


def test_a_sealed_file_shows_nothing_of_itself(db: None) -> None:
    attachment = an_attachment()
    assert str(attachment.file) == Template("{{ one.file }}").render(Context({"one": attachment})) == fields.DOTS
    assert repr(attachment.file) == "<sealed attachments.Attachment.file>"


def test_history_names_the_same_file_and_opens_it(db: None) -> None:
    attachment = an_attachment()
    entry = attachment.history.get()
    assert entry.file.name == attachment.file.name
    with entry.file.open_unseen() as file:
        assert file.read() == PLAIN
    with transaction.atomic():
        save_as(SYSTEM, Attachment.objects.get(pk=attachment.pk))
    newest, oldest = attachment.history.all()
    assert newest.diff_against(oldest).changed_fields == []
    assert len([name for name in stored() if name == attachment.file.name]) == 1


def test_a_file_given_later_shows_in_history(db: None) -> None:
    attachment = an_attachment()
    attachment.second = b"later"
    with transaction.atomic():
        save_as(SYSTEM, attachment)
    newest, oldest = attachment.history.all()
    assert newest.diff_against(oldest).changed_fields == ["second"]


def test_a_file_once_saved_stays_that_rows_file(db: None) -> None:
    attachment = Attachment.objects.get(pk=an_attachment().pk)
    with pytest.raises(VaultError, match="Another file is another row"):
        attachment.file = b"another"
    assert read(attachment) == PLAIN


def test_a_file_is_saved_inside_a_transaction_only(transactional_db: None) -> None:
    before = stored()
    with pytest.raises(VaultError, match="inside a transaction only"):
        Attachment.objects.create(data_key=a_key(), file=PLAIN)
    assert stored() == before


def test_a_row_can_be_checked_before_it_is_saved(db: None) -> None:
    attachment = Attachment(data_key=a_key(), file=PLAIN, second=b"second")
    attachment.full_clean()
    attachment.save()
    Attachment.objects.get(pk=attachment.pk).full_clean()
    with pytest.raises(ValidationError):
        Attachment(data_key=a_key()).full_clean()


def test_a_file_that_was_not_loaded_is_loaded_when_it_is_asked_for(db: None) -> None:
    attachment = Attachment.objects.defer("file").get(pk=an_attachment().pk)
    assert attachment.file.name in stored()
    attachment.refresh_from_db()
    assert read(attachment) == PLAIN


def test_no_file_is_taken_in_a_query(db: None) -> None:
    attachment = an_attachment()
    with pytest.raises(FieldError, match="assign it and save the object"):
        Attachment.objects.filter(pk=attachment.pk).update(file=PLAIN)


# ------------------------------------------------------------------------------------------ tampering
def changed(attachment: Attachment, change: Callable[[bytes], bytes]) -> None:
    path = folder() / attachment.file.name
    path.chmod(0o600)
    path.write_bytes(change(path.read_bytes()))


STEP, HEADER = 65_552, 33
CHANGES: dict[str, Callable[[bytes], bytes]] = {
    "emptied": lambda content: b"",
    "only its header": lambda content: content[:HEADER],
    "cut by a byte": lambda content: content[:-1],
    "cut after a piece": lambda content: content[: HEADER + STEP],
    "cut inside the last tag": lambda content: content[: HEADER + 2 * STEP + 7],
    "lengthened": lambda content: content + b"\0",
    "lengthened by a piece": lambda content: content + content[HEADER : HEADER + STEP],
    "another version": lambda content: b"\x02" + content[1:],
    "another salt": lambda content: content[:5] + b"\0\0\0" + content[8:],
    "pieces in another order": lambda content: (
        content[:HEADER]
        + content[HEADER + STEP : HEADER + 2 * STEP]
        + content[HEADER : HEADER + STEP]
        + content[HEADER + 2 * STEP :]
    ),
    "a piece left out": lambda content: content[:HEADER] + content[HEADER + STEP :],
    "a bit of the first piece": lambda content: content[:40] + bytes([content[40] ^ 1]) + content[41:],
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_file_does_not_open(db: None, change: Callable[[bytes], bytes]) -> None:
    attachment = an_attachment(b"x" * 150_000)
    changed(attachment, change)
    with pytest.raises(DoesNotOpen):
        read(attachment)


def test_files_swapped_between_two_rows_do_not_open(db: None) -> None:
    one, other = an_attachment(), an_attachment()
    content = (folder() / other.file.name).read_bytes()
    changed(one, lambda own: content)
    with pytest.raises(DoesNotOpen):
        read(one)


def test_a_row_that_is_made_to_name_another_file_does_not_open_it(db: None) -> None:
    one, other = an_attachment(second=b"second"), an_attachment()
    for name in (one.second.name, other.file.name):
        moved = Attachment(pk=one.pk, data_key=one.data_key, file=name)
        with pytest.raises(DoesNotOpen):
            moved.file.open_unseen()


# ------------------------------------------------------------------------------------------ destruction
def test_destroying_the_key_takes_the_file_from_the_store(db: None) -> None:
    attachment, other = an_attachment(second=b"second"), an_attachment()
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    assert stored().isdisjoint({attachment.file.name, attachment.second.name})
    for file in (Attachment.objects.get(pk=attachment.pk).file, attachment.history.get().file):
        assert file.is_destroyed
        with pytest.raises(ValueDestroyed):
            file.open()
    assert read(other) == PLAIN


def test_a_destruction_that_is_rolled_back_leaves_the_file(transactional_db: None, settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
    attachment = an_attachment()
    gone_wrong(lambda: destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM))
    assert read(attachment) == PLAIN


# ------------------------------------------------------------------------------------------ rollback
def test_a_rolled_back_row_leaves_no_file(transactional_db: None) -> None:
    before = stored()
    made: list[Attachment] = []
    gone_wrong(lambda: made.append(Attachment.objects.create(data_key=a_key(), file=PLAIN)))
    assert made[0].file.name
    assert stored() == before


def test_a_rolled_back_savepoint_leaves_its_file_out_and_no_other(transactional_db: None) -> None:
    with transaction.atomic():
        kept = Attachment.objects.create(data_key=a_key(), file=PLAIN)
        lost: list[Attachment] = []
        gone_wrong(lambda: lost.append(Attachment.objects.create(data_key=a_key(), file=PLAIN)))
        assert lost[0].file.name not in stored()
        with transaction.atomic():
            inner = Attachment.objects.create(data_key=a_key(), file=PLAIN)
    assert read(kept) == read(inner) == PLAIN


def test_a_row_the_database_refuses_leaves_no_file(transactional_db: None) -> None:
    attachment = an_attachment()
    before = stored()
    with pytest.raises(IntegrityError), transaction.atomic():
        Attachment.objects.create(pk=attachment.pk, data_key=attachment.data_key, file=PLAIN)
    assert stored() == before


def test_what_else_fails_on_commit_does_not_take_the_file(transactional_db: None) -> None:
    def fail() -> None:
        raise RuntimeError

    made: list[Attachment] = []

    @transaction.atomic
    def doing() -> None:
        transaction.on_commit(fail)
        made.append(Attachment.objects.create(data_key=a_key(), file=PLAIN))

    with pytest.raises(RuntimeError):
        doing()
    assert read(made[0]) == PLAIN


def test_a_connection_lost_during_the_commit_leaves_the_file_to_the_sweep(transactional_db: None) -> None:
    made: list[Attachment] = []

    @transaction.atomic
    def doing() -> None:
        made.append(Attachment.objects.create(data_key=a_key(), file=PLAIN))
        connection.connection.close()

    with pytest.raises(DatabaseError, match="clos"):
        doing()
    connection.close()
    assert made[0].file.name in stored()


# ------------------------------------------------------------------------------------------ a store that is down
class Down(InMemoryStorage):
    """A store that takes some of a file and then fails, and fails at everything else."""

    def _save(self, name: str, content: Any) -> str:
        content.read(70_000)
        raise ConnectionError("http://key:secret@store.example is down")

    def _open(self, name: str, mode: str = "rb") -> Any:
        raise ConnectionError("http://key:secret@store.example is down")

    def delete(self, name: str) -> None:
        raise ConnectionError("down")


def test_a_store_that_is_down_is_told_and_nothing_is_half_done(transactional_db: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(file_store, "store", Down)
    with pytest.raises(PortalError) as refused:
        an_attachment(b"x" * 200_000)
    assert refused.value.code == "files_unavailable"
    assert "secret" not in str(refused.value)
    assert not Attachment.objects.exists()


def test_a_file_cut_off_while_it_is_stored_leaves_nothing(transactional_db: None) -> None:
    class Broken(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            self.given += 1
            if self.given > 3:
                raise ConnectionResetError
            return b"x" * size

    before = stored()
    with pytest.raises(PortalError):
        an_attachment(Broken())  # type: ignore[arg-type]
    assert stored() == before
    assert not Attachment.objects.exists()


def test_a_store_that_is_down_is_told_to_whoever_opens(db: None, monkeypatch: Any, seen: list[Any]) -> None:
    attachment = an_attachment()
    monkeypatch.setattr(file_store, "store", Down)
    with pytest.raises(PortalError) as refused:
        attachment.file.open()
    assert refused.value.code == "files_unavailable"
    assert seen == []


def test_a_file_the_store_has_lost_is_told_as_missing(db: None) -> None:
    attachment = an_attachment()
    (folder() / attachment.file.name).unlink()
    with pytest.raises(PortalError) as refused:
        attachment.file.open()
    assert refused.value.code == "file_missing"


def test_every_sealed_file_of_the_portal_is_known_and_none_of_history() -> None:
    assert {field.model._meta.label for field in files.file_fields()} >= {"attachments.Attachment"}
    assert all("historical" not in field.model._meta.label_lower for field in files.file_fields())
