from typing import Any

from django.core.management.base import BaseCommand

from privacy_portal.retention import schedule


class Command(BaseCommand):
    help = "Loads the retention schedule from privacy_portal/retention/schedule.yaml. Safe to repeat."

    def handle(self, **options: Any) -> None:
        for code in schedule.load():
            self.stdout.write(f"added    retention rule {code}")
