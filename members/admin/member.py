from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import URLPattern, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, label, link, moment
from privacy_portal.admin_history import item_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.admin.showing import Showing, reveal_button
from privacy_portal.audit.admin.watch import watch_button
from privacy_portal.audit.masking import masked
from privacy_portal.exact_search import ExactSearchAdmin, Terms

from ..finding import found_by, terms_of
from ..models import Member, RepresentativeConsent
from ..naming import masked_name

DASH = "–"
# Optional items are sealed under keys of their own.
KEYS = ("ceo_name_key", "business_registration_number_key")

# What the rooms above add to a member's page; each registers its own.
sections: list[Callable[[HttpRequest, Member], str]] = []
more_buttons: list[Callable[[HttpRequest, Member], list[Button]]] = []
more_pages: list[Callable[[admin.AdminSite], list[URLPattern]]] = []


@admin.register(Member)
class MemberAdmin(ExactSearchAdmin):
    list_display = ("shown_name", "kind", "shown_email", "shown_phone", "language", "joined")
    list_filter = (("kind", ChoicesDropdownFilter), ("joined_at", DayRangeFilter), ("language", ChoicesDropdownFilter))
    list_select_related = ("data_key", "account__data_key")
    people_path = "pk"
    ordering = ("-joined_at", "-id")
    sortable_by = ("joined",)
    exact_search_help = gettext_lazy(
        "Finds whole values only: an e-mail address, name, company, person in charge, mobile number, business "
        "registration number or member number."
    )
    fieldsets = (
        (None, {"fields": ("kind", "id", "joined", "language", "said_14_or_over", "sign_up_notice", "sign_in")}),
    )
    change_form_after_template = "admin/members/member/after.html"
    history_hidden = ("account", "data_key", "representative", *KEYS)
    history_related = ("notice__collection", *KEYS)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Member]:
        return (
            super().get_queryset(request).select_related("data_key", "account__data_key", "notice__collection", *KEYS)
        )

    def get_urls(self) -> list[URLPattern]:
        return [*(page for more in more_pages for page in more(self.admin_site)), *super().get_urls()]

    def _get_obj_does_not_exist_redirect(self, request: HttpRequest, opts: Any, object_id: str) -> HttpResponse:
        """The number of a membership that a child may not have yet leads to what its representative was asked."""
        with suppress(ValueError):
            if RepresentativeConsent.objects.filter(pk=UUID(object_id)).exists():
                return redirect("admin:members_representativeconsent_change", object_id)
        return super()._get_obj_does_not_exist_redirect(request, opts, object_id)

    def title_of(self, obj: Member) -> str:
        return f"{masked_name(obj)} · {obj.get_kind_display()}"

    def terms_of(self, text: str) -> Terms:
        return terms_of(text)

    def found_by(self, terms: Terms) -> Q:
        return found_by(terms)

    def buttons(self, request: HttpRequest, obj: Member) -> list[Button]:
        buttons = [button for more in more_buttons for button in more(request, obj)]
        buttons += [*reveal_button(request, obj.pk), *watch_button(request, obj.pk)]
        if request.user.has_perm("audit.view_accessentry"):
            log = f"{reverse('admin:audit_accessentry_changelist')}?member={obj.pk}"
            buttons.append(Button(_("Who saw this"), log, "preview"))
        if request.user.has_perm("vault.view_destructionrecord"):
            destroyed = f"{reverse('admin:vault_destructionrecord_changelist')}?member={obj.pk}"
            buttons.append(Button(_("Destruction records"), destroyed, "delete_forever"))
        return buttons

    def more_context(self, request: HttpRequest, obj: Member) -> dict[str, Any]:
        names = item_names()
        showing = Showing(request, obj.pk)
        held = [
            (names[item], showing.value(item, value), showing.url(item, value))
            for item, value in obj.held_items().items()
        ]
        parts = [section(request, obj) for section in sections]
        return {"held": held, "member": obj, "showing": showing, "sections": parts}

    @display(description=gettext_lazy("member"))
    def shown_name(self, member: Member) -> str:
        return masked_name(member)

    @display(description=gettext_lazy("e-mail address"))
    def shown_email(self, member: Member) -> str:
        return masked("email", member.account.email) if member.account else DASH

    @display(description=gettext_lazy("mobile phone number"))
    def shown_phone(self, member: Member) -> str:
        return masked("mobile_phone", member.mobile_phone) or DASH

    @display(description=gettext_lazy("joined"), ordering="joined_at")
    def joined(self, member: Member) -> str:
        return moment(member.joined_at)

    @display(description=gettext_lazy("notice shown at sign-up"))
    def sign_up_notice(self, member: Member) -> str | SafeString:
        if member.notice is None:
            return DASH
        return link(reverse("admin:policy_notice_change", args=[member.notice_id]), member.notice)

    @display(description=gettext_lazy("sign-in"))
    def sign_in(self, member: Member) -> str | SafeString:
        if member.account is None:
            return _("no account")
        if member.closed_at is not None:
            return label(_("closed on %(day)s") % {"day": moment(member.closed_at)})
        return label(_("may sign in"), "good") if member.account.is_active else label(_("may not sign in"), "bad")
