"""Destruction runs: what is due, shown before it is destroyed; approving and cancelling; how far it has come."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from members.access import asked_for_second_factor
from privacy_portal.admin_base import Button, RecordAdmin, moment
from privacy_portal.admin_history import staff_names
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.retention import runs, tallies
from privacy_portal.retention.models import DestructionItem, DestructionRun

from .figures import notes_of_overdue
from .labels import rule_names, state_label

MAY_APPROVE = "retention.approve_run"
State, Outcome = DestructionRun.State, DestructionItem.Outcome


@admin.register(DestructionRun)
class DestructionRunAdmin(RecordAdmin):
    list_display = ("shown_name", "shown_proposed", "shown_counts", "shown_state", "shown_finished")
    list_filter = (("state", ChoicesDropdownFilter),)
    list_before_template = "admin/record/notes.html"
    ordering = ("-id",)
    sortable_by = ()
    fields = (
        "shown_state",
        "shown_proposed",
        "needs_second_officer",
        "first_approval",
        "second_approval",
        "shown_started",
        "shown_finished",
    )
    change_form_after_template = "admin/retention/destructionrun/after.html"

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(require_POST(view))

        return [
            path("<int:number>/approve/", page(self.approve_view), name="retention_destructionrun_approve"),
            path("<int:number>/cancel/", page(self.cancel_view), name="retention_destructionrun_cancel"),
            *super().get_urls(),
        ]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        return super().changelist_view(request, {"notes": list(notes_of_overdue()), **(extra_context or {})})

    def prepare(self, rows: Any) -> None:
        names = rule_names()
        for run in rows:
            run.rule_names = names

    def title_of(self, obj: DestructionRun) -> str:
        return self.shown_name(obj)

    def buttons(self, request: HttpRequest, obj: DestructionRun) -> list[Button]:
        if not request.user.has_perm(MAY_APPROVE):
            return []
        buttons = []
        if not runs.why_not_approve(obj, request.user.pk):
            url = reverse("admin:retention_destructionrun_approve", args=[obj.pk])
            buttons.append(Button(_("Approve the destruction"), url, "check", posts=True, is_main=True))
        if obj.state in (State.PROPOSED, State.APPROVED):
            url = reverse("admin:retention_destructionrun_cancel", args=[obj.pk])
            buttons.append(Button(_("Cancel the run"), url, "close", posts=True))
        return buttons

    def more_context(self, request: HttpRequest, obj: DestructionRun) -> dict[str, Any]:
        names, outcomes = rule_names(), runs.outcomes(obj)
        rows = [
            (names.get(code, code), count, [outcomes.get((code, outcome), 0) for outcome in Outcome.values])
            for code, count in obj.counts.items()
        ]
        held = [(names.get(code, code), count) for code, count in tallies.held().items()]
        return {"rows": rows, "outcomes": Outcome.labels, "held": held}

    def approve_view(self, request: HttpRequest, number: int) -> HttpResponseBase:
        return self._do(request, number, runs.approve, _("Approved."))

    def cancel_view(self, request: HttpRequest, number: int) -> HttpResponseBase:
        return self._do(request, number, runs.cancel, _("The run is cancelled. What is still due is proposed again."))

    def _do(
        self, request: HttpRequest, number: int, verb: Callable[..., DestructionRun], done: str
    ) -> HttpResponseBase:
        if not request.user.has_perm(MAY_APPROVE):
            raise PermissionDenied
        run = DestructionRun.objects.filter(pk=number).first()
        if run is None:
            raise Http404
        page = reverse("admin:retention_destructionrun_change", args=[number])
        if verb is runs.approve and (first := asked_for_second_factor(request, back=page)):
            return first
        try:
            run = verb(run, actor=actor_of(request))
        except PortalError as error:
            messages.error(request, str(error.sentence))
        else:
            waits = run.state == State.PROPOSED
            messages.success(request, _("Approved. It waits for a second officer.") if waits else done)
        return redirect(page)

    @display(description=gettext_lazy("run"))
    def shown_name(self, run: DestructionRun) -> str:
        return _("Run %(number)s") % {"number": run.pk}

    @display(description=gettext_lazy("proposed"))
    def shown_proposed(self, run: DestructionRun) -> str:
        return moment(run.proposed_at)

    @display(description=gettext_lazy("what"))
    def shown_counts(self, run: DestructionRun) -> str:
        names = getattr(run, "rule_names", {})
        return ", ".join(f"{names.get(code, code)} {count}" for code, count in run.counts.items())

    @display(description=gettext_lazy("state"))
    def shown_state(self, run: DestructionRun) -> SafeString:
        return state_label(run)

    @display(description=gettext_lazy("approved"))
    def first_approval(self, run: DestructionRun) -> str:
        return _approval(run.approved_at, run.approved_by)

    @display(description=gettext_lazy("second approval"))
    def second_approval(self, run: DestructionRun) -> str:
        return _approval(run.second_approved_at, run.second_approved_by)

    @display(description=gettext_lazy("begun"))
    def shown_started(self, run: DestructionRun) -> str:
        return moment(run.started_at) or "–"

    @display(description=gettext_lazy("finished"))
    def shown_finished(self, run: DestructionRun) -> str:
        return moment(run.finished_at) or "–"


def _approval(at: Any, account_id: Any) -> str:
    return f"{moment(at)} · {staff_names([account_id]).get(account_id, '–')}" if at else "–"
