"""The settings of the tests, for a worker process beside them: its tasks wait in the database."""

from tests.settings import *  # noqa: F403

TASKS = {"default": {"BACKEND": "django_tasks_db.DatabaseBackend"}}
