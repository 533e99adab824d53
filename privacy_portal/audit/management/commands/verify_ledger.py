from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from privacy_portal.audit import verification
from privacy_portal.audit.ledger.keys import read_public_keys
from privacy_portal.audit.ledger.problems import LedgerError
from privacy_portal.audit.ledger.report import Report
from privacy_portal.audit.verify_dump import verify_dump


class Command(BaseCommand):
    help = (
        "Verifies every row of every append-only table against the signed checkpoints. Exits with 1 and names what was "
        "changed, is missing or was inserted, and the checkpoint that it breaks."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--from-dump", metavar="FILE", help="verify a dump by pg_dump instead of the database")
        parser.add_argument("--keys", metavar="FILE", help="with --from-dump: public keys, else the portal's own")
        parser.add_argument("--anchors", metavar="FILE", help="with --from-dump: a copy of the anchors file")

    def handle(self, *, from_dump: str | None, keys: str | None, anchors: str | None, **options: Any) -> None:
        try:
            if from_dump:
                known = read_public_keys(keys or settings.LEDGER_SIGNING_KEYS)
                agrees, said = verify_dump(from_dump, known, anchors=anchors, say=self.stdout.write)
            else:
                agrees, said = self._verify_database()
        except LedgerError as error:
            raise CommandError(str(error)) from error
        if not agrees:
            raise CommandError(said)
        self.stdout.write(said)

    def _verify_database(self) -> tuple[bool, str]:
        total = verification.rows_to_verify()
        with tqdm(total=total, unit="row", unit_scale=True, desc="Verifying", file=self.stderr) as bar:

            def say(line: str) -> None:
                bar.clear()
                self.stdout.write(line)

            report = Report(say)
            done = verification.verify(report.tell, bar.update)
        return not report.problems, report.conclusion(done)
