"""Request events: the append-only record, to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from members.models import Account
from privacy_portal.admin_base import RecordAdmin, link, moment
from privacy_portal.admin_history import Line, by_whom, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from requests.models import RequestEvent

from . import reach
from .labels import event_label, state_label


@admin.register(RequestEvent)
class RequestEventAdmin(RecordAdmin):
    list_display = ("shown_at", "shown_kind", "shown_request", "shown_state", "shown_actor")
    list_display_links = ("shown_at",)
    list_filter = (("kind", ChoicesDropdownFilter), ("at", DayRangeFilter))
    list_select_related = ("member_request",)
    ordering = ("-id",)
    sortable_by = ()
    narrowed_by = {"member": "member_request__member", "request": "member_request"}
    list_before_template = "admin/requests/narrowed.html"
    people_path = "member_request.member_id"
    fields = (
        "number",
        "shown_kind",
        "shown_request",
        "shown_at",
        "shown_actor",
        "shown_state",
        "version",
        "shown_details",
        "shown_remark",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[RequestEvent]:
        staff = Account.objects.filter(pk=OuterRef("actor_id"), is_staff=True).values("staff_name")
        queryset = super().get_queryset(request).annotate(staff_name=Subquery(staff))
        return queryset.select_related("member_request", "data_key")

    def within_reach(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if reach.sees_all(request.user):
            return queryset
        return queryset.filter(member_request__in=reach.visible_to(request.user).order_by())

    def title_of(self, obj: RequestEvent) -> str:
        return f"{obj.get_kind_display()} · {obj.member_request.reference}"

    def only_line(self, obj: RequestEvent) -> Line:
        by = by_whom(obj.actor_kind, obj.actor_id, obj.actor_name, staff_names([obj.actor_id]))
        return Line(at=obj.at, what=_("written"), by=by, reason=str(obj.get_kind_display()))

    @display(description=gettext_lazy("when"))
    def shown_at(self, event: RequestEvent) -> str:
        return moment(event.at)

    @display(description=gettext_lazy("what"))
    def shown_kind(self, event: RequestEvent) -> SafeString:
        return event_label(event)

    @display(description=pgettext_lazy("desk", "request"))
    def shown_request(self, event: RequestEvent) -> SafeString:
        url = reverse("admin:requests_memberrequest_change", args=[event.member_request_id])
        return link(url, event.member_request.reference)

    @display(description=gettext_lazy("state afterwards"))
    def shown_state(self, event: RequestEvent) -> SafeString:
        return state_label(event.state)

    @display(description=gettext_lazy("by whom"))
    def shown_actor(self, event: Any) -> str:
        names = {event.actor_id: event.staff_name} if event.staff_name else {}
        return by_whom(event.actor_kind, event.actor_id, event.actor_name, names)

    @display(description=gettext_lazy("details"))
    def shown_details(self, event: RequestEvent) -> str:
        return ", ".join(f"{name}: {value}" for name, value in event.details.items()) or "–"

    @display(description=gettext_lazy("remark"))
    def shown_remark(self, event: RequestEvent) -> str:
        """Only that there is one: it is read on the page of the request."""
        return "–" if event.remark is None else str(event.remark)
