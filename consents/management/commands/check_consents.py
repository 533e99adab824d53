from typing import Any

from django.core.management.base import BaseCommand, CommandError
from tqdm import tqdm

from consents.checking import differences
from consents.models import Consent


class Command(BaseCommand):
    help = (
        "Proves that the state of every consent is what its events come to. Exits with 1 and names those that differ."
    )

    def handle(self, **options: Any) -> None:
        found = 0
        with tqdm(total=Consent.objects.count(), unit="consent", desc="Checking") as bar:
            for difference in differences(bar.update):
                found += 1
                self.stdout.write(difference)
        if found:
            raise CommandError(f"{found} differences found.")
        self.stdout.write("Every consent is what its events say.")
