"""The auditor's tool: verifies a dump with the public keys alone, without the portal, its database or its secrets.

    python -m privacy_portal.audit.verify_dump DUMP --keys ledger-keys.json [--anchors ledger-anchors.log]

It needs Python and the package `cryptography`. It exits with 0 if everything agrees, with 1 if something does not,
with 2 if the files cannot be read.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from .ledger.anchors import Anchors
from .ledger.dump import reading
from .ledger.keys import PublicKeys, read_public_keys
from .ledger.problems import LedgerError
from .ledger.report import Report
from .ledger.verifying import Verification


def verify_dump(path: str, keys: PublicKeys, *, anchors: str | None, say: Callable[[str], object]) -> tuple[bool, str]:
    """Whether everything agrees, and what there is to say at the end; problems are said. Raises `LedgerError`."""
    known = Anchors(anchors, keys) if anchors else None
    with _progress() as progress, reading(path, lambda part: progress("Reading", part)) as dump:
        verification = Verification(dump, keys, known)
        of_all = 1 / max(dump.count(), 1)
        verification.progress = lambda rows: progress("Verifying", verification.checkpoints * of_all)
        report = Report(say)
        for problem in verification.problems():
            report.tell(problem)
    return not report.problems, report.conclusion(verification)


@contextmanager
def _progress() -> Iterator[Callable[[str, float], object]]:
    """One line on the terminal, if there is one."""
    shown = ""

    def show(what: str, part: float) -> None:
        nonlocal shown
        if sys.stderr.isatty() and shown != (now := f"{what}: {part:.0%}"):
            shown = now
            print(f"\r{now:20}", end="", file=sys.stderr, flush=True)

    try:
        yield show
    finally:
        if shown:
            print(f"\r{'':20}\r", end="", file=sys.stderr)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m privacy_portal.audit.verify_dump",
        description="Verifies the ledger in a dump with the public keys alone.",
    )
    parser.add_argument("dump", metavar="DUMP", help="plain SQL by pg_dump, as it is or packed with gzip")
    parser.add_argument("--keys", required=True, metavar="FILE", help="public keys, by manage.py export_ledger_keys")
    parser.add_argument("--anchors", metavar="FILE", help="a copy of the anchors file, made before the dump")
    options = parser.parse_args(arguments)
    try:
        agrees, said = verify_dump(options.dump, read_public_keys(options.keys), anchors=options.anchors, say=print)
    except LedgerError as error:
        print(error, file=sys.stderr)
        return 2
    print(said)
    return 0 if agrees else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
