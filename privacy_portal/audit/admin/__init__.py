"""The access log, reveals, the monthly review, the watch list and the ledger in the admin."""

from . import entry, ledger, reveal, review, watch

__all__ = ["entry", "ledger", "reveal", "review", "watch"]
