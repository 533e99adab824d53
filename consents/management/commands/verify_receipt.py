import json
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from consents.receipts import signing
from consents.receipts.jws import NotVerified, verified
from privacy_portal.audit.ledger.problems import LedgerError


class Command(BaseCommand):
    help = (
        "Verifies a signed receipt of a consent and prints what it says. Exits with 1 if it was changed, or if "
        "somebody else signed it."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", metavar="FILE", help="the signed receipt, as a member saved it")
        parser.add_argument("--jwks", metavar="FILE", help="a copy of /.well-known/jwks.json; else the portal's keys")

    def handle(self, *, file: str, jwks: str | None, **options: Any) -> None:
        try:
            keys = json.loads(Path(jwks).read_text()) if jwks else signing.public_keys()
            found = verified(Path(file).read_text(), keys)
        except (OSError, ValueError, NotVerified, LedgerError) as error:
            raise CommandError(str(error)) from error
        self.stdout.write(found.content.decode(), ending="")
        self.stderr.write(f"The receipt is as it was signed, with the key {found.key_id}.")
