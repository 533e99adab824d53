"""Items, purposes, methods and collections: managed by the catalogue, so here only to read."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, RecordAdmin
from privacy_portal.audit.masking import country_name
from privacy_portal.policy.models import (
    Collection,
    CollectionMethod,
    Item,
    Notice,
    Purpose,
)

from .status import GroupFilter, draft_button, status_label, with_status


@admin.register(Item)
class ItemAdmin(RecordAdmin):
    list_display = ("name_ko", "name_en", "item_class", "code")
    list_filter = (("item_class", ChoicesDropdownFilter),)
    search_fields = ("code", "name_ko", "name_en")
    fields = ("code", "item_class", "name_ko", "name_en", "note")
    sortable_by = ()


@admin.register(Purpose)
class PurposeAdmin(RecordAdmin):
    list_display = ("name_ko", "name_en", "group_ko", "article")
    list_filter = ("article",)
    search_fields = ("code", "name_ko", "name_en")
    fields = ("code", "article", "group_ko", "group_en", "name_ko", "name_en")
    sortable_by = ()


@admin.register(CollectionMethod)
class CollectionMethodAdmin(RecordAdmin):
    list_display = ("name_ko", "name_en", "code")
    fields = ("code", "name_ko", "name_en")
    sortable_by = ()


@admin.register(Collection)
class CollectionAdmin(RecordAdmin):
    list_display = ("shown_title", "group", "legal_basis", "shown_who", "code")
    list_filter = (GroupFilter, ("legal_basis", ChoicesDropdownFilter))
    list_select_related = ("group",)
    search_fields = ("code", "title_ko", "title_en")
    sortable_by = ()
    fields = (
        "code",
        "group",
        "title_ko",
        "title_en",
        "legal_basis",
        "shown_law",
        "shown_purposes",
        "shown_who",
        "shown_optional_who",
        "about_another_person",
        "note",
    )
    change_form_after_template = "admin/policy/collection/after.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Collection]:
        return super().get_queryset(request).select_related("group")

    def buttons(self, request: HttpRequest, obj: Collection) -> list[Button]:
        return [draft_button(obj)] if request.user.has_perm("policy.add_notice") else []

    def more_context(self, request: HttpRequest, obj: Collection) -> dict[str, Any]:
        notices = Notice.objects.filter(collection=obj).select_related("collection")
        lines = [(notice, status_label(notice)) for notice in with_status(notices).order_by("-version")]
        return {"notices": lines if request.user.has_perm("policy.view_notice") else None}

    @display(description=gettext_lazy("collection"))
    def shown_title(self, collection: Collection) -> str:
        return str(collection)

    @display(description=gettext_lazy("asked of"))
    def shown_who(self, collection: Collection) -> str:
        return _people(collection.get_who_kind_display(), collection.who_residence)

    @display(description=gettext_lazy("optional items asked of"))
    def shown_optional_who(self, collection: Collection) -> str:
        return _people(collection.get_optional_who_kind_display(), collection.optional_who_residence)

    @display(description=gettext_lazy("in the law"))
    def shown_law(self, collection: Collection) -> str:
        return collection.law

    @display(description=gettext_lazy("purposes"))
    def shown_purposes(self, collection: Collection) -> str:
        return " · ".join(str(purpose) for purpose in collection.purposes.all())


def _people(kind: str, residence: str) -> str:
    country = _("resident in %(country)s") % {"country": country_name(residence)} if residence else ""
    return " · ".join(part for part in (kind, country) if part) or _("everybody")
