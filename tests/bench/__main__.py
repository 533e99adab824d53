"""Measures one part of the portal: `python -m tests.bench PART`. Exits with 1 if a bar is missed."""

from __future__ import annotations

import argparse
import os
import sys

from privacy_portal.own_database import OwnDatabaseError
from privacy_portal.serving.progress import table

from .figures import BenchError, Figure
from .installation import own_portal

PARTS = {"audit": "access logging, the ledger, destruction"}


def main() -> int:
    options = _options()
    try:
        with own_portal(keep=options.keep):
            from . import audit  # its models need the settings that are made just now

            found = audit.measure(options.events)
    except KeyboardInterrupt:
        print("\nStopped.", file=sys.stderr)
        return 130
    except (OwnDatabaseError, BenchError) as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    print(f"\nOn {os.cpu_count()} cores, {options.events:,} consent events:\n")
    print(table([Figure.HEADS, *(figure.cells() for figure in found)]))
    return 0 if all(figure.is_met for figure in found) else 1


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="bin/bench", description="Measures the portal on a PostgreSQL of its own.")
    parser.add_argument("part", choices=PARTS, help="; ".join(f"{name}: {what}" for name, what in PARTS.items()))
    parser.add_argument("--events", type=_positive, default=1_000_000, help="consent events to fill in (1,000,000)")
    parser.add_argument("--keep", action="store_true", help="keep the database, to be looked at with bin/serve")
    return parser.parse_args()


def _positive(text: str) -> int:
    number = int(text.replace(",", "").replace("_", ""))
    if number < 1:
        raise argparse.ArgumentTypeError("give a number of at least 1")
    return number


if __name__ == "__main__":
    sys.exit(main())
