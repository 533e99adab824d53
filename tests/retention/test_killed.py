"""Killed at any step, a run leaves each record destroyed or whole, never half, and goes on where it stopped."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection, transaction
from django.db.models import F

from members.models import Account, Member
from members.staff import PRIVACY_OFFICER
from privacy_portal.retention import due, runs
from privacy_portal.retention.models import DestructionItem, DestructionRun
from privacy_portal.vault import destruction_list
from privacy_portal.vault.models import DataKey, DestructionRecord, UnlistedDestruction
from tests.factories import a_member, a_staff_account
from tests.retention.lives import an_approved_run

SURVIVED = 77
PEOPLE = 2


@pytest.fixture
def memberships(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whole memberships fall due: they have every part there is, key, rows and indexes."""
    living = DataKey.objects.filter(ground="membership", wrapped_key__isnull=False)
    nothing = due.Source(lambda rule, at: living.none().annotate(since=F("created_at")))
    for code in due.SOURCES:
        monkeypatch.setitem(due.SOURCES, code, nothing)
    monkeypatch.setitem(due.SOURCES, "visitors", due.Source(lambda rule, at: living.annotate(since=F("created_at"))))


def due_people(officer: Account) -> list[Member]:
    people = [a_member() for _number in range(PEOPLE)]
    an_approved_run(officer)
    return people


@contextmanager
def killing(step: int) -> Iterator[None]:
    """Kill this process before the so-many-th statement, or just before or after a commit or a write to the list."""
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

    def statement(execute: Callable[..., Any], *arguments: Any) -> Any:
        count()
        return execute(*arguments)

    connection.commit = counted(connection.commit)  # type: ignore[method-assign]
    destruction_list._append = counted(destruction_list._append)
    with connection.execute_wrapper(statement):
        yield


def destroy_due() -> None:
    call_command("destroy_due", stdout=StringIO(), stderr=StringIO())


def killed_at(step: int) -> bool:
    """Run `destroy_due` in a child and kill it there; False where it was done before."""
    return child_killed(step, destroy_due)


def child_killed(step: int, does: Callable[[], object]) -> bool:
    """Do something in a child and kill it at that step; False where it was done before."""
    child = os.fork()
    if not child:
        # The parent's connection is the parent's: kept, so that nothing closes it, and never used.
        _inherited = connection.connection
        connection.connection = None
        try:
            with killing(step):
                does()
        finally:
            os._exit(SURVIVED)
    _pid, status = os.waitpid(child, 0)
    assert os.WIFSIGNALED(status) or os.WEXITSTATUS(status) == SURVIVED
    return os.WIFSIGNALED(status)


def is_whole(member: Member) -> bool:
    """Whether everything is there; False where everything is gone. Half of it fails."""
    member = Member.objects.select_related("data_key").get(pk=member.pk)
    # Waits for what a killed process had begun: the server takes a moment to notice that it is gone.
    item = DestructionItem.objects.select_for_update().get(data_key=member.data_key_id)
    parts = {
        member.data_key.wrapped_key is not None,
        member.data_key.destroyed_at is None,
        member.name_index is not None,
        member.mobile_phone_index is not None,
        item.outcome == "waiting",
        item.done_at is None,
        not DestructionRecord.objects.filter(data_key=member.data_key_id).exists(),
    }
    assert len(parts) == 1
    return parts.pop()


def listed() -> set[str]:
    path = destruction_list.path()
    entries = destruction_list.entries(path) if path.exists() else []
    return {entry["key"] for entry in entries if "key" in entry}


def state_of(people: list[Member]) -> list[bool]:
    with transaction.atomic():
        return [is_whole(member) for member in people]


@pytest.mark.parametrize(("together", "can_be_whole"), [(1, {0, 1, 2}), (PEOPLE, {0, 2})])
def test_killed_at_every_step_a_run_is_finished_by_the_next(
    memberships: None, monkeypatch: pytest.MonkeyPatch, together: int, can_be_whole: set[int]
) -> None:
    """Each record in a transaction of its own, and both in one."""
    monkeypatch.setattr(runs, "TOGETHER", together)
    officer = a_staff_account("officer@cloud.example", PRIVACY_OFFICER)
    seen, step, was_killed = set(), 0, True
    while was_killed:
        step += 1
        people = due_people(officer)
        keys = {str(member.data_key_id) for member in people}
        was_killed = killed_at(step)

        whole = state_of(people)
        seen.add(sum(whole))
        gone = {str(member.data_key_id) for member, there in zip(people, whole, strict=True) if not there}
        waiting = {str(one.record.data_key_id) for one in UnlistedDestruction.objects.select_related("record")}
        assert listed() & keys <= gone <= listed() | waiting, "only what is committed is listed, and all of it will be"
        assert destruction_list.why_not_serve() == ""

        destroy_due()
        destruction_list.write()
        assert state_of(people) == [False] * PEOPLE
        assert not DestructionRun.objects.exclude(state="done").exists()
        assert not UnlistedDestruction.objects.exists()
        assert keys <= listed()
        assert DestructionRecord.objects.filter(data_key__in=[member.data_key for member in people]).count() == PEOPLE
    assert step > 30
    assert seen == can_be_whole
