"""The monthly review of the access log: what stands out, the officer's note, and what is overdue."""

from __future__ import annotations

from datetime import date
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, moment
from privacy_portal.admin_history import staff_names
from privacy_portal.audit import people, reviewing
from privacy_portal.audit.ledger.months import month_after, month_before, month_of
from privacy_portal.audit.models import AccessEntry, AccessReview
from privacy_portal.clock import now
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from .entry import reason_of

RIGHT = "audit.sign_off_accessreview"


class SignOffForm(forms.Form):
    """What the officer found."""

    seen = forms.IntegerField(widget=forms.HiddenInput, required=False)
    note = forms.CharField(
        label=gettext_lazy("Note"),
        max_length=5000,
        help_text=gettext_lazy("What was looked into and found. No personal values."),
        widget=forms.Textarea(attrs={"rows": 4}),
    )


@admin.register(AccessReview)
class AccessReviewAdmin(RecordAdmin):
    list_display = ("shown_month", "shown_by", "shown_at", "entries")
    list_before_template = "admin/audit/review_list.html"
    sortable_by = ()
    fields = ("shown_month", "shown_by", "shown_at", "entries", "note")
    history_hidden = ("last_entry_id",)

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.month_view)
        return [path("month/<int:year>-<int:month>/", view, name="audit_accessreview_month"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        today = timezone.localdate(now())
        overdue = set(reviewing.overdue_reviews(today))
        months = [(month, month in overdue) for month in reviewing.months_open(today)]
        extra = {"months": months, "this_month": month_of(today), **(extra_context or {})}
        return super().changelist_view(request, extra)

    def title_of(self, obj: AccessReview) -> str:
        return _("Review of %(month)s") % {"month": obj}

    def month_view(self, request: HttpRequest, year: int, month: int) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        try:
            first = date(year, month, 1)
        except ValueError:
            raise Http404 from None
        if first.year < 2000 or first > timezone.localdate(now()):
            raise Http404
        form = SignOffForm(request.POST or None)
        if request.method == "POST":
            if not request.user.has_perm(RIGHT):
                raise PermissionDenied
            if form.is_valid() and self._signed_off(request, first, form):
                return redirect("admin:audit_accessreview_month", year, month)
        return self._page(request, first, form)

    def _signed_off(self, request: HttpRequest, month: date, form: SignOffForm) -> bool:
        given = form.cleaned_data
        try:
            reviewing.sign_off(month, note=given["note"], seen=given["seen"], actor=actor_of(request))
        except PortalError as error:
            form.add_error(error.field, forms.ValidationError(error.sentence, code=error.code))
            return False
        messages.success(request, _("Signed off."))
        return True

    def _page(self, request: HttpRequest, month: date, form: SignOffForm) -> HttpResponse:
        found, today = reviewing.findings(month), timezone.localdate(now())
        review = AccessReview.objects.filter(month=month).first()
        entries = [*found.without_reference, *found.exports, *(entry for entry, _watched in found.to_watched)]
        accounts: list[UUID | None] = [volume.account_id for volume in found.volumes]
        accounts += [entry.account_id for entry in entries] + ([review.signed_off_by] if review else [])
        staff = staff_names(accounts)
        names = people.named({one.person_id for _entry, watched in found.to_watched for one in watched})
        most = max((count for _hour, count, _is_night in found.hours), default=0) or 1
        if form.is_bound:
            form.data = {**form.data.dict(), "seen": found.last_entry_id or ""}  # type: ignore[attr-defined]
        else:
            form.initial["seen"] = found.last_entry_id
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Review of %(month)s") % {"month": f"{month:%Y-%m}"},
            "month": month,
            "before": month_before(month),
            "after": month_after(month) if month < month_of(today) else None,
            "found": found,
            "review": review,
            "reviewer": staff.get(review.signed_off_by, "") if review else "",
            "volumes": [(one, _who(one.account_id, one.service, staff)) for one in found.volumes],
            "hours": [(hour, count, is_night, 100 * count // most) for hour, count, is_night in found.hours if count],
            "without_reference": [_told(entry, staff) for entry in found.without_reference],
            "exports": [_told(entry, staff) for entry in found.exports],
            "to_watched": [
                (_told(entry, staff), [(names[one.person_id], one.get_why_display()) for one in watched])
                for entry, watched in found.to_watched
            ],
            "form": form if review is None and month < month_of(today) else None,
            "may_sign_off": request.user.has_perm(RIGHT),
        }
        return TemplateResponse(request, "admin/audit/review.html", context)

    @display(description=gettext_lazy("month"))
    def shown_month(self, row: AccessReview) -> str:
        return str(row)

    @display(description=gettext_lazy("signed off by"))
    def shown_by(self, row: AccessReview) -> str:
        return staff_names([row.signed_off_by]).get(row.signed_off_by, "–")

    @display(description=gettext_lazy("signed off"))
    def shown_at(self, row: AccessReview) -> str:
        return moment(row.signed_off_at)


def _who(account_id: UUID | None, service: str, staff: dict[UUID, str]) -> str:
    if service:
        return _("service (%(name)s)") % {"name": service}
    return staff.get(account_id, str(account_id)) if account_id else _("nobody signed in")


def _told(entry: AccessEntry, staff: dict[UUID, str]) -> dict[str, Any]:
    """One entry as a line of the review; the reason only of those who had to give one."""
    is_weighty = entry.what in (AccessEntry.What.REVEAL, AccessEntry.What.EXPORT)
    return {
        "entry": entry,
        "by": _who(entry.account_id, entry.actor_name, staff),
        "people": len(entry.people),
        "reason": reason_of(entry) if is_weighty else "",
    }
