import shutil
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from privacy_portal.vault import destruction_list
from privacy_portal.vault.errors import DestructionListError


class Command(BaseCommand):
    help = "Brings the list of destructions up to date, and copies it to FILE if one is given."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", nargs="?", type=Path, help="Where to put a copy, on another machine's disk.")
        parser.add_argument(
            "--anew",
            action="store_true",
            help="Write a new list from this database, where the old one is lost for good.",
        )

    def handle(self, *, file: Path | None, anew: bool, **options: Any) -> None:
        try:
            if anew:
                self.stdout.write(f"A new list names {destruction_list.begin_anew()} destructions.")
            else:
                self.stdout.write(f"{destruction_list.write()} destructions added to {destruction_list.path()}.")
        except DestructionListError as error:
            raise CommandError(str(error)) from error
        if file is not None:
            shutil.copy(destruction_list.path(), file)
            self.stdout.write(f"Copied to {file}.")
