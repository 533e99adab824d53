from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser
from tqdm import tqdm

from privacy_portal.audit import removing
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.retention import due, runs
from privacy_portal.retention.models import DestructionRun


class Command(BaseCommand):
    help = (
        "Proposes a run of what has fallen due, destroys the runs that officers have approved in the admin, and "
        "removes the rows of the access log whose month was destroyed. "
        "A run that was killed goes on where it stopped."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--dry-run", action="store_true", help="Only show what is due, by ground.")
        parser.add_argument("--run", type=int, help="Destroy this approved run only; propose nothing.")

    def handle(self, *, dry_run: bool, run: int | None, **options: Any) -> None:
        if dry_run:
            self.show()
            return
        if run is not None:
            wanted = list(DestructionRun.objects.filter(pk=run))
            if not wanted:
                raise CommandError(f"There is no run {run}.")
        else:
            if proposed := self.propose():
                self.stdout.write(f"Proposed: run {proposed.pk}, {sum(proposed.counts.values())} keys. See the admin.")
            wanted = runs.to_destroy()
        for one in wanted:
            self.destroy(one)
        self.remove()

    def show(self) -> None:
        for rule, count in (found := runs.counts_of_due(now())).items():
            self.stdout.write(f"due      {count:>8}  {rule.code}: {rule.ground_en} ({rule.source_en})")
        for code, count in due.held_back(now()).items():
            self.stdout.write(f"on hold  {count:>8}  {code}")
        for run in DestructionRun.objects.exclude(state__in=("done", "cancelled")).order_by("pk"):
            for code, count in run.counts.items():
                self.stdout.write(f"run {run.pk:<5}{count:>7}  {code}: {run.state}")
        if not found:
            self.stdout.write("Nothing is due that waits in no run.")

    def propose(self) -> DestructionRun | None:
        with tqdm(unit="key", desc="Proposing", file=self.stderr) as bar:
            return runs.propose(progress=bar.update)

    def remove(self) -> None:
        if left := removing.rows_left():
            with tqdm(total=left, unit="row", desc="Removing from the access log", file=self.stderr) as bar:
                removed = removing.remove(bar.update)
            self.stdout.write(f"{removed} rows of destroyed months removed from the access log.")
            if removed < left:
                self.stdout.write(f"{left - removed} rows stay until the ledger has closed them as they are.")

    def destroy(self, run: DestructionRun) -> None:
        waiting = run.items.filter(outcome="waiting").count()
        try:
            with tqdm(total=waiting, unit="key", desc=f"Destroying run {run.pk}", file=self.stderr) as bar:
                runs.destroy(run, bar.update)
        except PortalError as error:
            raise CommandError(str(error.sentence)) from error
        for (code, outcome), count in sorted(runs.outcomes(run).items()):
            self.stdout.write(f"run {run.pk}: {count} {code} {outcome}")
