from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from privacy_portal.retention.restoring import end_again
from privacy_portal.vault import destruction_list, replay
from privacy_portal.vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "After a restore: destroys every key again that the list of destructions names and that the dump brought back. "
        "Until then the portal serves nobody. Safe to stop and to repeat."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="A copy of the list, where this machine has none yet.")

    def handle(self, *, file: Path | None, **options: Any) -> None:
        try:
            if file is not None:
                replay.take(file)
            path = destruction_list.path()
            total = sum(1 for entry in destruction_list.entries(path)) if path.exists() else 0
            with tqdm(total=total, unit="destruction", desc="Replaying", file=self.stderr) as bar:
                destroyed = replay.replay(bar.update, also=end_again)
        except (VaultError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{destroyed} keys that the dump had brought back are destroyed again.")
        if why_not := destruction_list.why_not_serve():
            raise CommandError(why_not)
