"""Keeping the queue of background tasks, and the sessions, in order."""

from __future__ import annotations

from datetime import timedelta

import structlog
from django.core.management import call_command
from django.utils import timezone
from django_tasks import TaskResultStatus, task
from django_tasks_db.models import DBTaskResult

log = structlog.get_logger()

# Longer than any task takes. One that still runs and is taken up again does no harm: every task may be repeated.
LONGEST_TASK = timedelta(hours=1)
DAYS_KEPT = 14


@task()
def take_up_interrupted() -> None:
    """Put tasks back into the queue whose worker died before it was done with them."""
    interrupted = DBTaskResult.objects.running().filter(started_at__lt=timezone.now() - LONGEST_TASK)
    if found := interrupted.update(status=TaskResultStatus.READY):
        log.warning("interrupted_tasks_taken_up", tasks=found)


@task()
def forget_finished() -> None:
    """Delete the rows of tasks long done, and of sessions that are over."""
    call_command("prune_db_task_results", queue_name="*", min_age_days=DAYS_KEPT, verbosity=0)
    call_command("clearsessions", verbosity=0)
