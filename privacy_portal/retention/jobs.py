"""What the background worker does about retention."""

from __future__ import annotations

from django_tasks import task

from . import runs, tallies


@task()
def propose_due() -> None:
    """Show officers what has fallen due; run by the schedule."""
    runs.propose()
    tallies.count_due()


@task()
def destroy_approved() -> None:
    """Destroy what officers have approved; run by the schedule. Can be killed and repeated."""
    for run in runs.to_destroy():
        runs.destroy(run)
        tallies.count_due()


@task()
def count() -> None:
    """Count for the admin's pages what is due and what was destroyed; run by the schedule."""
    tallies.count_due()
    tallies.count_destroyed()
