"""The retention schedule: every version of every rule, and setting the periods the law leaves to the company."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.decorators import display

from privacy_portal.admin_base import Button, RecordAdmin
from privacy_portal.admin_forms import form_page
from privacy_portal.doors import actor_of
from privacy_portal.retention import schedule
from privacy_portal.retention.models import RetentionRule

from .forms import PeriodForm


@admin.register(RetentionRule)
class RetentionRuleAdmin(RecordAdmin):
    list_display = ("shown_name", "shown_period", "counts_from", "shown_ground", "shown_from", "shown_until")
    ordering = ("code", "-effective_from")
    sortable_by = ()
    fields = (
        "shown_name",
        "shown_period",
        "counts_from",
        "shown_ground",
        "shown_source",
        "shown_from",
        "shown_until",
        "set_by_officer",
        "needs_second_officer",
    )

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.period_view)
        return [path("<int:number>/period/", view, name="retention_retentionrule_period"), *super().get_urls()]

    def buttons(self, request: HttpRequest, obj: RetentionRule) -> list[Button]:
        if schedule.why_not_set(obj) or not request.user.has_perm("retention.set_period"):
            return []
        url = reverse("admin:retention_retentionrule_period", args=[obj.pk])
        return [Button(_("Set the period"), url, "edit_calendar", is_main=True)]

    def period_view(self, request: HttpRequest, number: int) -> HttpResponse:
        if not request.user.has_perm("retention.set_period"):
            raise PermissionDenied
        rule = RetentionRule.objects.filter(pk=number).first()
        if rule is None or schedule.why_not_set(rule):
            raise Http404
        initial = {"months": rule.months, "needs_second_officer": rule.needs_second_officer}

        def act(**values: Any) -> None:
            schedule.set_period(rule, actor=actor_of(request), **values)

        return form_page(
            request,
            self.admin_site,
            PeriodForm(request.POST if request.method == "POST" else None, initial=initial),
            title=_("Set the period: %(rule)s") % {"rule": rule},
            intro=_("The new period holds from today on, also for what is kept already. The old one stays on record."),
            submit=_("Set the period"),
            back=reverse("admin:retention_retentionrule_changelist"),
            act=act,
            done=_("The period is set."),
        )

    @display(description=gettext_lazy("rule"))
    def shown_name(self, rule: RetentionRule) -> str:
        return str(rule)

    @display(description=gettext_lazy("kept for"))
    def shown_period(self, rule: RetentionRule) -> str:
        if not rule.months:
            return _("destroyed at once")
        if rule.months % 12:
            return ngettext("%(count)s month", "%(count)s months", rule.months) % {"count": rule.months}
        years = rule.months // 12
        return ngettext("%(count)s year", "%(count)s years", years) % {"count": years}

    @display(description=gettext_lazy("ground"))
    def shown_ground(self, rule: RetentionRule) -> str:
        return rule.ground

    @display(description=gettext_lazy("source"))
    def shown_source(self, rule: RetentionRule) -> str:
        return rule.source

    @display(description=gettext_lazy("in force from"))
    def shown_from(self, rule: RetentionRule) -> str:
        return rule.effective_from.isoformat()

    @display(description=gettext_lazy("in force until"))
    def shown_until(self, rule: RetentionRule) -> str:
        return rule.effective_to.isoformat() if rule.effective_to else "–"
