"""Destruction records: the proof that values were destroyed, to read."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, link, moment
from privacy_portal.admin_history import Line, by_whom, item_names, reason_in_words, staff_names
from privacy_portal.admin_lists import DayRangeFilter

from .models import DestructionRecord


class ByRunFilter(DropdownFilter):
    """Whether an approved run destroyed the values, or the end of their ground did."""

    title = gettext_lazy("how")
    parameter_name = "by_run"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [("yes", _("by an approved run")), ("no", _("their ground ended"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        if self.value() not in ("yes", "no"):
            return queryset
        return queryset.exclude(rule="") if self.value() == "yes" else queryset.filter(rule="")


@admin.register(DestructionRecord)
class DestructionRecordAdmin(RecordAdmin):
    list_display = ("shown_at", "ground", "shown_because", "shown_items", "shown_actor")
    list_filter = (("ground", ChoicesDropdownFilter), ByRunFilter, ("at", DayRangeFilter))
    ordering = ("-at", "-id")
    sortable_by = ()
    narrowed_by = {"member": "subject_id"}
    people_path = "subject_id"
    list_before_template = "admin/record/narrowed.html"
    fields = (
        "shown_at",
        "ground",
        "ground_id",
        "shown_because",
        "shown_items",
        "shown_person",
        "shown_actor",
        "rule",
        "approvers",
        "method",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[DestructionRecord]:
        staff = get_user_model()._default_manager.filter(pk=OuterRef("actor_id"), is_staff=True)
        return super().get_queryset(request).annotate(staff_name=Subquery(staff.values("staff_name")))

    def prepare(self, rows: Iterable[Any]) -> None:
        names = item_names()
        for row in rows:
            row.item_names = names

    def title_of(self, obj: DestructionRecord) -> str:
        return _("Destruction of %(at)s") % {"at": moment(obj.at)}

    def only_line(self, obj: DestructionRecord) -> Line:
        by = by_whom(obj.actor_kind, obj.actor_id, obj.actor_name, staff_names([obj.actor_id]))
        return Line(at=obj.at, what=_("written"), by=by, reason=reason_in_words(obj.because))

    @display(description=gettext_lazy("when"))
    def shown_at(self, record: DestructionRecord) -> str:
        return moment(record.at)

    @display(description=gettext_lazy("because"))
    def shown_because(self, record: DestructionRecord) -> str:
        return reason_in_words(record.because)

    @display(description=gettext_lazy("items"))
    def shown_items(self, record: DestructionRecord) -> str:
        names = getattr(record, "item_names", None) or item_names()
        return ", ".join(names.get(code, code) for code in record.items) or "–"

    @display(description=gettext_lazy("person"))
    def shown_person(self, record: DestructionRecord) -> str | SafeString:
        if record.subject_id is None:
            return "–"
        return link(reverse("admin:members_member_change", args=[record.subject_id]), record.subject_id)

    @display(description=gettext_lazy("approved by"))
    def approvers(self, record: DestructionRecord) -> str:
        names = staff_names(record.approved_by)
        return ", ".join(names.get(account_id, str(account_id)) for account_id in record.approved_by) or "–"

    @display(description=gettext_lazy("by whom"))
    def shown_actor(self, record: Any) -> str:
        names = {record.actor_id: record.staff_name} if record.staff_name else {}
        return by_whom(record.actor_kind, record.actor_id, record.actor_name, names)
