"""Requests on the admin's home page: by state and days left, each figure linked to its list."""

from __future__ import annotations

from typing import Any

from django.db.models import Count
from django.http import HttpRequest
from django.utils.translation import gettext as _

from privacy_portal.dashboard import Cell, Panel, Table, panel
from requests.models import UNDECIDED, MemberRequest

from . import queues, reach
from .filters import DAYS_LEFT, NAMES, days_left_conditions


@panel(5)
def requests_by_state(request: HttpRequest) -> Panel | None:
    if not request.user.has_perm("requests.view_memberrequest"):
        return None
    columns = {code: condition for code, condition in days_left_conditions().items() if code != "waiting"}
    counts = {code: Count("pk", filter=condition) for code, condition in columns.items()}
    known = MemberRequest.objects.filter(reach.listed_for(request.user)).undecided().order_by()
    rows_found: Any = known.values("state").annotate(total=Count("pk"), **counts)
    found: dict[str, dict[str, int]] = {row["state"]: row for row in rows_found}
    rows = []
    for state in UNDECIDED:
        row, of_state = found.get(state, {}), {"state__exact": state.value}
        cells = [Cell(row.get(code, 0), queues.address_of("all", **of_state, **{DAYS_LEFT: code})) for code in columns]
        rows.append([Cell(str(state.label)), *cells, Cell(row.get("total", 0), queues.address_of("all", **of_state))])
    headings = [_("State"), *(str(NAMES[code]) for code in columns), _("all")]
    return Panel(_("Requests by state and days left"), table=Table(headings, rows))
