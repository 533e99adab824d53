"""Lists in the admin: how far they count, how they are narrowed, by which days."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.core.exceptions import ValidationError
from django.core.paginator import Paginator
from django.db import models
from django.http import HttpRequest
from django.utils.functional import cached_property
from unfold.contrib.filters.admin import RangeDateFilter
from unfold.utils import parse_date_str
from unfold.views import ChangeList

from privacy_portal.clock import beginning_of


class CountedPaginator(Paginator):  # type: ignore[type-arg]
    """Counts no further than anyone pages, so that a list of millions opens as fast as a short one."""

    LIMIT = 10_000
    template_name = "admin/record/pagination.html"

    @cached_property
    def _counted(self) -> int:
        rows: Any = self.object_list
        return int(rows.order_by()[: self.LIMIT + 1].count())

    @cached_property
    def count(self) -> int:  # type: ignore[override]
        return min(self._counted, self.LIMIT)

    @property
    def is_cut(self) -> bool:
        return self._counted > self.LIMIT


class RecordChangeList(ChangeList):
    """A list that takes parameters of its own beside filters."""

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        self.full_result_count = self.result_count  # how many there are besides is never counted
        self.model_admin.note(self.result_list)
        self.model_admin.prepare(self.result_list)

    @property
    def narrowing(self) -> set[str]:
        return set(self.model_admin.own_parameters) & set(self.params)

    def get_filters_params(self, params: Any = None) -> Any:
        found = super().get_filters_params(params)
        return {name: value for name, value in found.items() if name not in self.model_admin.own_parameters}

    def get_queryset(self, request: HttpRequest, exclude_parameters: Any = None) -> models.QuerySet[Any]:
        queryset = super().get_queryset(request, exclude_parameters)
        return self.model_admin.narrowed(request, self, queryset)

    @property
    def whole_list(self) -> str:
        """This list without what narrows it, its filters kept."""
        return self.get_query_string(remove=list(self.narrowing)) or "?"


class DayRangeFilter(RangeDateFilter):
    """From one day to another in Asia/Seoul, both included."""

    def queryset(self, request: HttpRequest, queryset: models.QuerySet[Any]) -> models.QuerySet[Any]:
        first, last = self._day("from"), self._day("to")
        if first:
            queryset = queryset.filter(**{f"{self.parameter_name}__gte": beginning_of(first)})
        if last and last < date.max:
            queryset = queryset.filter(**{f"{self.parameter_name}__lt": beginning_of(last + timedelta(days=1))})
        return queryset

    def _day(self, end: str) -> date | None:
        return parse_date_str(self.used_parameters.get(f"{self.parameter_name}_{end}"))


def only(queryset: models.QuerySet[Any], lookup: str, value: str) -> models.QuerySet[Any]:
    """The rows of one related object; none where `value` is no key of one."""
    try:
        return queryset.filter(**{lookup: value})
    except (ValueError, ValidationError):
        return queryset.none()
