"""History in the admin: who changed what, when and why, with personal values masked.

Every model's history rows name their actor themselves (`audit.history`), so the pages read alike for changes by
staff, by members, by commands and by background work. Append-only tables have no history but their one line.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.admin.utils import unquote
from django.contrib.auth import get_user_model
from django.core.exceptions import ObjectDoesNotExist, PermissionDenied
from django.core.paginator import Paginator
from django.db import models
from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from privacy_portal.audit.masking import masked
from privacy_portal.policy.changes import marked_difference
from privacy_portal.policy.models import Item
from privacy_portal.vault.fields import SealedField

# The words for the short, lasting reasons that verbs give.
REASONS = {
    "catalogue": gettext_lazy("the policy's catalogue was loaded"),
    "sign-up": gettext_lazy("sign-up"),
    "visitor": gettext_lazy("details left without an account"),
    "staff account": gettext_lazy("staff account made"),
    "password changed": gettext_lazy("password changed"),
    "new draft": gettext_lazy("new draft"),
    "draft edited": gettext_lazy("draft edited"),
    "draft and its items edited": gettext_lazy("draft and its items edited"),
    "published": gettext_lazy("published"),
    "reveal": gettext_lazy("values revealed"),
    "reveal ended": gettext_lazy("reveal ended early"),
    "signed off": gettext_lazy("signed off"),
    "watched": gettext_lazy("put on the watch list"),
    "no longer watched": gettext_lazy("taken off the watch list"),
    "representative.asked": gettext_lazy("representative asked"),
    "representative.given": gettext_lazy("representative consented"),
    "representative.refused": gettext_lazy("representative refused"),
    "representative.withdrawn": gettext_lazy("representative took the consent back"),
    "representative.lapsed": gettext_lazy("representative did not consent in time, or nobody joined"),
    "representative.replaced": gettext_lazy("representative asked anew"),
    "representative.used": gettext_lazy("joined on the representative's consent"),
    "consent.given": gettext_lazy("consent given"),
    "consent.refused": gettext_lazy("consent refused"),
    "consent.withdrawn": gettext_lazy("consent withdrawn"),
    "consent.expired": gettext_lazy("consent expired"),
    "consent.superseded": gettext_lazy("notice replaced: to be asked again"),
    "consent.renewed": gettext_lazy("consent renewed"),
    "consent.item_agreed": gettext_lazy("item agreed"),
    "consent.item_taken_back": gettext_lazy("item taken back"),
    "request.received": gettext_lazy("request received"),
    "request.taken": gettext_lazy("request taken"),
    "request.assigned": gettext_lazy("request assigned"),
    "request.handed_over": gettext_lazy("request handed over"),
    "request.asked": gettext_lazy("member asked"),
    "request.answered": gettext_lazy("member answered"),
    "request.document_added": gettext_lazy("document added"),
    "request.message_written": gettext_lazy("message written"),
    "request.identity_checked": gettext_lazy("identity or authority checked"),
    "request.extended": gettext_lazy("period extended"),
    "request.proposed": gettext_lazy("decision put to a second person"),
    "request.sent_back": gettext_lazy("sent back by the second person"),
    "request.approved": gettext_lazy("request approved"),
    "request.partly_approved": gettext_lazy("request approved in part"),
    "request.refused": gettext_lazy("request refused"),
    "request.reopened": gettext_lazy("reopened after an objection"),
    "request.finished": gettext_lazy("request finished"),
    "request.cancelled": gettext_lazy("request cancelled"),
    "request.refund_settled": gettext_lazy("refund settled: account number not needed any more"),
    "request.draft_ended": gettext_lazy("draft ended"),
    "draft.document_removed": gettext_lazy("document taken out of a draft"),
    "membership.closed": gettext_lazy("membership closed"),
    "mail.ended": gettext_lazy("last e-mail sent"),
    "membership.document_replaced": gettext_lazy("document replaced by a new one"),
    "membership.item_taken_back": gettext_lazy("item taken back"),
    "membership.document_deleted": gettext_lazy("document deleted on request"),
    "membership.document_taken_back": gettext_lazy("document taken back"),
    "payment_method.added": gettext_lazy("payment method added"),
    "payment_method.removed": gettext_lazy("payment method removed"),
    "payment_method.membership_closed": gettext_lazy("payment method removed as the membership closed"),
    "document": gettext_lazy("document attached"),
    "package": gettext_lazy("package prepared for access"),
    "copy.expired": gettext_lazy("the time to download the copy of one's data was over"),
    "copy.outdated": gettext_lazy("the copy of one's data held what was destroyed"),
    "copy.begun_again": gettext_lazy("the copy of one's data was begun again"),
    "copy.failed": gettext_lazy("the copy of one's data could not be made"),
}
WHAT = {"+": gettext_lazy("added"), "~": gettext_lazy("changed"), "-": gettext_lazy("removed")}
ROWS_A_PAGE = 50


@dataclass(frozen=True)
class Difference:
    title: str
    before: Any
    after: Any
    marked: Any = ""  # both in one, for long texts


@dataclass(frozen=True)
class Line:
    """One line of an object's history."""

    at: datetime
    what: str
    by: str
    reason: str
    differences: list[Difference] = field(default_factory=list)
    url: str = ""


