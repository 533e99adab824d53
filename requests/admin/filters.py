"""Filters of the queue that its columns alone do not give."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import DropdownFilter

from privacy_portal.clock import now
from requests.models import RUNNING, State
from requests.steps import colleagues

from .labels import soon_days

DAYS_LEFT = "days"


def days_left_conditions() -> dict[str, Q]:
    """What each choice of days left means today; no two overlap, and one that waits for the member is in "waiting"."""
    today = timezone.localdate(now())
    soon = today + timedelta(days=soon_days(today))
    running = Q(state__in=RUNNING)
    return {
        "overdue": running & Q(due_on__lt=today),
        "today": running & Q(due_on=today),
        "soon": running & Q(due_on__gt=today, due_on__lte=soon),
        "later": running & Q(due_on__gt=soon),
        "waiting": Q(state=State.WAITING),
    }


NAMES = {
    "overdue": _("overdue"),
    "today": _("due today"),
    "soon": _("due soon"),
    "later": _("later"),
    "waiting": _("waiting for the member"),
}


class DaysLeftFilter(DropdownFilter):
    title = _("days left")
    parameter_name = DAYS_LEFT

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(NAMES.items())

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        condition = days_left_conditions().get(self.value() or "")
        return queryset if condition is None else queryset.filter(condition)


class AssignedFilter(DropdownFilter):
    title = _("assigned to")
    parameter_name = "assigned"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(str(account.pk), account.staff_name) for account in colleagues()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(assigned_to=UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()
