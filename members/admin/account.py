from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import BooleanRadioFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, link, moment
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.masking import masked
from privacy_portal.exact_search import ExactSearchAdmin, Terms

from ..finding import terms_of
from ..models import Account, Member
from ..naming import masked_name
from . import reset_factor
from .member import DASH
from .rights import account_buttons, account_section
from .rights_forms import GROUPS


@admin.register(Account)
class AccountAdmin(ExactSearchAdmin):
    list_display = ("shown_name", "shown_email", "is_staff", "shown_groups", "is_active", "since")
    list_filter = (("is_staff", BooleanRadioFilter), ("is_active", BooleanRadioFilter), ("date_joined", DayRangeFilter))
    list_select_related = ("data_key", "member__data_key")
    ordering = ("-is_staff", "-date_joined", "-id")
    sortable_by = ("since",)
    exact_search_help = gettext_lazy("Finds whole values only: an e-mail address or an account number.")
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "shown_number",
                    "shown_email",
                    "staff_name",
                    "shown_groups",
                    "shown_superuser",
                    "is_active",
                    "language",
                    "since",
                    "shown_last_login",
                    "shown_member",
                )
            },
        ),
    )
    change_form_after_template = "admin/members/account/after.html"
    history_hidden = ("alias", "data_key")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Account]:
        queryset = super().get_queryset(request).select_related("data_key", "member__data_key")
        return queryset.prefetch_related("groups").defer("password")

    def get_urls(self) -> list[URLPattern]:
        page = self.admin_site.admin_view(self.reset_factor_view)
        return [path("<uuid:number>/reset_factor/", page, name="members_account_reset_factor"), *super().get_urls()]

    def reset_factor_view(self, request: HttpRequest, number: UUID) -> HttpResponseBase:
        return reset_factor.page(request, self.get_queryset(request).filter(pk=number).first())

    def people_of(self, obj: Account) -> list[UUID | None]:
        member = _member_of(obj)
        return [member.pk if member else obj.pk]

    def title_of(self, obj: Account) -> str:
        return self.shown_name(obj)

    def buttons(self, request: HttpRequest, obj: Account) -> list[Button]:
        return [*account_buttons(request, obj), *reset_factor.button(request, obj)]

    def more_context(self, request: HttpRequest, obj: Account) -> dict[str, Any]:
        return {"sections": [account_section(request, obj)]}

    def terms_of(self, text: str) -> Terms:
        return {kind: term for kind, term in terms_of(text).items() if kind in ("alias", "number")}

    def found_by(self, terms: Terms) -> Q:
        return Q(alias=terms.get("alias", "")) | Q(pk__in=[UUID(terms["number"])] if "number" in terms else [])

    @display(description=gettext_lazy("account"))
    def shown_name(self, account: Account) -> str:
        member = _member_of(account)
        return account.staff_name or (masked_name(member) if member else DASH)

    @display(description=gettext_lazy("e-mail address"))
    def shown_email(self, account: Account) -> str:
        return masked("email", account.email)

    @display(description=gettext_lazy("number"))
    def shown_number(self, account: Account) -> str:
        return str(account.pk)

    @display(description=gettext_lazy("every right"), boolean=True)
    def shown_superuser(self, account: Account) -> bool:
        return account.is_superuser

    @display(description=gettext_lazy("groups"))
    def shown_groups(self, account: Account) -> str:
        return ", ".join(str(GROUPS.get(group.name, group.name)) for group in account.groups.all()) or DASH

    @display(description=gettext_lazy("since"), ordering="date_joined")
    def since(self, account: Account) -> str:
        return moment(account.date_joined)

    @display(description=gettext_lazy("last sign-in"))
    def shown_last_login(self, account: Account) -> str:
        return moment(account.last_login) or DASH

    @display(description=gettext_lazy("member"))
    def shown_member(self, account: Account) -> str | SafeString:
        member = _member_of(account)
        return link(reverse("admin:members_member_change", args=[member.pk]), masked_name(member)) if member else DASH


def _member_of(account: Account) -> Member | None:
    return getattr(account, "member", None)