@dataclass(frozen=True)
class Told:
    """What a page of history needs to know for all its lines at once."""

    staff: dict[UUID, str]
    words: Mapping[str, str]


def reason_in_words(reason: str | None) -> str:
    return str(REASONS.get(reason or "", reason or ""))


def item_names() -> dict[str, str]:
    """What each item is called, by its code."""
    return {item.pk: str(item) for item in Item.objects.all()}


def staff_names(account_ids: Iterable[UUID | None]) -> dict[UUID, str]:
    """The names of the staff among these accounts, in one query."""
    wanted = {account_id for account_id in account_ids if account_id is not None}
    staff = get_user_model()._default_manager.filter(pk__in=wanted, is_staff=True)
    return dict(staff.values_list("pk", "staff_name"))


def by_whom(kind: str, account_id: UUID | None, job: str, names: dict[UUID, str]) -> str:
    """Who acted, in words: a colleague's name, "member", or the system and its job."""
    match kind:
        case "staff":
            return names.get(account_id, "") if account_id in names else _("staff")
        case "member":
            return _("member")
        case "service":
            return _("service (%(name)s)") % {"name": job} if job else _("service")
    return _("system (%(job)s)") % {"job": job} if job else _("system")


class HistoryPages:
    """For a `ModelAdmin`: the list of an object's changes, and the object as it was after each of them."""

    # Fields that say nothing to a reader, and what else must be fetched to name related objects.
    history_hidden: tuple[str, ...] = ()
    history_related: tuple[str, ...] = ()

    def get_urls(self) -> list[URLPattern]:
        name = f"{self.model._meta.app_label}_{self.model._meta.model_name}_version"  # type: ignore[attr-defined]
        view = self.admin_site.admin_view(self.version_view)  # type: ignore[attr-defined]
        return [path("<path:object_id>/history/<int:version>/", view, name=name), *super().get_urls()]  # type: ignore[misc]

    def history_view(
        self, request: HttpRequest, object_id: str, extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        obj = self._viewed(request, object_id)
        rows: Any = self._rows(obj)
        if rows is None:
            return self._history_page(request, obj, {"lines": [self.only_line(obj)], "is_append_only": True})
        page = Paginator(rows, ROWS_A_PAGE).get_page(request.GET.get("p"))
        shown = list(page.object_list)
        # The row before the page's oldest, to tell what that one changed.
        older = list(rows[page.end_index() : page.end_index() + 1])
        told = Told(staff_names(row.history_user_id for row in shown), self.history_words())
        lines = [
            self._line(obj, row, before, told) for row, before in zip(shown, [*shown[1:], *older, None], strict=False)
        ]
        return self._history_page(request, obj, {"lines": lines, "page": page})

    def version_view(self, request: HttpRequest, object_id: str, version: int) -> HttpResponse:
        obj = self._viewed(request, object_id)
        rows: Any = self._rows(obj)
        row = rows.filter(history_id=version).first() if rows is not None else None
        if row is None:
            raise Http404
        told = Told(staff_names([row.history_user_id]), self.history_words())
        values = [(capfirst(one.verbose_name), self.history_value(row, one, told.words)) for one in self._told_fields()]
        context = {"line": self._line(obj, row, None, told), "values": values}
        return self._history_page(request, obj, context, "admin/record/version.html")

    def only_line(self, obj: Any) -> Line:
        """The one line of a row that never changes; for tables without history."""
        raise NotImplementedError

    def history_words(self) -> Mapping[str, str]:
        """What the codes in lists are called; read once a page."""
        return {}

    def history_value(self, row: Any, one: models.Field[Any, Any], words: Mapping[str, str]) -> Any:
        """What a field held after a change, as it may be shown."""
        value = getattr(row, one.attname)
        if value is None or value == "":
            return ""
        if isinstance(one, SealedField):
            return masked(one.name, value)
        if isinstance(one, models.ForeignKey):
            try:
                return str(getattr(row, one.name))
            except ObjectDoesNotExist:
                return str(value)
        if one.choices:
            return dict(one.flatchoices).get(value, value)
        if isinstance(one, models.BooleanField):
            return _("yes") if value else _("no")
        if isinstance(value, datetime):
            return date_format(timezone.localtime(value), "Y-m-d H:i")
        if isinstance(value, list):
            return ", ".join(words.get(code, str(code)) for code in value)
        return value

    def _viewed(self, request: HttpRequest, object_id: str) -> Any:
        if not self.has_view_permission(request):  # type: ignore[attr-defined]
            raise PermissionDenied
        obj = self.get_object(request, unquote(object_id))  # type: ignore[attr-defined]
        if obj is None:
            raise Http404
        return obj

    def _rows(self, obj: Any) -> Any:
        """The history rows of `obj`, newest first; None where its table keeps none."""
        name = getattr(obj._meta, "simple_history_manager_attribute", None)
        if name is None:
            return None
        related = [one.name for one in self._tracked() if isinstance(one, models.ForeignKey)]
        rows = getattr(obj, name).select_related(*related, *self.history_related)
        return rows.order_by("-history_date", "-history_id")

    def _tracked(self) -> list[models.Field[Any, Any]]:
        model: Any = self.model  # type: ignore[attr-defined]
        return list(getattr(model, model._meta.simple_history_manager_attribute).model.tracked_fields)

    def _told_fields(self) -> list[models.Field[Any, Any]]:
        return [one for one in self._tracked() if one.name not in self.history_hidden and not one.primary_key]

    def _line(self, obj: Any, row: Any, before: Any, told: Told) -> Line:
        return Line(
            at=row.history_date,
            what=str(WHAT.get(row.history_type, row.history_type)),
            by=by_whom(row.actor_kind, row.history_user_id, row.actor_name, told.staff),
            reason=reason_in_words(row.history_change_reason),
            differences=self._differences(before, row, told.words) if before is not None else [],
            url=self._url("version", obj, row.history_id),
        )

    def _differences(self, before: Any, after: Any, words: Mapping[str, str]) -> list[Difference]:
        differences = []
        for one in self._told_fields():
            if getattr(before, one.attname) == getattr(after, one.attname):
                continue
            old, new = self.history_value(before, one, words), self.history_value(after, one, words)
            marked = marked_difference(old, new) if isinstance(one, models.TextField) else ""
            differences.append(Difference(str(capfirst(one.verbose_name)), old, new, marked))
        return differences

    def _history_page(
        self, request: HttpRequest, obj: Any, context: dict[str, Any], template: str = "admin/record/history.html"
    ) -> HttpResponse:
        site = self.admin_site  # type: ignore[attr-defined]
        request.current_app = site.name  # type: ignore[attr-defined]
        context = {
            **site.each_context(request),
            "title": _("History"),
            "opts": obj._meta,
            "original": obj,
            "object_url": self._url("change", obj),
            "history_url": self._url("history", obj),
            **context,
        }
        return TemplateResponse(request, template, context)

    def _url(self, page: str, obj: Any, *more: Any) -> str:
        return reverse(f"admin:{obj._meta.app_label}_{obj._meta.model_name}_{page}", args=[obj.pk, *more])
