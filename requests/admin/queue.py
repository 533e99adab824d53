"""The support queue: the list of requests, from which they are taken and opened."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from members.finding import found_by, terms_of
from members.models import Account, Member
from members.naming import masked_name
from privacy_portal.admin_base import link
from privacy_portal.admin_history import item_names, staff_names
from privacy_portal.admin_lists import DayRangeFilter, RecordChangeList
from privacy_portal.exact_search import ExactSearchAdmin, Terms
from requests import kinds
from requests.models import MemberRequest
from requests.steps import Step

from . import export, page, papers, queues, reach, stepping
from .filters import AssignedFilter, DaysLeftFilter
from .labels import days_left_label, state_label

# Numbers of colleagues, and codes, that history tells by their names.
NAMED_IN_HISTORY = ("assigned_to", "identity_checked_by", "decided_by", "confirmed_by", "refusal_ground")
REFERENCE = re.compile(r"R-\d{4}-\d{6,}")


class QueueChangeList(RecordChangeList):
    """The list with its tabs; which queue it shows is a way to look at it, and narrows it to nobody."""

    def __init__(self, request: HttpRequest, *args: Any, **kwargs: Any) -> None:
        self.request = request
        super().__init__(request, *args, **kwargs)

    @property
    def narrowing(self) -> set[str]:
        return super().narrowing - {queues.QUEUE}

    @property
    def tabs(self) -> list[queues.Tab]:
        return queues.tabs(self.request)

    @property
    def export_url(self) -> str:
        """Where what is listed is written into a file; empty for those who may not."""
        if not self.request.user.has_perm(export.RIGHT):
            return ""
        return reverse("admin:requests_memberrequest_export") + self.get_query_string(
            {queues.QUEUE: queues.chosen(self.request).code}, ["p"]
        )


@admin.register(MemberRequest)
class MemberRequestAdmin(ExactSearchAdmin):
    list_display = (
        "shown_reference",
        "shown_kind",
        "shown_state",
        "shown_days_left",
        "shown_received",
        "shown_member",
        "shown_assigned",
    )
    list_display_links = None
    list_filter = (
        DaysLeftFilter,
        ("state", ChoicesDropdownFilter),
        ("kind", ChoicesDropdownFilter),
        AssignedFilter,
        ("received_at", DayRangeFilter),
    )
    list_select_related = ("member__data_key",)
    list_before_template = "admin/requests/memberrequest/queues.html"
    sortable_by = ()
    narrowed_by = {"member": "member"}
    people_path = "member_id"
    exact_search_help = gettext_lazy(
        "Finds whole values only: the reference of a request, or a member's e-mail address, name, company, mobile "
        "number, business registration number or number."
    )
    history_hidden = ("data_key", "values_key", "submission", "asked", "replaced", "not_decided_by", "version")
    history_related = ("notice__collection",)

    @property
    def own_parameters(self) -> set[str]:
        return {*super().own_parameters, queues.QUEUE}

    def get_urls(self) -> list[URLPattern]:
        def view(function: Any) -> Any:
            return self.admin_site.admin_view(function)

        name = "requests_memberrequest"
        document = "<uuid:number>/documents/<uuid:document>/"
        return [
            path("export/", view(self.export_view), name=f"{name}_export"),
            path("<uuid:number>/step/<slug:step>/", view(require_POST(self.step_view)), name=f"{name}_step"),
            path(document, view(require_safe(papers.download)), name=f"{name}_document"),
            path(f"{document}preview/<int:page>/", view(require_safe(papers.preview_page)), name=f"{name}_preview"),
            *super().get_urls(),
        ]

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[RecordChangeList]:
        return QueueChangeList

    def get_ordering(self, request: HttpRequest) -> tuple[str, ...]:
        return queues.chosen(request).order

    def within_reach(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(reach.listed_for(request.user))

    def get_queryset(self, request: HttpRequest) -> QuerySet[Any]:
        return reach.with_what_may_be_done(super().get_queryset(request), request.user)

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """One request, by address: of those that this colleague may open, not of all that are listed."""
        obj = super().get_object(request, object_id, from_field)
        return obj if obj is None or obj.may_open else None

    def narrowed(self, request: HttpRequest, changelist: RecordChangeList, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().narrowed(request, changelist, queryset)
        return queues.chosen(request).rows(queryset, request.user)  # type: ignore[arg-type]

    def terms_of(self, text: str) -> Terms:
        reference = text.strip().upper()
        known = {"reference": reference} if REFERENCE.fullmatch(reference) else {}
        return terms_of(text) | known

    def found_by(self, terms: Terms) -> Q:
        own = Q(reference=terms["reference"]) if "reference" in terms else Q(pk__in=[])
        if "number" in terms:
            own |= Q(pk=terms["number"])
        return Q(member__in=Member.objects.filter(found_by(terms)).order_by()) | own

    def prepare(self, rows: Iterable[Any]) -> None:
        rows = list(rows)
        staff = staff_names(row.assigned_to for row in rows)
        for row in rows:
            row.assigned_name = staff.get(row.assigned_to, "")

    def history_words(self) -> dict[str, str]:
        staff = Account.objects.filter(is_staff=True).values_list("pk", "staff_name")
        grounds = {code: str(ground) for code, ground in kinds.grounds().items()}
        return item_names() | grounds | {str(account_id): name for account_id, name in staff}

    def history_value(self, row: Any, one: Any, words: Mapping[str, str]) -> Any:
        value = super().history_value(row, one, words)
        return words.get(str(value), value) if one.name in NAMED_IN_HISTORY else value

    # ------------------------------------------------------------------- pages
    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if request.method not in ("GET", "HEAD"):
            raise PermissionDenied  # what changes a request are its steps
        return page.response(request, self._viewed(request, object_id))

    def step_view(self, request: HttpRequest, number: UUID, step: str) -> HttpResponseBase:
        if step not in Step.values or not self.has_view_permission(request):
            raise Http404
        return stepping.take_step(request, number, Step(step))

    def export_view(self, request: HttpRequest) -> HttpResponseBase:
        return export.export_page(self, request)

    # ------------------------------------------------------------------- columns
    @display(description=pgettext_lazy("request", "reference"))
    def shown_reference(self, row: Any) -> str | SafeString:
        if row.may_open:
            return link(reverse("admin:requests_memberrequest_change", args=[row.pk]), row.reference)
        return str(row.reference)

    @display(description=pgettext_lazy("request", "kind"))
    def shown_kind(self, row: MemberRequest) -> str:
        return str(row.the_kind)

    @display(description=gettext_lazy("state"))
    def shown_state(self, row: MemberRequest) -> SafeString:
        return state_label(row.state)

    @display(description=gettext_lazy("days left"))
    def shown_days_left(self, row: MemberRequest) -> str | SafeString:
        return days_left_label(row)

    @display(description=gettext_lazy("received"))
    def shown_received(self, row: MemberRequest) -> str:
        return timezone.localdate(row.received_at).isoformat()

    @display(description=gettext_lazy("member"))
    def shown_member(self, row: MemberRequest) -> str:
        return masked_name(row.member)

    @display(description=gettext_lazy("assigned to"))
    def shown_assigned(self, row: Any) -> str | SafeString:
        if not row.may_take:
            return row.assigned_name or "–"
        # The list stands in a form of its own, whose token this button uses.
        return format_html(
            '<button type="submit" class="record-button record-button-main" formaction="{}" name="seen" value="{}" '
            'aria-label="{}">{}</button>',
            reverse("admin:requests_memberrequest_step", args=[row.pk, Step.TAKE.value]),
            row.version,
            _("Take %(reference)s") % {"reference": row.reference},
            Step.TAKE.label,
        )
