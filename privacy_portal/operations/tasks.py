"""Background tasks in the logs and the metrics: each line carries its task's number, each ended task is counted."""

from __future__ import annotations

from typing import Any

import structlog
from django.dispatch import receiver
from django_tasks import TaskResult, TaskResultStatus
from django_tasks.signals import task_finished, task_started
from prometheus_client import Counter

log = structlog.get_logger()

ENDED = Counter("portal_tasks", "Background tasks that ended, by task and result.", ["task", "result"])


@receiver(task_started)
def name_in_logs(*, task_result: TaskResult[Any], **kwargs: Any) -> None:
    structlog.contextvars.bind_contextvars(task_id=str(task_result.id), task=task_result.task.module_path)


@receiver(task_finished)
def count(*, task_result: TaskResult[Any], **kwargs: Any) -> None:
    failed = task_result.status == TaskResultStatus.FAILED
    ENDED.labels(task_result.task.module_path, "failed" if failed else "done").inc()
    structlog.contextvars.unbind_contextvars("task_id", "task")
