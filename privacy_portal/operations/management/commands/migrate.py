from typing import Any

import psycopg
from django.core.management.base import CommandError
from django.core.management.commands import migrate
from django.db import connections

from privacy_portal.reaching import first_line, wait_for_database


class Command(migrate.Command):
    """Django's own, once the database answers: it is often started beside it."""

    def handle(self, *args: Any, **options: Any) -> None:
        try:
            wait_for_database(connections[options["database"]].settings_dict)
        except psycopg.OperationalError as error:
            raise CommandError(f"The database cannot be reached: {first_line(error)}") from error
        super().handle(*args, **options)
