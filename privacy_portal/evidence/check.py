"""The recipient's tool: checks an evidence bundle with the public keys alone, without the portal or its secrets.

    python -m privacy_portal.evidence.check BUNDLE.zip [--keys public-keys.json]

It needs Python and the package `cryptography`. It exits with 0 if nothing is in doubt, with 1 if something is, with 2
if the files cannot be read.
"""

from __future__ import annotations

import argparse
import sys

from privacy_portal.audit.ledger.keys import read_public_keys
from privacy_portal.audit.ledger.problems import LedgerError

from .checking.bundle import Unreadable, check


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(
        prog="python -m privacy_portal.evidence.check",
        description="Checks an evidence bundle with the public keys alone.",
    )
    parser.add_argument("bundle", metavar="BUNDLE", help="the zip, as it was downloaded")
    parser.add_argument("--keys", metavar="FILE", help="public keys that were had from the company on another way")
    options = parser.parse_args(arguments)
    try:
        found = check(options.bundle, read_public_keys(options.keys) if options.keys else None)
    except (Unreadable, LedgerError) as error:
        print(error, file=sys.stderr)
        return 2
    for sentence in found.sentences:
        print(sentence)
    return 1 if found.doubts else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
