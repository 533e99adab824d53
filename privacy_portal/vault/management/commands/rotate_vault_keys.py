from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from privacy_portal.vault import rotation
from privacy_portal.vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "Adds a new key-encryption key to the keyring and wraps every data key under it. "
        "A run that was interrupted is taken up where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--retire",
            action="store_true",
            help="Then forget the older keys: no database dump made before can be opened any more.",
        )

    def handle(self, *, retire: bool, **options: Any) -> None:
        try:
            active = rotation.begin()
            with tqdm(total=rotation.count_behind(), unit="key", desc="Wrapping", file=self.stderr) as bar:
                done = rotation.rewrap(bar.update)
            self.stdout.write(f"{done} data keys are now wrapped under {active}.")
            if retire:
                retired = rotation.retire()
                self.stdout.write(f"Retired: {', '.join(retired) or 'nothing, there was no older key'}.")
        except VaultError as error:
            raise CommandError(str(error)) from error
