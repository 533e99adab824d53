"""What the admin's first page says before anything else."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils import timezone

from privacy_portal.audit import ledger_state, reviewing
from privacy_portal.clock import now
from privacy_portal.dashboard import fill
from privacy_portal.retention import due
from privacy_portal.retention.admin.labels import rule_names


def dashboard(request: HttpRequest, context: dict[str, Any]) -> dict[str, Any]:
    """What is overdue, reviews of the access log and destructions, then the panels; each for those who may see it."""
    if request.user.has_perm("audit.view_accessreview"):
        context["overdue_reviews"] = reviewing.overdue_reviews(timezone.localdate(now()))
    if request.user.has_perm("audit.view_checkpoint"):
        context["ledger"] = ledger_state.state(now())
    if request.user.has_perm("retention.view_destructionrun"):
        names = rule_names()
        context["overdue"] = [(names[code], count) for code, count in due.overdue_destructions(now()).items()]
    return fill(request, context)
