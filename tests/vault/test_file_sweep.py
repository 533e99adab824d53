"""No file outlives its row or its key, and no row loses its file unnoticed: also when killed, or the store is down."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction
from django_tasks_db.models import DBTaskResult

from privacy_portal.vault import destruction_list, file_store, sweeping
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.errors import VaultError
from privacy_portal.vault.models import DataKey
from tests.attachments.models import Attachment
from tests.factories import SYSTEM
from tests.vault.test_sealed_files import PLAIN, a_key, an_attachment, folder, read, stored

SURVIVED = 77


@pytest.fixture(autouse=True)
def empty_store(db: None) -> None:
    for name in stored():
        (folder() / name).unlink()


def age(hours: float = 7) -> None:
    """Make every file as old as if it had been stored some hours ago."""
    then = time.time() - hours * 3600
    for name in stored():
        os.utime(folder() / name, (then, then))


def a_stray_file(name: str = "") -> Path:
    path = folder() / (name or file_store.new_name())
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(b"sealed bytes of nobody")
    return path


def test_a_file_without_a_row_goes_and_others_stay() -> None:
    attachment, stray = an_attachment(second=b"second"), a_stray_file()
    age()
    found = sweeping.sweep()
    assert (found.files, found.removed, found.missing) == (3, 1, [])
    assert not stray.exists()
    assert read(attachment) == PLAIN


def test_a_young_file_is_spared_as_its_row_may_not_be_committed_yet() -> None:
    stray = a_stray_file()
    age(hours=5)
    assert sweeping.sweep().removed == 0
    assert stray.exists()


def test_the_file_of_a_deleted_row_goes() -> None:
    attachment = an_attachment()
    attachment.delete()
    age()
    sweeping.sweep()
    assert stored() == set()


def test_a_row_without_its_file_is_reported() -> None:
    attachment = an_attachment()
    (folder() / attachment.file.name).unlink()
    assert sweeping.sweep().missing == [f"attachments.Attachment {attachment.pk}"]
    with pytest.raises(CommandError, match=str(attachment.pk)):
        call_command("sweep_files", stdout=StringIO())


def test_a_row_whose_key_is_destroyed_lacks_nothing() -> None:
    attachment = an_attachment()
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    assert sweeping.sweep().missing == []


def test_a_file_that_outlived_its_key_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    attachment = an_attachment()
    with monkeypatch.context() as patched:
        patched.setattr(file_store, "remove", lambda name: False)
        destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    assert stored() == {attachment.file.name}
    age()
    assert sweeping.sweep().removed == 1
    assert stored() == set()


def test_files_of_another_database_are_not_swept_away_by_mistake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "SUSPICIOUS", 3)
    an_attachment()
    for _number in range(4):
        a_stray_file()
    age()
    with pytest.raises(VaultError, match="4 of 5 files"):
        sweeping.sweep()
    with pytest.raises(CommandError, match="--even-most"):
        call_command("sweep_files", stdout=StringIO())
    assert len(stored()) == 5
    call_command("sweep_files", even_most=True, stdout=StringIO())
    assert len(stored()) == 1


def test_a_restored_database_sweeps_nothing_until_its_destructions_are_replayed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    stray = a_stray_file()
    age()
    monkeypatch.setattr(destruction_list, "why_not_serve", lambda: destruction_list.RESTORED)
    with pytest.raises(VaultError, match="restored"):
        sweeping.sweep()
    assert stray.exists()


def test_a_store_that_is_down_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def down() -> Any:
        raise ConnectionError("down")

    monkeypatch.setattr(file_store, "store", down)
    with pytest.raises(CommandError, match=r"Files cannot be stored|파일"):
        call_command("sweep_files", stdout=StringIO())


def test_the_job_tells_in_the_log(caplog: pytest.LogCaptureFixture) -> None:
    attachment = an_attachment()
    (folder() / attachment.file.name).unlink()
    a_stray_file()
    age()
    sweeping.sweep_files.call()
    assert "files_missing" in caplog.text
    assert "files_without_row_removed" in caplog.text


# ------------------------------------------------------------------------------------------ the task
@pytest.fixture
def queued(settings: Any) -> None:
    settings.TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}


def waiting() -> list[Any]:
    return list(DBTaskResult.objects.filter(task_path="privacy_portal.vault.file_store.remove_later", status="READY"))


@pytest.mark.usefixtures("queued")
def test_files_are_removed_after_the_commit_and_tried_again_later_and_later(monkeypatch: pytest.MonkeyPatch) -> None:
    attachment = an_attachment(second=b"second")
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    (task,) = waiting()
    names = sorted([attachment.file.name, attachment.second.name])
    assert sorted(task.args_kwargs["args"][0]) == names
    assert sorted(stored()) == names  # until the worker comes

    with monkeypatch.context() as patched:
        patched.setattr(file_store, "remove", lambda name: name == names[0])
        file_store.remove_later.call(names, 1)
        file_store.remove_later.call(names, 2)
        file_store.remove_later.call(names, file_store.ATTEMPTS)
    first, second = sorted((one for one in waiting() if one != task), key=lambda one: one.run_after)
    assert first.args_kwargs["args"] == [[names[1]], 2]
    assert second.args_kwargs["args"] == [[names[1]], 3]
    assert 50 < (second.run_after - first.run_after).total_seconds() < 70

    file_store.remove_later.call(names, 3)
    assert stored() == set()
    file_store.remove_later.call(names, 3)  # what is gone already is no failure
    assert len(waiting()) == 3


@pytest.mark.usefixtures("queued")
def test_many_files_are_removed_in_tasks_of_some(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(file_store, "NAMES_IN_A_TASK", 2)
    key = a_key()
    for _number in range(5):
        Attachment.objects.create(data_key=key, file=b"x")
    destroy_key(key.pk, because="consent.withdrawn", actor=SYSTEM)
    assert sorted(len(task.args_kwargs["args"][0]) for task in waiting()) == [1, 2, 2]


# ------------------------------------------------------------------------------------------ killed
def in_a_child(work: Callable[[], None]) -> bool:
    """Do something in a child that may be killed in it; whether it was."""
    child = os.fork()
    if not child:
        _inherited = connection.connection  # the parent's: kept, so that nothing closes it, and never used
        connection.connection = None
        try:
            work()
        finally:
            os._exit(SURVIVED)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == SURVIVED
    return os.WIFSIGNALED(status)


def killed_while_saving(key: DataKey, step: int) -> bool:
    """Save a row with its file, and be killed before or after the so-many-th step of it."""

    def saving() -> None:
        steps = 0

        def count() -> None:
            nonlocal steps
            steps += 1
            if steps == step:
                os.kill(os.getpid(), signal.SIGKILL)

        def counted(does: Callable[..., Any]) -> Callable[..., Any]:
            def counting(*arguments: Any) -> Any:
                count()
                found = does(*arguments)
                count()
                return found

            return counting

        file_store.put = counted(file_store.put)
        connection.commit = counted(connection.commit)  # type: ignore[method-assign]
        with connection.execute_wrapper(counted(lambda execute, *arguments: execute(*arguments))), transaction.atomic():
            Attachment.objects.create(data_key=key, file=PLAIN)

    return in_a_child(saving)


def test_killed_at_any_step_between_file_and_row_leaves_both_or_what_the_sweep_removes(transactional_db: None) -> None:
    outcomes, step, was_killed = set(), 0, True
    while was_killed:
        step += 1
        was_killed = killed_while_saving(a_key(), step)
        with transaction.atomic():
            rows = list(Attachment.objects.select_for_update())
        outcomes.add((len(stored()), len(rows)))
        age()
        found = sweeping.sweep()
        assert found.missing == []
        assert stored() == {row.file.name for row in Attachment.objects.all()}
        for row in rows:
            assert read(row) == PLAIN
        Attachment.objects.all().delete()
        for name in stored():
            (folder() / name).unlink()
    assert outcomes == {(0, 0), (1, 0), (1, 1)}
    assert step > 6
