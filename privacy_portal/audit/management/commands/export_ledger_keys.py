from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from privacy_portal.audit import signing
from privacy_portal.audit.ledger.problems import LedgerError


class Command(BaseCommand):
    help = "Prints the public keys that the ledger is verified with, for an auditor. They are no secret."

    def handle(self, **options: Any) -> None:
        try:
            self.stdout.write(signing.load(settings.LEDGER_SIGNING_KEYS).public_keys.as_text(), ending="")
        except LedgerError as error:
            raise CommandError(str(error)) from error
