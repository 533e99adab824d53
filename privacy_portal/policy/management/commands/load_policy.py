from typing import Any

from django.core.management.base import BaseCommand

from privacy_portal.policy import loading


class Command(BaseCommand):
    help = "Loads the policy's catalogue into the database and says what that changed. Safe to repeat."

    def handle(self, **options: Any) -> None:
        changes = loading.load()
        for change in changes:
            self.stdout.write(change)
        self.stdout.write(f"{len(changes)} changes." if changes else "Nothing changed.")
