from __future__ import annotations

import logging
from datetime import timedelta
from typing import Any

import psycopg
import structlog
from apscheduler.schedulers.background import BackgroundScheduler
from django.core.management.base import BaseCommand, CommandError
from django.db import OperationalError, close_old_connections, connection
from django.utils import timezone
from django.utils.module_loading import import_string
from django_tasks_db.models import DBTaskResult

from privacy_portal.outbox.worker import PortalWorker
from privacy_portal.reaching import first_line, wait_for_database
from privacy_portal.schedule import SCHEDULE
from privacy_portal.vault import destruction_list

log = structlog.get_logger()

# Minutes apart, these would bury whatever matters in the log. Failures are still told.
TALKATIVE = ("django_tasks", "django_tasks_db", "apscheduler")


class Command(BaseCommand):
    help = (
        "Runs background tasks and puts the periodic ones into the queue, until SIGTERM; then it finishes the one in "
        "hand. Several may run at once."
    )

    def handle(self, **options: Any) -> None:
        try:
            wait_for_database(connection.settings_dict)
        except psycopg.OperationalError as error:
            raise CommandError(f"The database cannot be reached: {first_line(error)}") from error
        if why_not := destruction_list.why_not_serve():
            raise CommandError(why_not)
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.ERROR)
        worker = PortalWorker()
        worker.configure_signals()
        scheduler = periodic_tasks()
        scheduler.start()
        try:
            worker.run()
        except OperationalError as error:
            raise CommandError(f"The database went away: {error}") from error
        finally:
            scheduler.shutdown(wait=False)


def periodic_tasks() -> BackgroundScheduler:
    """A scheduler for `SCHEDULE`. All are due at once: none may wait for ever on a worker often restarted."""
    scheduler = BackgroundScheduler(timezone="UTC")
    for path, every in SCHEDULE.items():
        scheduler.add_job(
            enqueue,
            "interval",
            args=[path],
            seconds=every.total_seconds(),
            next_run_time=timezone.now() + timedelta(seconds=1),
            coalesce=True,
            misfire_grace_time=None,
        )
    return scheduler


def enqueue(path: str) -> None:
    """Put a task into the queue, unless it waits there already."""
    try:
        close_old_connections()
        if not DBTaskResult.objects.ready().filter(task_path=path).exists():
            import_string(path).enqueue()
    except OperationalError as error:  # the database is away; the next turn will find it again
        log.warning("task_not_enqueued", task=path, error=type(error).__name__)
    finally:
        connection.close()
