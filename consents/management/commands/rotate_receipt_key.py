from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from privacy_portal.audit import signing
from privacy_portal.audit.ledger.problems import LedgerError


class Command(BaseCommand):
    help = (
        "Makes a new key to sign receipts with and forgets the private half of the old one. Receipts signed with that "
        "one can be verified as before."
    )

    def handle(self, **options: Any) -> None:
        try:
            keys = signing.load(settings.RECEIPT_SIGNING_KEYS).rotated()
        except LedgerError as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"Receipts are signed with {keys.active} from now on.")
