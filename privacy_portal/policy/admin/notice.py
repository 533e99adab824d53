"""Notices: the list, one version, and drafting, comparing, previewing and publishing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db import transaction
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST, require_safe
from unfold.decorators import display

from privacy_portal.admin_base import NUL, Button, RecordAdmin, label, moment
from privacy_portal.audit.history import save_as
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy import changes, publishing
from privacy_portal.policy.models import (
    LANGUAGES,
    Collection,
    Notice,
)

from .draft import NoticeForm, NoticeItemInline, is_draft
from .status import CollectionGroupFilter, StatusFilter, draft_button, status_label, with_status


@admin.register(Notice)
class NoticeAdmin(RecordAdmin):
    form = NoticeForm
    inlines = (NoticeItemInline,)
    list_display = ("shown_collection", "shown_version", "shown_status", "shown_published", "shown_asks_again")
    list_filter = (CollectionGroupFilter, StatusFilter)
    list_select_related = ("collection",)
    search_fields = ("collection__code", "collection__title_ko", "collection__title_en")
    ordering = ("collection__position", "-version")
    sortable_by = ()
    warn_unsaved_form = True
    history_hidden = ("from_catalogue",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Notice]:
        return with_status(super().get_queryset(request).select_related("collection__group"))

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        if request.method == "POST" and transaction.get_connection().in_atomic_block:
            # From here on neither a publication nor another editor can come in between.
            try:
                Notice.objects.select_for_update().filter(pk=object_id).first()
            except ValidationError:
                return None
        return super().get_object(request, object_id, from_field)

    def get_urls(self) -> list[URLPattern]:
        def page(view: Any) -> Any:
            return self.admin_site.admin_view(view)

        return [
            path("draft/<str:code>/", page(require_POST(self.draft_view)), name="policy_notice_draft"),
            path("<uuid:number>/compare/", page(require_safe(self.compare_view)), name="policy_notice_compare"),
            path("<uuid:number>/preview/", page(require_safe(self.preview_view)), name="policy_notice_preview"),
            path("<uuid:number>/publish/", page(self.publish_view), name="policy_notice_publish"),
            *super().get_urls(),
        ]

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        # The right to change drafts; without an object, what the list is headed with.
        return is_draft(obj) and request.user.has_perm("policy.change_notice")

    def get_fieldsets(self, request: HttpRequest, obj: Any = None) -> Any:
        facts = ("shown_collection", "shown_status", "shown_published", "shown_again", "shown_digest")
        texts = []
        for part, words in changes.PARTS.items():
            fields: tuple[Any, ...] = ((f"{part}_ko", f"{part}_en"),)
            fields += ("valid_months",) if part == "retention" else ()
            texts.append((words, {"fields": fields, "classes": ("record-texts",)}))
        may_change = self.has_change_permission(request, obj)
        hidden = [(None, {"fields": ("seen",), "classes": ("record-hidden",)})] if may_change else []
        return [(None, {"fields": facts if obj.is_published else facts[:2]}), *texts, *hidden]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Any:
        return ("shown_collection", "shown_status", "shown_published", "shown_again", "shown_digest")

    def title_of(self, obj: Notice) -> str:
        return _("%(collection)s · version %(version)s") % {"collection": obj.collection, "version": obj.version}

    def buttons(self, request: HttpRequest, obj: Notice) -> list[Button]:
        def to(page: str) -> str:
            return reverse(f"admin:policy_notice_{page}", args=[obj.pk])

        buttons = []
        if obj.version > 1:
            words = _("What changed") if obj.is_published else _("Compare with the version in force")
            buttons.append(Button(words, to("compare"), "difference"))
        buttons.append(Button(_("Preview"), to("preview"), "visibility"))
        if not obj.is_published and request.user.has_perm("policy.publish_notice"):
            buttons.append(Button(_("Publish"), to("publish"), "publish", is_main=True))
        if obj.is_published and request.user.has_perm("policy.add_notice"):
            buttons.append(draft_button(obj.collection))
        return buttons

    # ------------------------------------------------------------------- saving a draft
    def save_model(self, request: HttpRequest, obj: Notice, form: Any, change: bool) -> None:
        """Saved below, once it is known whether the items changed too."""

    def save_formset(self, request: HttpRequest, form: Any, formset: Any, change: bool) -> None:
        """New items come last, unless they were given a place."""
        last = max((item.position for item in form.instance.items.all()), default=-1)
        for added in formset.extra_forms:
            if added.has_changed() and "position" not in added.changed_data:
                last += 1
                added.instance.position = last
        super().save_formset(request, form, formset, change)

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        items_changed = any(formset.has_changed() for formset in formsets)
        if form.has_changed() or items_changed:
            # Items have no history of their own: the notice's says that they were changed.
            reason = "draft and its items edited" if items_changed else "draft edited"
            save_as(actor_of(request), form.instance, reason=reason)

    # ------------------------------------------------------------------- drafting, comparing, publishing
    def draft_view(self, request: HttpRequest, code: str) -> HttpResponse:
        if not request.user.has_perm("policy.add_notice"):
            raise PermissionDenied
        collection = None if NUL in code else Collection.objects.filter(pk=code).first()
        if collection is None:
            raise Http404
        notice = publishing.draft(collection, actor=actor_of(request))
        return redirect("admin:policy_notice_change", notice.pk)

    def compare_view(self, request: HttpRequest, number: Any) -> HttpResponse:
        notice = self._notice(request, number)
        return self._page(
            request, notice, "compare", {"title": self._compare_title(notice), **self._comparison(notice)}
        )

    def preview_view(self, request: HttpRequest, number: Any) -> HttpResponse:
        notice = self._notice(request, number)
        context = {"notice": notice, "items": list(notice.items.all()), "languages": LANGUAGES}
        return TemplateResponse(request, "admin/policy/notice/preview.html", context)

    def publish_view(self, request: HttpRequest, number: Any) -> HttpResponse:
        if not request.user.has_perm("policy.publish_notice"):
            raise PermissionDenied
        notice = self._notice(request, number)
        if request.method == "POST":
            return self._publish(request, notice)
        context = {
            "title": _("Publish"),
            "refusal": publishing.why_not_publish(notice),
            "seen": publishing.digest(notice),
            **self._comparison(notice),
        }
        return self._page(request, notice, "publish", context)

    @transaction.atomic
    def _publish(self, request: HttpRequest, notice: Notice) -> HttpResponse:
        Notice.objects.select_for_update().get(pk=notice.pk)
        if request.POST.get("seen") != publishing.digest(self._notice(request, notice.pk)) and not notice.is_published:
            messages.error(
                request, _("This draft has changed since you looked at it. Please look again, then publish.")
            )
            return redirect("admin:policy_notice_publish", notice.pk)
        try:
            publishing.publish(notice, actor=actor_of(request))
        except PortalError as error:
            messages.error(request, error.sentence)
            change = reverse("admin:policy_notice_change", args=[notice.pk])
            return redirect(f"{change}#id_{error.field}" if error.field else change)
        messages.success(request, _("Published: %(notice)s") % {"notice": self.title_of(notice)})
        return redirect("admin:policy_notice_change", notice.pk)

    def _comparison(self, notice: Notice) -> dict[str, Any]:
        """What differs from the version before, and what that means for those who consented."""
        earlier = Notice.objects.published().filter(collection=notice.collection_id, version__lt=notice.version)
        before = earlier.order_by("-version").first()
        found = changes.compare(before, notice) if before else []
        # The consents' own room lies above this one; their rows are counted through the relation.
        resting = notice.collection.consents.filter(state="given").count() if before else 0  # type: ignore[attr-defined]
        return {"before": before, "changes": found, "resting": resting}

    def _compare_title(self, notice: Notice) -> str:
        return _("What changed") if notice.is_published else _("Compare with the version in force")

    def _notice(self, request: HttpRequest, number: Any) -> Notice:
        if not self.has_view_permission(request):
            raise PermissionDenied
        notice = self.get_queryset(request).filter(pk=number).first()
        if notice is None:
            raise Http404
        notice.admin_title = self.title_of(notice)  # type: ignore[attr-defined]
        return notice

    def _page(self, request: HttpRequest, notice: Notice, template: str, context: dict[str, Any]) -> HttpResponse:
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        back = reverse("admin:policy_notice_change", args=[notice.pk])
        context = {
            **self.admin_site.each_context(request),
            "opts": Notice._meta,
            "original": notice,
            "notice": notice,
            "back": back,
            **context,
        }
        return TemplateResponse(request, f"admin/policy/notice/{template}.html", context)

    # ------------------------------------------------------------------- columns and facts
    @display(description=gettext_lazy("collection"))
    def shown_collection(self, notice: Notice) -> str:
        return f"{notice.collection}"

    @display(description=gettext_lazy("version"))
    def shown_version(self, notice: Notice) -> str:
        return f"v{notice.version}"

    @display(description=gettext_lazy("status"))
    def shown_status(self, notice: Notice) -> SafeString:
        return status_label(notice)

    @display(description=gettext_lazy("published"))
    def shown_published(self, notice: Notice) -> str:
        return moment(notice.published_at) or "–"

    @display(description=gettext_lazy("asks again"))
    def shown_asks_again(self, notice: Notice) -> str | SafeString:
        return label(_("asks again"), "warn") if notice.asks_again else "–"

    @display(description=gettext_lazy("asks again"))
    def shown_again(self, notice: Notice) -> str:
        if notice.asks_again:
            return _("yes: purpose, items, retention or refusal differ from the version before")
        return _("no")

    @display(description=gettext_lazy("digest"))
    def shown_digest(self, notice: Notice) -> str:
        return notice.digest
