"""The ledger: its checkpoints, and above them how it stands."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, moment
from privacy_portal.admin_history import Line, by_whom
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.ledger_models import Checkpoint
from privacy_portal.audit.ledger_state import state
from privacy_portal.audit.tables import ledgered_models
from privacy_portal.clock import now

from .figures import notes_about


def title_of_table(table: str) -> str:
    """What an append-only table is called; its name where there is none of it any more."""
    model = next((model for model in apps.get_models() if model._meta.db_table == table), None)
    return str(model._meta.verbose_name_plural) if model else table


class TableFilter(DropdownFilter):
    title = gettext_lazy("record")
    parameter_name = "table"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(model._meta.db_table, str(model._meta.verbose_name_plural)) for model in ledgered_models()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        tables = {table for table, _title in self.lookups(request, None)}
        return queryset.filter(table=self.value()) if self.value() in tables else queryset


@admin.register(Checkpoint)
class CheckpointAdmin(RecordAdmin):
    list_display = ("shown_made", "shown_table", "number", "rows", "total", "key")
    list_display_links = ("shown_made",)
    list_filter = (TableFilter, ("made_at", DayRangeFilter))
    list_before_template = "admin/audit/ledger_state.html"
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "shown_table",
        "number",
        "shown_made",
        "rows",
        "total",
        "shown_columns",
        "shown_rows_digest",
        "shown_previous",
        "shown_digest",
        "key",
        "shown_signature",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[Checkpoint]:
        return super().get_queryset(request).defer("listing")

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        found = state(now())
        told = {"ledger": found, "ledger_notes": list(notes_about(found))}
        return super().changelist_view(request, {**told, **(extra_context or {})})

    def title_of(self, obj: Checkpoint) -> str:
        return _("Checkpoint %(number)s: %(table)s") % {
            "number": str(obj.number),
            "table": title_of_table(obj.table),
        }

    def only_line(self, obj: Checkpoint) -> Line:
        return Line(at=obj.made_at, what=_("written"), by=by_whom("system", None, "close_all", {}), reason="")

    @display(description=gettext_lazy("made on"))
    def shown_made(self, row: Checkpoint) -> str:
        return moment(row.made_at)

    @display(description=gettext_lazy("record"))
    def shown_table(self, row: Checkpoint) -> str:
        return title_of_table(row.table)

    @display(description=gettext_lazy("columns"))
    def shown_columns(self, row: Checkpoint) -> str:
        return ", ".join(name for name, _kind in json.loads(row.columns))

    @display(description=gettext_lazy("digest of its rows"))
    def shown_rows_digest(self, row: Checkpoint) -> SafeString:
        return in_hexadecimal(row.rows_digest)

    @display(description=gettext_lazy("digest of the one before"))
    def shown_previous(self, row: Checkpoint) -> SafeString | str:
        return in_hexadecimal(row.previous) if row.previous else "–"

    @display(description=gettext_lazy("digest, as in the anchors file"))
    def shown_digest(self, row: Checkpoint) -> SafeString:
        return in_hexadecimal(row.as_signed().digest)

    @display(description=gettext_lazy("signature"))
    def shown_signature(self, row: Checkpoint) -> SafeString:
        return in_hexadecimal(row.signature)


def in_hexadecimal(value: Any) -> SafeString:
    return format_html("<code>{}</code>", bytes(value).hex())
