from __future__ import annotations

import json
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from django.db import transaction
from django.utils import timezone
from tqdm import tqdm

from consents.demo import cast, making
from members import demo as children
from privacy_portal.errors import PortalError
from requests.demo import making as desk
from requests.demo import payments


class Command(BaseCommand):
    help = "Fills an empty demo database with invented people and what they did. Does nothing a second time."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--seed", type=int, default=2025, help="the same seed gives the same people (%(default)s)")
        parser.add_argument("--members", type=int, default=200, help="how many (%(default)s)")
        parser.add_argument(
            "--write", type=Path, metavar="PATH", help="write address and sign-ins to this file as JSON"
        )

    def handle(self, *, seed: int, members: int, write: Path | None, **options: Any) -> None:
        if not settings.DEMO:
            raise CommandError("Demo data belong in a demo only: PORTAL_ENV is not demo.")
        if making.is_made():
            self.stdout.write("The demo data are there already.")
        else:
            self._make(seed, members)
        if write:
            found = {"base_url": settings.BASE_URL, "people": cast.sign_ins()}
            write.touch(mode=0o600)
            write.chmod(0o600)
            write.write_text(json.dumps(found, ensure_ascii=False, indent=2) + "\n")

    def _make(self, seed: int, members: int) -> None:
        midnight = timezone.localtime().replace(hour=0, minute=0, second=0, microsecond=0)
        with tqdm(unit="deed", desc="Two years of consents", mininterval=0.5) as bar:

            def progress(told: int, known: int) -> None:
                bar.total = known
                bar.update(told - bar.n)

            try:
                with transaction.atomic():
                    making.make(seed=seed, size=members, until=midnight, progress=progress)
                    children.make(until=midnight)
                    bar.set_description("Sixty requests")
                    desk.make(seed=seed, until=midnight, progress=progress)
                    payments.make(seed=seed, until=midnight)
            except PortalError as error:
                raise CommandError(error.sentence) from error
