"""What every page of the admin has in common: nothing is deleted, nothing is changed unless it says so, and what
it shows costs a fixed number of queries."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from operator import attrgetter
from typing import Any
from uuid import UUID

from django.contrib.admin import ShowFacets
from django.contrib.admin.views.main import ERROR_FLAG
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from unfold.admin import ModelAdmin

from .admin_history import HistoryPages
from .admin_lists import CountedPaginator, RecordChangeList, only
from .audit import people, sight

NUL = "\x00"  # no text in PostgreSQL can hold one


@dataclass(frozen=True)
class Button:
    """Something to do with what a page shows. `posts`: it does it at once, so it is sent as a form."""

    title: str
    url: str
    icon: str = ""
    posts: bool = False
    is_main: bool = False


class RecordAdmin(HistoryPages, ModelAdmin):
    """The base of every admin here."""

    actions = None
    show_full_result_count = False
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_max_show_all = 0
    list_filter_submit = True
    compressed_fields = True
    paginator = CountedPaginator
    change_form_outer_before_template = "admin/record/heading.html"
    # Parameters of the list that are not filters: each narrows it to the rows of one related object.
    narrowed_by: dict[str, str] = {}
    # Where a row has the number of the person it is about. Values that are opened put their person on the record by
    # themselves; this does for rows that show none.
    people_path = ""

    @property
    def own_parameters(self) -> set[str]:
        return set(self.narrowed_by)

    def people_of(self, obj: Any) -> Iterable[UUID | None]:
        """Whom a row is about: on the record as shown wherever the row is."""
        return [attrgetter(self.people_path)(obj)] if self.people_path else []

    def note(self, rows: Iterable[Any]) -> None:
        """Put those the rows are about on the record."""
        for row in rows:
            for person in self.people_of(row):
                sight.saw(person)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return self.within_reach(request, super().get_queryset(request))

    def within_reach(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Without the rows about people whom this colleague may not see: neither listed nor opened by address (A1)."""
        reach = people.within_reach(request.user) if self.people_path else None
        if reach is None:
            return queryset
        return queryset.filter(**{f"{self.people_path.replace('.', '__')}__in": reach})

    def title_of(self, obj: Any) -> str:
        """What a page about `obj` is headed with; holds personal values only masked."""
        return str(obj)

    def buttons(self, request: HttpRequest, obj: Any) -> list[Button]:
        """What this person can do from the page about `obj`."""
        return []

    def more_context(self, request: HttpRequest, obj: Any) -> dict[str, Any]:
        """What the templates of a subclass need, for the page about `obj`."""
        return {}

    def narrowed(self, request: HttpRequest, changelist: RecordChangeList, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """The list, narrowed by its own parameters."""
        for name in changelist.narrowing & set(self.narrowed_by):
            queryset = only(queryset, self.narrowed_by[name], changelist.params[name])
        return queryset

    def prepare(self, rows: Iterable[Any]) -> None:
        """Give the rows of a page what their columns need, read once for all of them."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return RecordChangeList

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if any(NUL in value for _name, values in request.GET.lists() for value in values):
            return HttpResponseRedirect(f"{request.path}?{ERROR_FLAG}=1")
        title = capfirst(self.opts.verbose_name_plural)
        return super().changelist_view(request, {"title": title, **(extra_context or {})})

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = None if NUL in object_id else super().get_object(request, object_id, from_field)
        if obj is not None:
            self.note([obj])
            obj.admin_title = self.title_of(obj)
        return obj

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        obj = kwargs.get("obj")
        if obj is not None:
            context |= {
                "title": obj.admin_title,
                "subtitle": None,
                "buttons": self.buttons(request, obj),
                **self.more_context(request, obj),
            }
        return super().render_change_form(request, context, *args, **kwargs)


def moment(at: datetime | None) -> str:
    """A moment in Asia/Seoul, to the minute."""
    return date_format(timezone.localtime(at), "Y-m-d H:i") if at else ""


def label(text: Any, tone: str = "") -> SafeString:
    """A short word on a coloured ground; the colour never says more than the word."""
    return format_html('<span class="record-label record-label-{}">{}</span>', tone or "plain", text)


def link(url: str, text: Any) -> SafeString:
    return format_html('<a class="record-link" href="{}">{}</a>', url, text)
