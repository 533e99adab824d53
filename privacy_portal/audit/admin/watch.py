"""The watch list: people whose records colleagues may be curious about."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, RecordAdmin, label, link, moment
from privacy_portal.admin_history import staff_names
from privacy_portal.audit import people, watch_list
from privacy_portal.audit.models import WatchedPerson
from privacy_portal.doors import actor_of

from .showing import person_named


class WatchForm(forms.Form):
    why = forms.ChoiceField(label=gettext_lazy("Why"), choices=WatchedPerson.Why.choices)


@admin.register(WatchedPerson)
class WatchedPersonAdmin(RecordAdmin):
    list_display = ("shown_person", "why", "shown_state", "shown_by", "shown_at")
    list_filter = (("why", ChoicesDropdownFilter), ("is_watched", BooleanRadioFilter))
    sortable_by = ()
    fields = ("shown_person", "why", "shown_state", "shown_by", "shown_at")
    people_path = "person_id"

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(self.watch_view)
        return [path("watch/", view, name="audit_watchedperson_watch"), *super().get_urls()]

    def prepare(self, rows: Iterable[Any]) -> None:
        rows = list(rows)
        names = people.named({row.person_id for row in rows})
        staff = staff_names(row.added_by for row in rows)
        for row in rows:
            row.names, row.staff = names, staff

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            self.prepare([obj])
        return obj

    def title_of(self, obj: WatchedPerson) -> str:
        return _("Watched person")

    def watch_view(self, request: HttpRequest) -> HttpResponse:
        """Put a person on the list or take a person off; the person's page leads here."""
        if not request.user.has_perm(watch_list.RIGHT):
            raise PermissionDenied
        person = person_named(request, request.GET.get("person", ""))
        found = WatchedPerson.objects.filter(person_id=person, is_watched=True).first()
        form = WatchForm(request.POST or None, initial={"why": found.why if found else None})
        if request.method == "POST":
            if "stop" in request.POST:
                watch_list.stop_watching(person, actor=actor_of(request))
                messages.success(request, _("Taken off the watch list."))
                return redirect(people.url_of(person))
            if form.is_valid():
                watch_list.watch(person, why=form.cleaned_data["why"], actor=actor_of(request))
                messages.success(request, _("Put on the watch list."))
                return redirect(people.url_of(person))
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "opts": self.opts,
            "title": _("Watch list"),
            "name": people.named([person])[person],
            "found": found,
            "form": form,
            "back": people.url_of(person),
        }
        return TemplateResponse(request, "admin/audit/watch.html", context)

    @display(description=gettext_lazy("person"))
    def shown_person(self, row: Any) -> SafeString:
        return link(people.url_of(row.person_id), row.names[row.person_id])

    @display(description=gettext_lazy("state"))
    def shown_state(self, row: WatchedPerson) -> SafeString:
        return label(_("watched"), "warn") if row.is_watched else label(_("no longer"))

    @display(description=gettext_lazy("added by"))
    def shown_by(self, row: Any) -> str:
        return row.staff.get(row.added_by, "–")

    @display(description=gettext_lazy("added"))
    def shown_at(self, row: WatchedPerson) -> str:
        return moment(row.added_at)


def watch_button(request: HttpRequest, person_id: UUID) -> list[Button]:
    if not request.user.has_perm(watch_list.RIGHT):
        return []
    url = f"{reverse('admin:audit_watchedperson_watch')}?{urlencode({'person': person_id})}"
    return [Button(_("Watch list…"), url, "visibility_lock")]
