"""What the background worker does about retention."""

from __future__ import annotations

from django_tasks import task

from . import runs


@task()
def propose_due() -> None:
    """Show officers what has fallen due; run by the schedule."""
    runs.propose()


@task()
def destroy_approved() -> None:
    """Destroy what officers have approved; run by the schedule. Can be killed and repeated."""
    for run in runs.to_destroy():
        runs.destroy(run)
