"""Where a version of a notice stands: a draft, in force, or replaced."""

from __future__ import annotations

from typing import Any

from django.db.models import Exists, OuterRef, QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter

from privacy_portal.admin_base import Button, label
from privacy_portal.policy.models import (
    Collection,
    CollectionGroup,
    Notice,
)

DRAFT, IN_FORCE, REPLACED = "draft", "in_force", "replaced"
STATUSES = {
    DRAFT: (gettext_lazy("draft"), "warn"),
    IN_FORCE: (gettext_lazy("in force"), "good"),
    REPLACED: (gettext_lazy("replaced"), "plain"),
}


def with_status(notices: QuerySet[Notice]) -> QuerySet[Notice]:
    newer = Notice.objects.published().filter(collection=OuterRef("collection"), version__gt=OuterRef("version"))
    return notices.annotate(is_replaced=Exists(newer))


def status_label(notice: Any) -> SafeString:
    status = DRAFT if not notice.is_published else REPLACED if notice.is_replaced else IN_FORCE
    return label(*STATUSES[status])


class GroupFilter(DropdownFilter):
    title = gettext_lazy("heading of the policy")
    parameter_name = "group"
    lookup = "group"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        return [(group.pk, str(group)) for group in CollectionGroup.objects.all()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.lookup: self.value()}) if self.value() else queryset


class CollectionGroupFilter(GroupFilter):
    """The same, of what belongs to a collection."""

    lookup = "collection__group"


class StatusFilter(DropdownFilter):
    title = gettext_lazy("status")
    parameter_name = "status"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [(status, words) for status, (words, _tone) in STATUSES.items()]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        match self.value():
            case "draft":
                return queryset.filter(published_at__isnull=True)
            case "in_force":
                return queryset.filter(published_at__isnull=False, is_replaced=False)
            case "replaced":
                return queryset.filter(is_replaced=True)
        return queryset


def draft_button(collection: Collection) -> Button:
    url = reverse("admin:policy_notice_draft", args=[collection.pk])
    return Button(_("Draft a new version"), url, "edit_note", posts=True)
