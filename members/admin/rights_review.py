"""The quarterly review of rights in the admin: who has which, and the officer's note."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, moment
from privacy_portal.admin_history import Line, by_whom, staff_names
from privacy_portal.audit import sight
from privacy_portal.clock import now
from privacy_portal.dashboard import Note, notes
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from ..models import RightsReview
from ..rights import reviewing
from .rights import in_words
from .rights_forms import ReviewForm


@admin.register(RightsReview)
class RightsReviewAdmin(RecordAdmin):
    list_display = ("shown_at", "shown_by", "accounts")
    list_before_template = "admin/members/rightsreview/before.html"
    ordering = ("-id",)
    sortable_by = ()
    fields = ("shown_at", "shown_by", "accounts", "note")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.review_view)
        return [path("now/", view, name="members_rightsreview_now"), *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        due_on = reviewing.due_on(timezone.localdate(now()))
        return super().changelist_view(request, {"due_on": due_on, **(extra_context or {})})

    def prepare(self, rows: Any) -> None:
        rows = list(rows)
        names = staff_names(row.reviewed_by for row in rows)
        for row in rows:
            row.staff_names = names

    def title_of(self, obj: RightsReview) -> str:
        return _("Review of %(at)s") % {"at": moment(obj.at)}

    def only_line(self, obj: RightsReview) -> Line:
        by = by_whom("staff", obj.reviewed_by, "", staff_names([obj.reviewed_by]))
        return Line(at=obj.at, what=_("written"), by=by, reason=_("signed off"))

    def review_view(self, request: HttpRequest) -> HttpResponse:
        """Everybody's rights on one page, and the form to sign them off."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        may_sign_off = request.user.has_perm(reviewing.RIGHT)
        form = ReviewForm(request.POST or None, initial={"seen": reviewing.last_change()})
        if request.method == "POST":
            if not may_sign_off:
                raise PermissionDenied
            if form.is_valid():
                try:
                    reviewing.sign_off(actor=actor_of(request), **form.cleaned_data)
                except PortalError as error:
                    form.add_error(error.field, str(error.sentence))
                else:
                    messages.success(request, _("Signed off."))
                    return redirect("admin:members_rightsreview_changelist")
        holders = reviewing.holders(timezone.localdate(now()))
        for holder in holders:
            sight.saw(holder.account.pk)
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Rights of staff"),
            "holders": [
                (holder, in_words(holder.groups, every_right=holder.account.is_superuser)) for holder in holders
            ],
            "form": form if may_sign_off else None,
        }
        return TemplateResponse(request, "admin/members/rightsreview/review.html", context)

    @display(description=gettext_lazy("when"))
    def shown_at(self, review: RightsReview) -> str:
        return moment(review.at)

    @display(description=gettext_lazy("reviewed by"))
    def shown_by(self, review: RightsReview) -> str:
        names = getattr(review, "staff_names", None) or staff_names([review.reviewed_by])
        return str(names.get(review.reviewed_by, "–"))


@notes
def review_is_due(request: HttpRequest) -> Iterator[Note]:
    if not request.user.has_perm(reviewing.RIGHT):
        return
    today = timezone.localdate(now())
    due_on = reviewing.due_on(today)
    if due_on is not None and due_on < today:
        told = _("The rights of staff were to be reviewed by %(day)s.") % {"day": date_format(due_on)}
        yield Note(told, reverse("admin:members_rightsreview_now"), is_bad=False)
