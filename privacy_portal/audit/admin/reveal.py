"""Reveals: asking for one, ending it, the list, and those in force just now."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import RecordAdmin, label, link, moment
from privacy_portal.admin_history import item_names, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit import people, revealing, rules
from privacy_portal.audit.models import Reveal
from privacy_portal.clock import now
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError

from .showing import RIGHT, person_named

Line = tuple[Reveal, str, str]
LONGEST_REFERENCE = 60


class RevealForm(forms.Form):
    """Why a value is needed in full."""

    why = forms.ChoiceField(label=gettext_lazy("Reason"))
    request_reference = forms.CharField(
        label=gettext_lazy("Reference of the request"), required=False, max_length=LONGEST_REFERENCE
    )
    remark = forms.CharField(
        label=gettext_lazy("Remark"),
        required=False,
        max_length=revealing.LONGEST_REMARK,
        help_text=gettext_lazy("Kept sealed with the record of this reveal."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, needs_reference: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.needs_reference = needs_reference
        self.fields["why"].choices = [("", _("Please choose")), *Reveal.Why.choices]  # type: ignore[attr-defined]
        self.fields["request_reference"].required = needs_reference

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        refusal = None
        if cleaned.get("why"):
            remark, reference = cleaned.get("remark", "").strip(), cleaned.get("request_reference", "").strip()
            needs = self.needs_reference and "request_reference" not in self.errors
            refusal = revealing.why_not(cleaned["why"], remark=remark, reference=reference, needs_reference=needs)
        if refusal is not None:
            self.add_error(refusal.field, forms.ValidationError(refusal.sentence, code=refusal.code))
        return cleaned


@admin.register(Reveal)
class RevealAdmin(RecordAdmin):
    list_display = ("shown_at", "shown_account", "shown_items", "why", "request_reference", "shown_until")
    list_filter = (("why", ChoicesDropdownFilter), ("at", DayRangeFilter))
    list_before_template = "admin/audit/reveal_list.html"
    sortable_by = ()
    fields = (
        "shown_at",
        "shown_until",
        "shown_account",
        "shown_person",
        "shown_items",
        "why",
        "request_reference",
        "shown_remark",
    )
    history_hidden = ("data_key", "remark")
    people_path = "person_id"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Reveal]:
        return super().get_queryset(request).select_related("data_key")

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("new/", page(self.new_view), name="audit_reveal_new"),
            path("now/", page(require_safe(self.now_view)), name="audit_reveal_now"),
            path("<uuid:number>/end/", page(require_POST(self.end_view)), name="audit_reveal_end"),
            *super().get_urls(),
        ]

    def prepare(self, rows: Iterable[Any]) -> None:
        rows = list(rows)
        staff, items = staff_names(row.account_id for row in rows), item_names()
        for row in rows:
            row.staff, row.item_names = staff, items

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare([obj])
        return obj

    def title_of(self, obj: Reveal) -> str:
        return _("Reveal of %(at)s") % {"at": moment(obj.at)}

    # ------------------------------------------------------------------- asking for one, and ending it
    def new_view(self, request: HttpRequest) -> HttpResponse:
        if not request.user.has_perm(RIGHT):
            raise PermissionDenied
        person, names = person_named(request, request.GET.get("person", "")), item_names()
        name, item, back = people.named([person])[person], request.GET.get("item", ""), _next(request, person)
        if item and item not in names:
            raise Http404
        needs_reference = not request.user.has_perm("audit.reveal_without_reference")
        reference = request.GET.get("reference", "")[:LONGEST_REFERENCE]
        asked_for = {"why": Reveal.Why.REQUEST, "request_reference": reference} if reference else None
        form = RevealForm(request.POST or None, initial=asked_for, needs_reference=needs_reference)
        if request.method == "POST" and form.is_valid():
            given = {**form.cleaned_data, "reference": form.cleaned_data["request_reference"]}
            del given["request_reference"]
            actor, items = actor_of(request), [item] if item else []
            try:
                made = revealing.reveal(person, items=items, actor=actor, **given)
            except PortalError as error:
                form.add_error(error.field, forms.ValidationError(error.sentence, code=error.code))
            else:
                until = timezone.localtime(made.expires_at).strftime("%H:%M")
                messages.success(request, _("Shown in full until %(time)s, on the record.") % {"time": until})
                return redirect(back)
        minutes = rules.number("reveal_minutes", timezone.localdate())
        context = {"form": form, "name": name, "item": names.get(item, ""), "back": back, "minutes": minutes}
        return self._page(request, "reveal_new", {"title": _("Show in full"), **context})

    def end_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        found = Reveal.objects.filter(pk=number).first()
        if found is None:
            raise Http404
        if found.account_id != request.user.pk and not request.user.has_perm("audit.view_reveal"):
            raise PermissionDenied
        revealing.end(number, actor=actor_of(request))
        messages.success(request, _("The values are masked again."))
        if request.GET.get("next") == "now":
            return redirect("admin:audit_reveal_now")
        return redirect(_next(request, found.person_id))

    def now_view(self, request: HttpRequest) -> HttpResponse:
        """Who reads what in full at this moment; names no person, so that watching it is no access of its own."""
        if not self.has_view_permission(request):
            raise PermissionDenied
        reveals = list(Reveal.objects.filter(expires_at__gt=now()).order_by("-at"))
        self.prepare(reveals)
        lines = [(one, self.shown_account(one), self.shown_items(one)) for one in reveals]
        context = {"title": _("Reveals now"), "lines": lines, "is_paused": "paused" in request.GET, "at": now()}
        return self._page(request, "_reveals_now" if "part" in request.GET else "reveals_now", context)

    def _page(self, request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {**self.admin_site.each_context(request), "opts": self.opts, **context}
        return TemplateResponse(request, f"admin/audit/{template}.html", context)

    # ------------------------------------------------------------------- columns and facts
    @display(description=gettext_lazy("since"))
    def shown_at(self, row: Reveal) -> str:
        return moment(row.at)

    @display(description=gettext_lazy("until"))
    def shown_until(self, row: Reveal) -> str | SafeString:
        return label(moment(row.expires_at), "warn") if row.expires_at > now() else moment(row.expires_at)

    @display(description=gettext_lazy("by whom"))
    def shown_account(self, row: Any) -> str:
        return row.staff.get(row.account_id) or str(row.account_id)

    @display(description=gettext_lazy("person"))
    def shown_person(self, row: Reveal) -> SafeString:
        return link(people.url_of(row.person_id), people.named([row.person_id])[row.person_id])

    @display(description=gettext_lazy("items"))
    def shown_items(self, row: Any) -> str:
        return ", ".join(row.item_names.get(code, code) for code in row.items) or _("the whole record")

    @display(description=gettext_lazy("remark"))
    def shown_remark(self, row: Reveal) -> str:
        if row.remark is None:
            return "–"
        return _("destroyed") if row.remark.is_destroyed else str(row.remark.open())


def _next(request: HttpRequest, person: UUID) -> str:
    """The page one came from, if it is one of the admin's."""
    page = request.GET.get("next", "")
    is_ours = page.startswith(reverse("admin:index")) and url_has_allowed_host_and_scheme(page, allowed_hosts=None)
    return page if is_ours else people.url_of(person)
