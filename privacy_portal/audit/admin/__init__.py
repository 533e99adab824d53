"""The access log, reveals, the monthly review, the watch list and the ledger in the admin."""

from . import entry, figures, ledger, reveal, review, watch

__all__ = ["entry", "figures", "ledger", "reveal", "review", "watch"]
