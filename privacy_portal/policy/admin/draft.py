"""The form on which an officer edits a draft: its texts in both languages, and its items."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from unfold.admin import TabularInline

from privacy_portal.policy import publishing
from privacy_portal.policy.models import (
    Item,
    Notice,
    NoticeItem,
)


class NoticeForm(forms.ModelForm[Notice]):
    """A draft's texts, with what they were when the page was opened: nobody overwrites a colleague's changes unseen."""

    seen = forms.CharField(widget=forms.HiddenInput, required=False)

    class Meta:
        model = Notice
        fields = (
            "purpose_ko",
            "purpose_en",
            "retention_ko",
            "retention_en",
            "valid_months",
            "refusal_ko",
            "refusal_en",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.as_stored = publishing.digest(self.instance)
        self.initial["seen"] = self.as_stored

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        if cleaned.get("seen") != self.as_stored:
            raise ValidationError(
                _(
                    "Somebody else has changed this draft since you opened it. Nothing was saved. Copy what you wrote, "
                    "open the draft again and put it in."
                ),
                code="changed_meanwhile",
            )
        return cleaned


class NoticeItemForm(forms.ModelForm[NoticeItem]):
    """One item of a draft. Names left empty are the catalogue's."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name in ("name_ko", "name_en"):
            if name in self.fields:
                self.fields[name].required = False

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or {}
        item = cleaned.get("item")
        for name in ("name_ko", "name_en"):
            if item is not None and not cleaned.get(name):
                cleaned[name] = getattr(item, name)
        if cleaned.get("choice") and cleaned.get("requirement") != NoticeItem.Requirement.REQUIRED:
            self.add_error(
                "choice", _("Only required items can stand for one another. Make it required, or leave this empty.")
            )
        return cleaned


class NoticeItemInline(TabularInline):  # type: ignore[misc]
    model = NoticeItem
    form = NoticeItemForm
    fields = ("item", "requirement", "choice", "name_ko", "name_en", "position")
    extra = 0
    hide_title = True
    ordering_field: str | None = "position"
    show_change_link = False

    def has_add_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return super().has_add_permission(request, obj) and is_draft(obj)

    def has_change_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return super().has_change_permission(request, obj) and is_draft(obj)

    def has_delete_permission(self, request: HttpRequest, obj: Notice | None = None) -> bool:
        return super().has_delete_permission(request, obj) and is_draft(obj)

    def get_fields(self, request: HttpRequest, obj: Notice | None = None) -> Any:
        return self.fields if self.has_change_permission(request, obj) else self.fields[:-1]

    def get_queryset(self, request: HttpRequest) -> QuerySet[NoticeItem]:
        return super().get_queryset(request).select_related("item")

    def formfield_for_foreignkey(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        field = super().formfield_for_foreignkey(db_field, request, **kwargs)
        if db_field.name == "item" and field is not None:
            # One query for the choices of all rows, and no links to add items: those are the catalogue's.
            choices = [("", "–"), *((item.pk, str(item)) for item in _all_items(request))]
            field.choices = choices
        return field

    def get_formset(self, request: HttpRequest, obj: Any = None, **kwargs: Any) -> Any:
        if not self.has_change_permission(request, obj):
            self.ordering_field = None  # nothing to drag
        formset = super().get_formset(request, obj, **kwargs)
        if "item" in formset.form.base_fields:
            widget = formset.form.base_fields["item"].widget
            widget.can_add_related = widget.can_change_related = widget.can_view_related = False
        return formset


def _all_items(request: HttpRequest) -> list[Item]:
    if not hasattr(request, "_all_items"):
        request._all_items = list(Item.objects.all())  # type: ignore[attr-defined]
    return request._all_items  # type: ignore[attr-defined]


def is_draft(notice: Notice | None) -> bool:
    return notice is not None and not notice.is_published
