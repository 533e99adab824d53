"""The ledger's closing job without a pause, as a process. It ends when its input does, so also when the bench dies."""

from __future__ import annotations

import select
import sys

from .installation import begin_process


def close_until_told_to_stop() -> None:
    """Say "closing" at the beginning, and at the end how many times everything was closed."""
    from privacy_portal.audit.closing import close_all

    rounds = 0
    print("closing", flush=True)
    while not select.select([sys.stdin], [], [], 0)[0]:
        close_all.call()
        rounds += 1
    print(rounds, flush=True)


if __name__ == "__main__":
    begin_process()
    close_until_told_to_stop()
