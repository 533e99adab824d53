"""Legal holds: placed from the page of a member or a request, shown there while they last, lifted on their own page."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from members.admin import more_buttons, sections
from members.models import Member
from privacy_portal.admin_base import Button, RecordAdmin, label, link, moment
from privacy_portal.admin_forms import form_page
from privacy_portal.admin_history import staff_names
from privacy_portal.doors import actor_of
from privacy_portal.retention import holds
from privacy_portal.retention.models import LegalHold
from requests.admin import page as request_page
from requests.models import MemberRequest

from .forms import HoldForm

MAY_HOLD = "retention.place_hold"


@admin.register(LegalHold)
class LegalHoldAdmin(RecordAdmin):
    list_display = ("shown_placed", "shown_about", "reason", "reference", "shown_state")
    list_filter = (("reason", ChoicesDropdownFilter),)
    ordering = ("-placed_at", "-id")
    sortable_by = ()
    narrowed_by = {"member": "about_id"}
    list_before_template = "admin/record/narrowed.html"
    fields = ("about", "shown_about", "reason", "reference", "shown_placed", "placed_by_name", "shown_state", "lifted")

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("place/<uuid:number>/", page(self.place_view), name="retention_legalhold_place"),
            path("place/request/<uuid:number>/", page(self.place_on_request), name="retention_legalhold_request"),
            path("<uuid:number>/lift/", page(require_POST(self.lift_view)), name="retention_legalhold_lift"),
            *super().get_urls(),
        ]

    def people_of(self, obj: LegalHold) -> list[UUID | None]:
        return [obj.about_id if obj.about == LegalHold.About.PERSON else None]

    def title_of(self, obj: LegalHold) -> str:
        return _("Legal hold: %(reason)s") % {"reason": obj}

    def buttons(self, request: HttpRequest, obj: LegalHold) -> list[Button]:
        if obj.lifted_at is not None or not request.user.has_perm(MAY_HOLD):
            return []
        url = reverse("admin:retention_legalhold_lift", args=[obj.pk])
        return [Button(_("Lift the hold"), url, "lock_open", posts=True, is_main=True)]

    def place_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        if not request.user.has_perm(MAY_HOLD):
            raise PermissionDenied
        if not Member.objects.filter(pk=number).exists():
            raise Http404
        intro = _("While it lasts, nothing of this person is destroyed, not even when a consent is withdrawn.")
        return self._place(request, LegalHold.About.PERSON, number, intro, "admin:members_member_change")

    def place_on_request(self, request: HttpRequest, number: UUID) -> HttpResponse:
        if not request.user.has_perm(MAY_HOLD):
            raise PermissionDenied
        if not MemberRequest.objects.filter(pk=number).exists():
            raise Http404
        intro = _("While it lasts, nothing of this request is destroyed: what was asked, its documents, the thread.")
        return self._place(request, LegalHold.About.REQUEST, number, intro, "admin:requests_memberrequest_change")

    def _place(self, request: HttpRequest, about: LegalHold.About, number: UUID, intro: str, back: str) -> HttpResponse:
        def act(**values: Any) -> None:
            holds.place(about, number, actor=actor_of(request), **values)

        return form_page(
            request,
            self.admin_site,
            HoldForm(request.POST if request.method == "POST" else None),
            title=_("Place a legal hold"),
            intro=intro,
            submit=_("Place the hold"),
            back=reverse(back, args=[number]),
            act=act,
            done=_("The hold is placed."),
        )

    def lift_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        if not request.user.has_perm(MAY_HOLD):
            raise PermissionDenied
        hold = LegalHold.objects.filter(pk=number).first()
        if hold is None:
            raise Http404
        holds.lift(hold, actor=actor_of(request))
        messages.success(request, _("The hold is lifted. What fell due meanwhile is in the next destruction run."))
        return redirect("admin:retention_legalhold_change", number)

    @display(description=gettext_lazy("placed"))
    def shown_placed(self, hold: LegalHold) -> str:
        return moment(hold.placed_at)

    @display(description=gettext_lazy("about"))
    def shown_about(self, hold: LegalHold) -> str | SafeString:
        if hold.about == LegalHold.About.PERSON:
            return link(reverse("admin:members_member_change", args=[hold.about_id]), hold.about_id)
        return link(reverse("admin:requests_memberrequest_change", args=[hold.about_id]), hold.about_id)

    @display(description=gettext_lazy("placed by"))
    def placed_by_name(self, hold: LegalHold) -> str:
        return _name(hold.placed_by)

    @display(description=gettext_lazy("state"))
    def shown_state(self, hold: LegalHold) -> SafeString:
        return label(_("lifted")) if hold.lifted_at else label(_("lasts"), "warn")

    @display(description=gettext_lazy("lifted"))
    def lifted(self, hold: LegalHold) -> str:
        return f"{moment(hold.lifted_at)} · {_name(hold.lifted_by)}" if hold.lifted_at else "–"


def _name(account_id: UUID | None) -> str:
    return staff_names([account_id]).get(account_id, "–") if account_id else "–"


def holds_section(request: HttpRequest, member: Member) -> str:
    """On a member's page: the holds that last."""
    if not request.user.has_perm("retention.view_legalhold"):
        return ""
    lasting = list(holds.open_holds([member.pk]))
    return render_to_string("admin/retention/of_member.html", {"holds": lasting}) if lasting else ""


def holds_of_request(request: HttpRequest, member_request: MemberRequest) -> str:
    """On a request's page: the holds that last on it, or on its member."""
    if not request.user.has_perm("retention.view_legalhold"):
        return ""
    lasting = list(holds.open_holds([member_request.pk, member_request.member_id]))
    return render_to_string("admin/retention/of_member.html", {"holds": lasting}) if lasting else ""


def hold_buttons(request: HttpRequest, member: Member) -> list[Button]:
    if not request.user.has_perm(MAY_HOLD):
        return []
    return [Button(_("Place a legal hold"), reverse("admin:retention_legalhold_place", args=[member.pk]), "gavel")]


def request_hold_buttons(request: HttpRequest, member_request: MemberRequest) -> list[Button]:
    if not request.user.has_perm(MAY_HOLD):
        return []
    url = reverse("admin:retention_legalhold_request", args=[member_request.pk])
    return [Button(_("Place a legal hold"), url, "gavel")]


sections.insert(0, holds_section)
more_buttons.append(hold_buttons)
request_page.sections.append(holds_of_request)
request_page.more_buttons.append(request_hold_buttons)
