"""The access log, to read: who was shown whose data, when, from where and why."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.contrib.auth import get_user_model
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.utils import timezone, translation
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter, ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import label, link, moment
from privacy_portal.admin_history import Line, by_whom, item_names, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit import people
from privacy_portal.audit.masking import mask_ip
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry, Reveal
from privacy_portal.audit.sight import saw
from privacy_portal.exact_search import ExactSearchAdmin, Terms
from privacy_portal.vault.errors import DoesNotOpen

NAMED_IN_LIST, NAMED_ON_PAGE = 3, 100
TONES = {AccessEntry.What.REVEAL: "warn", AccessEntry.What.EXPORT: "warn"}
# What the codes of reasons mean; rooms above that ask for reasons of their own add them.
CHOSEN: dict[str, Any] = dict(Reveal.Why.choices)


class ColleagueFilter(DropdownFilter):
    title = gettext_lazy("by whom")
    parameter_name = "account"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        staff = get_user_model()._default_manager.filter(is_staff=True).order_by("staff_name")
        return [(str(number), name or str(number)) for number, name in staff.values_list("pk", "staff_name")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        try:
            return queryset.filter(account_id=UUID(self.value())) if self.value() else queryset
        except ValueError:
            return queryset.none()


class LogAdmin(ExactSearchAdmin):
    """What both logs have in common: rows that name people by number, shown by their masked names."""

    ordering = ("-id",)
    sortable_by = ()
    exact_search_help = gettext_lazy(
        "Finds whose data was shown, by a whole value: an e-mail address, name, company, mobile number, business "
        "registration number or member number."
    )

    def terms_of(self, text: str) -> Terms:
        return people.terms_of(text)

    def seen(self, row: Any) -> list[UUID]:
        raise NotImplementedError

    def prepare(self, rows: Iterable[Any]) -> None:
        rows = list(rows)
        staff = staff_names(row.account_id for row in rows)
        names = people.named({person for row in rows for person in self.seen(row)[:NAMED_IN_LIST]})
        items = item_names() if rows else {}
        for row in rows:
            row.staff, row.names, row.item_names = staff, names, items

    def title_of(self, obj: Any) -> str:
        return _("Access of %(at)s") % {"at": moment(obj.at)}

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        obj = super().get_object(request, object_id, from_field)
        if obj is not None:
            obj.staff, obj.item_names = staff_names([obj.account_id]), item_names()
            obj.names = people.named(self.seen(obj)[:NAMED_ON_PAGE])
        return obj

    def only_line(self, obj: Any) -> Line:
        return Line(at=obj.at, what=_("written"), by=self.shown_actor(obj), reason="")

    @display(description=gettext_lazy("when"))
    def shown_at(self, row: Any) -> str:
        return timezone.localtime(row.at).strftime("%Y-%m-%d %H:%M:%S")

    @display(description=gettext_lazy("by whom"))
    def shown_actor(self, row: Any) -> str:
        return _("member")

    @display(description=gettext_lazy("people"))
    def shown_some(self, row: Any) -> str:
        seen = self.seen(row)
        named = ", ".join(row.names[person] for person in seen[:NAMED_IN_LIST])
        more = len(seen) - NAMED_IN_LIST
        return _("%(names)s and %(more)s more") % {"names": named, "more": more} if more > 0 else named or "–"

    @display(description=gettext_lazy("people"))
    def shown_people(self, row: Any) -> str | SafeString:
        seen = self.seen(row)
        links = ((link(people.url_of(one), row.names[one]),) for one in seen[:NAMED_ON_PAGE])
        named, more = format_html_join(", ", "{}", links), len(seen) - NAMED_ON_PAGE
        return format_html("{} · {}", named, _("and %(more)s more") % {"more": more}) if more > 0 else named or "–"

    @display(description=gettext_lazy("items"))
    def shown_items(self, row: Any) -> str:
        return ", ".join(row.item_names.get(code, code) for code in row.items) or "–"

    @display(description=gettext_lazy("values"))
    def shown_how(self, row: Any) -> str:
        return _("in full") if row.in_full else _("masked")

    @display(description=gettext_lazy("from where"))
    def shown_where(self, row: Any) -> str:
        evidence = evidence_of(row)
        parts = (
            [_("IP address %(address)s") % {"address": mask_ip(evidence["address"])}] if "address" in evidence else []
        )
        parts += [_("browser (sealed)")] if "browser" in evidence else []
        return " · ".join(parts) or "–"

    @display(description=gettext_lazy("session"))
    def shown_session(self, row: Any) -> str:
        return row.session[:12] or "–"


@admin.register(AccessEntry)
class AccessEntryAdmin(LogAdmin):
    list_display = (
        "shown_at",
        "shown_what",
        "shown_actor",
        "shown_role",
        "shown_some",
        "shown_items",
        "request_reference",
    )
    list_filter = (
        ("what", ChoicesDropdownFilter),
        ColleagueFilter,
        ("at", DayRangeFilter),
        ("in_full", BooleanRadioFilter),
    )
    fields = (
        "reference",
        "shown_at",
        "shown_what",
        "shown_actor",
        "shown_role",
        "shown_page",
        "shown_people",
        "shown_items",
        "shown_how",
        "shown_searched",
        "request_reference",
        "shown_reason",
        "shown_where",
        "shown_session",
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[AccessEntry]:
        return super().get_queryset(request).select_related("data_key")

    def seen(self, row: AccessEntry) -> list[UUID]:
        return row.people

    def narrowed(self, request: HttpRequest, changelist: Any, queryset: QuerySet[Any]) -> QuerySet[Any]:
        queryset = super().narrowed(request, changelist, queryset)
        if "member" not in changelist.params:
            return queryset
        try:
            return queryset.filter(people__contains=[UUID(changelist.params["member"])])
        except ValueError:
            return queryset.none()

    @property
    def own_parameters(self) -> set[str]:
        return {*super().own_parameters, "member"}

    def found_by(self, terms: Terms) -> Q:
        return Q(people__overlap=people.found(terms))

    @display(description=gettext_lazy("what"))
    def shown_what(self, row: AccessEntry) -> SafeString:
        return label(row.get_what_display(), TONES.get(AccessEntry.What(row.what), ""))

    @display(description=gettext_lazy("by whom"))
    def shown_actor(self, row: Any) -> str:
        return by_whom(row.actor_kind, row.account_id, row.actor_name, row.staff)

    @display(description=gettext_lazy("page"))
    def shown_page(self, row: AccessEntry) -> str:
        return row.page

    @display(description=gettext_lazy("searched for"))
    def shown_searched(self, row: AccessEntry) -> str:
        return ", ".join(one[:12] for one in row.searched) or "–"

    @display(description=gettext_lazy("reason"))
    def shown_reason(self, row: AccessEntry) -> str:
        return reason_of(row) or "–"

    @display(description=gettext_lazy("role at that time"))
    def shown_role(self, row: AccessEntry) -> str:
        in_language = translation.gettext  # the names of groups are marked where they stand
        return ", ".join(in_language(name) for name in row.role.split(", ")) if row.role else "–"


@admin.register(OwnAccessEntry)
class OwnAccessEntryAdmin(LogAdmin):
    list_display = ("shown_at", "shown_some", "shown_items", "shown_how")
    list_filter = (("at", DayRangeFilter), ("in_full", BooleanRadioFilter))
    fields = ("reference", "shown_at", "shown_people", "page", "shown_items", "shown_how", "shown_where")

    def get_queryset(self, request: HttpRequest) -> QuerySet[OwnAccessEntry]:
        return super().get_queryset(request).select_related("data_key")

    def seen(self, row: OwnAccessEntry) -> list[UUID]:
        return [row.person_id]

    def found_by(self, terms: Terms) -> Q:
        return Q(person_id__in=people.found(terms))


def reason_of(row: Any) -> str:
    """Why somebody looked, in words: what was chosen from a list is kept as its code."""
    code, dot, remark = evidence_of(row).get("reason", "").partition(" · ")
    return f"{CHOSEN.get(code, code)}{dot}{remark}"


def evidence_of(row: Any) -> dict[str, str]:
    """From where and why, in clear; whose evidence it is, is on the record as shown."""
    if row.evidence is None or row.evidence.is_destroyed:
        return {}
    saw(getattr(row, "person_id", row.account_id))
    try:
        return dict(row.evidence.open())
    except DoesNotOpen:
        return {"reason": _("cannot be opened: altered or moved")}
