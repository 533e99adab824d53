"""What the queue lists, as a file for a table: for officers, with a reason, values masked, on the access log (A8)."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from members.access import asked_for_second_factor
from members.models import Account
from members.naming import masked_name
from privacy_portal.admin_base import moment
from privacy_portal.audit import sight
from privacy_portal.clock import now
from requests.models import MemberRequest
from requests.steps import WORK_ANY

if TYPE_CHECKING:
    from .queue import MemberRequestAdmin

RIGHT = WORK_ANY
ROWS_AT_ONCE = 500
# What a spreadsheet would take for a formula.
BEGINS_A_FORMULA = ("=", "+", "-", "@", "\t", "\r")


class ExportForm(forms.Form):
    reason = forms.CharField(
        label=gettext_lazy("What it is needed for"),
        max_length=500,
        help_text=gettext_lazy("Kept sealed on the access log, with everybody who is in the file."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )


def export_page(model_admin: MemberRequestAdmin, request: HttpRequest) -> HttpResponseBase:
    """Ask for the reason; then send what the queue of this address lists."""
    if not request.user.has_perm(RIGHT):
        raise PermissionDenied
    if first := asked_for_second_factor(request):
        return first
    form = ExportForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        sight.did(sight.What.EXPORT, reason=form.cleaned_data["reason"])
        rows = model_admin.get_changelist_instance(request).get_queryset(request)
        name = f"requests-{timezone.localdate(now()).isoformat()}.csv"
        headers = {"Content-Disposition": f'attachment; filename="{name}"'}
        return StreamingHttpResponse(
            _lines(rows, get_language() or "ko"), content_type="text/csv; charset=utf-8", headers=headers
        )
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    query = request.GET.urlencode()
    context = {
        **admin.site.each_context(request),
        "opts": MemberRequest._meta,
        "title": _("Export the list"),
        "form": form,
        "back": reverse("admin:requests_memberrequest_changelist") + (f"?{query}" if query else ""),
    }
    return TemplateResponse(request, "admin/requests/memberrequest/export.html", context)


class _Line:
    """What a csv writer writes to, to be sent at once."""

    def write(self, text: str) -> str:
        return text


def _lines(rows: Any, language: str) -> Iterator[bytes]:
    writer = csv.writer(_Line())
    staff = dict(Account.objects.filter(is_staff=True).values_list("pk", "staff_name"))
    with translation.override(language):  # the page's own is over by the time this is sent
        yield b"\xef\xbb\xbf"  # without it spreadsheets take Korean for something else
        yield writer.writerow(_headings()).encode()
        for row in rows.select_related("member__data_key").iterator(chunk_size=ROWS_AT_ONCE):
            yield writer.writerow([_cell(value) for value in _values(row, staff)]).encode()


def _headings() -> list[str]:
    return [
        _("Reference"),
        _("Kind"),
        _("State"),
        _("Days left"),
        _("Due on"),
        _("Received"),
        _("Member"),
        _("Assigned to"),
        _("Decided"),
        _("Closed"),
    ]


def _values(row: MemberRequest, staff: dict[Any, str]) -> list[Any]:
    sight.saw(row.member_id)
    return [
        row.reference,
        str(row.the_kind),
        row.get_state_display(),
        row.days_left(),
        row.due_on.isoformat(),
        moment(row.received_at),
        masked_name(row.member),
        staff.get(row.assigned_to, "") if row.assigned_to else "",
        moment(row.decided_at),
        moment(row.closed_at),
    ]


def _cell(value: Any) -> Any:
    if isinstance(value, str) and value.startswith(BEGINS_A_FORMULA):
        return f"'{value}"
    return "" if value is None else value
