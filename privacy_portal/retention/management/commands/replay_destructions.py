from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from privacy_portal.audit import removing
from privacy_portal.vault import destruction_list, replay
from privacy_portal.vault.errors import VaultError


class Command(BaseCommand):
    help = (
        "After a restore: destroys every key and ends every consent again that the list of destructions names and that "
        "the dump brought back, and removes the rows of the access log that had been removed. "
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
                destroyed, ended = replay.replay(bar.update)
        except (VaultError, OSError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{destroyed} keys that the dump had brought back are destroyed again.")
        self.stdout.write(f"{ended} endings that the dump did not know of are repeated.")
        self.stdout.write(f"{removing.remove()} rows of the access log are removed again.")
        if why_not := destruction_list.why_not_serve():
            raise CommandError(why_not)
