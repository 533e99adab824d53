"""What `/metrics` says beyond the requests served: figures of the portal's work, as far as the worker has counted them.

Scraping is often and must stay cheap however much there is: a fixed number of queries, each of a tally, of a few rows,
or of at most `MOST` entries of an index.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import structlog
from django.db import DatabaseError
from django.db.models import Count, Min, QuerySet
from django.utils import timezone
from django_tasks_db.models import DBTaskResult
from prometheus_client import REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.metrics_core import GaugeMetricFamily, Metric
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from consents.models import ConsentEvent, DailyTally
from privacy_portal.audit import ledger_state
from privacy_portal.clock import now
from privacy_portal.outbox.models import Mail
from privacy_portal.retention.models import DueTally
from privacy_portal.vault.models import UnlistedDestruction
from requests.models import MemberRequest

from .health import database_answers

log = structlog.get_logger()

MOST = 1000
AT_MOST = f"{MOST} stands for that many or more."
NEVER = float("inf")


def page() -> bytes:
    """The whole of `/metrics`, in Prometheus' text format."""
    own = CollectorRegistry()
    own.register(PortalCollector())
    return generate_latest(_of_processes()) + generate_latest(own)


def _of_processes() -> CollectorRegistry:
    """What was counted in memory: by this process, or by all that share PROMETHEUS_MULTIPROC_DIR."""
    if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
        return REGISTRY
    shared = CollectorRegistry()
    MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
    return shared


class PortalCollector(Collector):
    """Figures read from the database. Without one, only that it does not answer."""

    def collect(self) -> Iterator[Metric]:
        answers = database_answers()
        if answers:
            at = now()
            try:
                yield from [*_waiting(at), *_ledger(at), *_consents(at), *_retention(at), *_requests(at)]
            except DatabaseError as error:
                log.error("metrics_not_read", error=type(error).__name__)
                answers = False
        yield GaugeMetricFamily("portal_database_up", "Whether the database answers.", float(answers))

    def describe(self) -> Iterator[Metric]:
        return iter(())  # registering asks nothing of the database


def _waiting(at: datetime) -> Iterator[Metric]:
    # Ended tasks are counted where they end (`operations.tasks`).
    tasks = DBTaskResult.objects.ready()[:MOST].aggregate(count=Count("pk"), oldest=Min("enqueued_at"))
    mails = Mail.objects.filter(ended_at__isnull=True).order_by("due_at")[:MOST]
    for what, found in (
        ("tasks", tasks),
        ("mails", mails.aggregate(count=Count("pk"), oldest=Min("posted_at"))),
    ):
        yield GaugeMetricFamily(f"portal_{what}_waiting", f"Waiting {what}. {AT_MOST}", found["count"])
        yield GaugeMetricFamily(
            f"portal_{what}_oldest_seconds", f"Age of the oldest of the waiting {what}.", _age(found["oldest"], at, 0)
        )


def _ledger(at: datetime) -> Iterator[Metric]:
    state = ledger_state.state(at)
    lag = GaugeMetricFamily(
        "portal_ledger_lag_seconds", "Time since a table was closed into the ledger; +Inf before.", labels=["table"]
    )
    for table in state.tables:
        lag.add_metric([table.model._meta.db_table], _age(table.closed_at, at, NEVER))
    yield lag
    checked = state.verification
    yield GaugeMetricFamily(
        "portal_ledger_verified_seconds",
        "Time since the ledger was last verified; +Inf before.",
        _age(checked.at if checked else None, at, NEVER),
    )
    yield GaugeMetricFamily(
        "portal_ledger_problems",
        "What the last verification of the ledger found wrong.",
        checked.problems if checked else 0,
    )


def _consents(at: datetime) -> Iterator[Metric]:
    today = GaugeMetricFamily(
        "portal_consent_events_today",
        "Consent events of today in Asia/Seoul, as last counted by the worker.",
        labels=["kind"],
    )
    counts = dict.fromkeys(ConsentEvent.Kind.values, 0)
    tallies = DailyTally.objects.filter(day=timezone.localdate(at))
    for kind, count in tallies.values_list("kind", "count"):  # one a collection and kind
        counts[kind] += count
    for kind, count in counts.items():
        today.add_metric([kind], count)
    yield today


def _retention(at: datetime) -> Iterator[Metric]:
    tallies = list(DueTally.objects.all())  # one a rule
    for part, help_text in (
        ("due", "Keys whose period is over, by rule, as last counted by the worker."),
        ("held", "Keys past their period but on legal hold, by rule."),
        ("overdue", "Keys due for longer than the law allows, by rule."),
    ):
        family = GaugeMetricFamily(f"portal_destructions_{part}", help_text, labels=["rule"])
        for tally in tallies:
            family.add_metric([tally.code], getattr(tally, part))
        yield family
    counted = min((tally.counted_at for tally in tallies), default=None)
    yield GaugeMetricFamily(
        "portal_destructions_counted_seconds",
        "Time since the worker counted what is due; +Inf before.",
        _age(counted, at, NEVER),
    )
    yield GaugeMetricFamily(
        "portal_destructions_unlisted",
        f"Destructions not yet in the list outside the database. {AT_MOST}",
        _at_most(UnlistedDestruction.objects.order_by("pk")),
    )


def _requests(at: datetime) -> Iterator[Metric]:
    yield GaugeMetricFamily(
        "portal_requests_overdue",
        f"Requests of members past their due day. {AT_MOST}",
        _at_most(MemberRequest.objects.overdue(at).order_by("due_on", "id")),
    )


def _at_most(rows: QuerySet[Any]) -> int:
    return rows[:MOST].count()


def _age(since: datetime | None, at: datetime, without: float) -> float:
    return max(0.0, (at - since).total_seconds()) if since else without
