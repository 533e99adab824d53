"""The bench itself, at a size that tells nothing but that it works."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest

from consents.checking import differences
from consents.models import Consent, ConsentEvent
from members.models import Member
from privacy_portal.clock import now
from privacy_portal.retention import due
from privacy_portal.retention.schedule import rule_in_force
from privacy_portal.vault.models import DataKey
from tests.bench import __main__ as bench
from tests.bench import audit
from tests.bench.figures import Figure
from tests.bench.population import fill

ROOT = Path(__file__).parents[2]
WORK = (
    "people, with access log",
    "with, compared to without",
    "closing 1,000 events",
    "verify_ledger",
    "destroy_due",
    "alone: longest",
    "times meanwhile: longest",
    "99th percentile",
)


@pytest.fixture
def folder() -> Iterator[Path]:
    """For temporary files; its name is short, as that of a server's socket must be."""
    with tempfile.TemporaryDirectory(prefix="bench-") as made:
        yield Path(made)


@contextmanager
def benching(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """`bin/bench audit`, its environment being there, with all its files in `folder`."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("DJANGO_", "DATABASE_"))}
    command = [sys.executable, "-m", "tests.bench", "audit", "--events", "1000"]
    environment = kept | {"TMPDIR": str(folder)}
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        yield process


def processes_of(folder: Path) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if str(folder) in " ".join(process.info["cmdline"] or [])]


def test_every_work_of_the_audit_part_gets_its_figure_and_nothing_is_left(folder: Path) -> None:
    with benching(folder) as process:
        said, complained = process.communicate(timeout=120)
    rows = said.splitlines()
    assert [work for work in WORK if not any(work in row for row in rows)] == [], complained
    # On a busy machine a bar may be missed; then it says so.
    assert process.returncode == any(row.endswith("NO") for row in rows)
    assert list(folder.glob("portal-bench-*")) == []
    assert processes_of(folder) == []


def test_stopped_in_the_middle_it_leaves_nothing_behind(folder: Path) -> None:
    with benching(folder) as process:
        assert process.stdout
        while "Making the tables" not in process.stdout.readline():
            assert process.poll() is None
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 130
    assert list(folder.glob("portal-bench-*")) == []
    assert processes_of(folder) == []


@pytest.mark.parametrize(("ratio", "code"), [(1.15, 0), (1.16, 1)])
def test_a_missed_bar_is_told_and_fails(
    ratio: float, code: int, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    @contextmanager
    def no_portal(*, keep: bool) -> Iterator[None]:
        yield

    def found(events: int) -> list[Figure]:
        return [Figure("logging", ratio, "times", at_most=1.15), Figure("closing", 60_000, "rows", at_least=50_000)]

    monkeypatch.setattr(bench, "own_portal", no_portal)
    monkeypatch.setattr(audit, "measure", found)
    monkeypatch.setattr(sys, "argv", ["bin/bench", "audit"])
    assert bench.main() == code
    assert ("NO" in capsys.readouterr().out) == bool(code)


def test_the_population_is_as_if_it_had_been_lived(db: None) -> None:
    made = fill(600)
    assert made.events == ConsentEvent.objects.count() == 600
    assert made.consents == Consent.objects.count()
    assert made.members == Member.objects.count()
    assert list(differences(lambda count: None)) == []
    rule = rule_in_force("consent_evidence")
    assert made.due == due.due(rule, now()).count() > 0


def test_what_the_population_holds_is_sealed_and_found_by_its_index(db: None) -> None:
    fill(30)
    for member in Member.objects.select_related("data_key", "account__data_key"):
        assert member.account
        phone = member.mobile_phone.open_unseen()
        assert phone.startswith("+8210")
        assert Member.objects.get(mobile_phone_index=phone) == member
        assert "@" in member.account.email.open_unseen()
    event = ConsentEvent.objects.select_related("evidence_key").first()
    assert event is not None
    assert set(event.opened_evidence()) == {"address", "browser"}
    assert DataKey.objects.filter(wrapped_key__isnull=True).count() == 0
