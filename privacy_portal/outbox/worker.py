"""The background worker's loop, and how it ends: nothing new is taken, and what was taken is finished or given back."""

from __future__ import annotations

import signal
from types import FrameType
from typing import Any
from uuid import uuid4

import structlog
from django.conf import settings
from django.db import DatabaseError, connection
from django_tasks import TaskResultStatus
from django_tasks_db.management.commands.db_worker import Worker
from django_tasks_db.models import DBTaskResult

log = structlog.get_logger()

SECONDS_BETWEEN_LOOKS = 0.5


class CutShort(KeyboardInterrupt):
    """Raised in a task that takes longer than the worker has to end. The driver cancels its query, as at Ctrl-C."""


class PortalWorker(Worker):
    """Takes tasks of every queue, until a signal tells it to end."""

    def __init__(self) -> None:
        super().__init__(
            queue_names=["*"],
            interval=SECONDS_BETWEEN_LOOKS,
            batch=False,
            backend_name="default",
            startup_delay=False,
            max_tasks=None,
            worker_id=str(uuid4()),
            excluded_queue_names=[],
        )
        self.is_cut_short = False

    def shutdown(self, signum: int, frame: FrameType | None) -> None:
        """Take nothing new. The task in hand has WORKER_STOP_SECONDS, or until a second signal."""
        patience = settings.WORKER_STOP_SECONDS if self.running else 1
        self.running = False
        signal.signal(signal.SIGALRM, self._cut_short)
        signal.alarm(max(1, patience))

    def _cut_short(self, signum: int, frame: FrameType | None) -> None:
        if self.running_task:
            self.is_cut_short = True
            raise CutShort
        signal.alarm(1)  # one was just taken and is about to begin

    def run_task(self, db_task_result: DBTaskResult[..., Any]) -> None:
        try:
            super().run_task(db_task_result)
        except (DatabaseError, CutShort):
            # The interrupted query may have left the connection of no use for noting the end.
            if not self.is_cut_short:
                raise
        if self.is_cut_short:
            self._give_back(db_task_result)

    def _give_back(self, db_task_result: DBTaskResult[..., Any]) -> None:
        """Put the task back into the queue for another worker: every task may be repeated."""
        connection.close()
        DBTaskResult.objects.filter(pk=db_task_result.pk).update(
            status=TaskResultStatus.READY, finished_at=None, exception_class_path="", traceback=""
        )
        log.warning("task_given_back", task=db_task_result.task_path)
