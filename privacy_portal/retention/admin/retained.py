"""Retained records: what law keeps after its ground ended, for officers only, apart from the members it is of."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, link, moment
from privacy_portal.admin_history import Line, by_whom, item_names, staff_names
from privacy_portal.audit.masking import mask
from privacy_portal.retention.models import RetainedRecord
from privacy_portal.vault.models import DataKey


@admin.register(RetainedRecord)
class RetainedRecordAdmin(RecordAdmin):
    list_display = ("shown_moved", "shown_rule", "shown_until", "shown_state")
    list_select_related = ("rule", "data_key")
    people_path = "subject_id"
    ordering = ("-moved_at", "-id")
    sortable_by = ()
    narrowed_by = {"member": "subject_id"}
    list_before_template = "admin/record/narrowed.html"
    fields = ("shown_rule", "shown_ground", "shown_person", "shown_moved", "moved_from", "shown_until", "shown_values")

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("rule", "data_key")

    def title_of(self, obj: RetainedRecord) -> str:
        return _("%(rule)s, kept until %(until)s") % {"rule": obj.rule, "until": obj.keep_until.isoformat()}

    def only_line(self, obj: RetainedRecord) -> Line:
        by = by_whom(obj.actor_kind, obj.actor_id, "", staff_names([obj.actor_id]))
        return Line(at=obj.moved_at, what=_("moved here"), by=by, reason=obj.moved_from)

    @display(description=gettext_lazy("moved"))
    def shown_moved(self, record: RetainedRecord) -> str:
        return moment(record.moved_at)

    @display(description=gettext_lazy("rule"))
    def shown_rule(self, record: RetainedRecord) -> str:
        return str(record.rule)

    @display(description=gettext_lazy("ground"))
    def shown_ground(self, record: RetainedRecord) -> str:
        return f"{record.rule.ground} ({record.rule.source})"

    @display(description=gettext_lazy("kept until"))
    def shown_until(self, record: RetainedRecord) -> str:
        return record.keep_until.isoformat()

    @display(description=gettext_lazy("state"))
    def shown_state(self, record: RetainedRecord) -> str:
        return _("destroyed") if record.data_key.is_destroyed else _("kept")

    @display(description=gettext_lazy("person"))
    def shown_person(self, record: RetainedRecord) -> str | SafeString:
        if record.subject_id is None:
            return "–"
        return link(reverse("admin:members_member_change", args=[record.subject_id]), record.subject_id)

    @display(description=gettext_lazy("values"))
    def shown_values(self, record: RetainedRecord) -> str:
        key: DataKey = record.data_key
        names = item_names()
        if key.is_destroyed:
            return _("destroyed")
        values = record.values.open()
        return ", ".join(f"{names.get(item, item)}: {mask(item, str(value))}" for item, value in values.items())
