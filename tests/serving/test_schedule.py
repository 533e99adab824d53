"""What the background worker does again and again."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import override_settings
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks import TaskResultStatus
from django_tasks.base import Task
from django_tasks_db.models import DBTaskResult

from privacy_portal.outbox.housekeeping import forget_finished, take_up_interrupted
from privacy_portal.outbox.management.commands.run_worker import enqueue, periodic_tasks
from privacy_portal.schedule import SCHEDULE

in_the_database = override_settings(TASKS={"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}})


@pytest.mark.parametrize("path", SCHEDULE)
def test_every_line_names_a_task(path: str) -> None:
    assert isinstance(import_string(path), Task)


def test_consents_lapse_within_the_hour_and_mails_are_tried_every_minute() -> None:
    assert SCHEDULE["consents.expiry.expire_due"] <= timedelta(hours=1)
    assert SCHEDULE["privacy_portal.outbox.mail.deliver_due"] <= timedelta(minutes=1)


def test_the_scheduler_has_every_task_due_at_once() -> None:
    jobs = periodic_tasks().get_jobs()
    assert {job.args[0] for job in jobs} == set(SCHEDULE)


@pytest.mark.django_db(transaction=True)
@in_the_database
def test_a_task_that_waits_already_is_not_put_in_again() -> None:
    for _worker in range(2):
        enqueue("consents.expiry.expire_due")
    assert DBTaskResult.objects.filter(task_path="consents.expiry.expire_due").count() == 1


def a_task(status: TaskResultStatus, *, begun: timedelta, finished: timedelta | None = None) -> Any:
    now = timezone.now()
    return DBTaskResult.objects.create(
        status=status,
        started_at=now - begun,
        finished_at=now - finished if finished else None,
        args_kwargs={"args": [], "kwargs": {}},
        task_path="consents.expiry.expire_due",
        backend_name="default",
        run_after=now,
        exception_class_path="",
        traceback="",
    )


@pytest.mark.django_db
@in_the_database
def test_tasks_of_a_worker_that_died_are_taken_up_again() -> None:
    lost = a_task(TaskResultStatus.RUNNING, begun=timedelta(hours=2))
    running = a_task(TaskResultStatus.RUNNING, begun=timedelta(minutes=2))
    take_up_interrupted.call()
    lost.refresh_from_db()
    running.refresh_from_db()
    assert (lost.status, running.status) == (TaskResultStatus.READY, TaskResultStatus.RUNNING)


@pytest.mark.django_db
@in_the_database
def test_tasks_long_done_are_forgotten() -> None:
    old = a_task(TaskResultStatus.SUCCESSFUL, begun=timedelta(days=20), finished=timedelta(days=20))
    new = a_task(TaskResultStatus.FAILED, begun=timedelta(days=2), finished=timedelta(days=2))
    forget_finished.call()
    assert list(DBTaskResult.objects.values_list("pk", flat=True)) == [new.pk]
    assert old.pk != new.pk
