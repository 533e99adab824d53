#!/usr/bin/env python
"""Django's command line. Without DATABASE_URL it starts the portal's own PostgreSQL for as long as it runs."""

import os
import sys


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_portal.settings")
    if "DATABASE_URL" not in os.environ:
        from privacy_portal import own_database

        os.environ["DATABASE_URL"] = own_database.start()
    from django.core.management import execute_from_command_line

    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
