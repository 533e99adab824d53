import os
import shutil
import uuid
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from members.addresses import account_with
from members.models import Account
from privacy_portal.actors import Actor
from privacy_portal.errors import PortalError
from privacy_portal.evidence.making import Asked, Why, make_bundle
from privacy_portal.policy.models import LANGUAGES


class Command(BaseCommand):
    help = (
        "Writes the evidence bundle of a member or of one consent: a signed zip. It is on the access log as an export "
        "of the officer in whose name it is made."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        about = parser.add_mutually_exclusive_group(required=True)
        about.add_argument("--member", type=uuid.UUID, metavar="NUMBER")
        about.add_argument("--consent", type=uuid.UUID, metavar="NUMBER")
        parser.add_argument("--by", required=True, metavar="ADDRESS", help="E-mail address of the officer who answers.")
        parser.add_argument("--reason", required=True, choices=Why.values)
        parser.add_argument("--remark", default="", help="Kept sealed with the record; needed with “other”.")
        parser.add_argument("--reference", default="", help="Of the request; needed with “request” and “authority”.")
        parser.add_argument("--language", default="ko", choices=LANGUAGES, help="Of the report.")
        parser.add_argument("--open", action="store_true", help="Tell addresses, browsers and reasons in full.")
        parser.add_argument("--out", required=True, type=Path, metavar="FILE", help="Must not be there yet.")

    def handle(self, *, member: uuid.UUID | None, consent: uuid.UUID | None, out: Path, **options: Any) -> None:
        officer = self.officer(options["by"])
        asked = Asked(
            why=options["reason"],
            remark=options["remark"],
            reference=options["reference"],
            language=options["language"],
            opened=options["open"],
        )
        actor = Actor("staff", officer.pk, name="export_evidence")
        if out.exists():
            raise CommandError(f"{out} exists already; it is not replaced.")
        try:
            with tqdm(unit="row", unit_scale=True, desc="Gathering", file=self.stderr) as bar:
                bundle = make_bundle(member, consent_id=consent, asked=asked, actor=actor, progress=bar.update)
        except PortalError as error:
            raise CommandError(str(error.sentence)) from error
        with bundle.file as made:
            try:
                descriptor = os.open(out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
                with os.fdopen(descriptor, "wb") as file:
                    shutil.copyfileobj(made, file)
            except OSError as error:
                raise CommandError(f"{out} cannot be written: {error.strerror}.") from error
        rows = sum(bundle.rows.values())
        self.stdout.write(f"{out}: {rows} rows, covered by {bundle.checkpoints} checkpoints.")

    @staticmethod
    def officer(address: str) -> Account:
        try:
            found = account_with(address)
        except PortalError:
            found = None
        if found is None or not (found.is_staff and found.is_active):
            raise CommandError("There is no member of staff with this e-mail address.")
        return found
