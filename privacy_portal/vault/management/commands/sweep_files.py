from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy_portal.errors import PortalError
from privacy_portal.vault.errors import VaultError
from privacy_portal.vault.sweeping import sweep


class Command(BaseCommand):
    help = (
        "Compares the store of documents with the database: removes files that belong to no row or whose key is "
        "destroyed, and names the rows whose file is missing."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument(
            "--even-most", action="store_true", help="Remove them even if that is more than half of all files."
        )

    def handle(self, *, even_most: bool, **options: Any) -> None:
        try:
            found = sweep(even_most=even_most)
        except (PortalError, VaultError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{found.files} files, {found.removed} of them without a living row, now removed.")
        if found.removed < len(found.unclaimed):
            raise CommandError(f"{len(found.unclaimed) - found.removed} files could not be removed; run it again.")
        if found.missing:
            raise CommandError("\n".join(["Without their file:", *found.missing]))
