"""Payment methods in the admin: to look at, masked. No number of a card or an account is shown whole (P1, P5)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import admin
from django.db.models import Q
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, label, link, moment
from privacy_portal.admin_history import item_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.admin.showing import Showing, reveal_button
from privacy_portal.exact_search import ExactSearchAdmin, Terms

from ..finding import found_by, terms_of
from ..models import Member, PaymentMethod
from ..models.payment_method import NEVER_WHOLE
from ..naming import masked_name
from ..payment_methods.showing import number_of, shown
from .member import DASH, sections

RIGHT = "members.view_paymentmethod"
# A member with more has them one click away.
MOST = 20

# What the rooms above add to a method's page, such as its documents; each registers its own.
sections_of_method: list[Callable[[HttpRequest, PaymentMethod], str]] = []


@admin.register(PaymentMethod)
class PaymentMethodAdmin(ExactSearchAdmin):
    list_display = ("shown_kind", "shown_number", "shown_member", "shown_added", "shown_state")
    list_filter = (("kind", ChoicesDropdownFilter), ("added_at", DayRangeFilter))
    list_select_related = ("data_key", "member__data_key")
    people_path = "member_id"
    ordering = ("-added_at", "-id")
    sortable_by = ("shown_added",)
    narrowed_by = {"member": "member"}
    exact_search_help = gettext_lazy(
        "Finds the payment methods of a member by a whole value: an e-mail address, name, company, mobile number, "
        "business registration number, member number or the number of the payment method. Never by a card or account."
    )
    fieldsets = (
        (
            None,
            {"fields": ("shown_kind", "id", "shown_member", "shown_notice", "language", "shown_added", "shown_state")},
        ),
    )
    change_form_after_template = "admin/members/paymentmethod/after.html"
    history_hidden = ("data_key",)
    history_related = ("notice__collection",)

    def get_queryset(self, request: HttpRequest) -> Any:
        return super().get_queryset(request).select_related("data_key", "member__data_key", "notice__collection")

    def title_of(self, obj: PaymentMethod) -> str:
        return f"{capfirst(obj.get_kind_display())} · {masked_name(obj.member)}"

    def terms_of(self, text: str) -> Terms:
        return terms_of(text)

    def found_by(self, terms: Terms) -> Q:
        own = Q(pk=terms["number"]) if "number" in terms else Q(pk__in=[])
        return Q(member__in=Member.objects.filter(found_by(terms)).order_by()) | own

    def buttons(self, request: HttpRequest, obj: PaymentMethod) -> list[Button]:
        return reveal_button(request, obj.member_id)

    def more_context(self, request: HttpRequest, obj: PaymentMethod) -> dict[str, Any]:
        names, showing = item_names(), Showing(request, obj.member_id)
        lines = []
        for item, value in obj.held_items().items():
            if item in NEVER_WHOLE or obj.data_key.is_destroyed:
                lines.append((names[item], shown(item, value), ""))
            else:
                lines.append((names[item], showing.value(item, value), showing.url(item, value)))
        parts = [section(request, obj) for section in sections_of_method]
        return {"showing": showing, "lines": lines, "sections": parts, "method": obj}

    @display(description=gettext_lazy("payment method"))
    def shown_kind(self, method: PaymentMethod) -> str:
        return capfirst(method.get_kind_display())

    @display(description=gettext_lazy("number"))
    def shown_number(self, method: PaymentMethod) -> str:
        return number_of(method) or DASH

    @display(description=gettext_lazy("member"))
    def shown_member(self, method: PaymentMethod) -> SafeString:
        return link(reverse("admin:members_member_change", args=[method.member_id]), masked_name(method.member))

    @display(description=gettext_lazy("notice shown"))
    def shown_notice(self, method: PaymentMethod) -> SafeString:
        return link(reverse("admin:policy_notice_change", args=[method.notice_id]), method.notice)

    @display(description=gettext_lazy("added"), ordering="added_at")
    def shown_added(self, method: PaymentMethod) -> str:
        return moment(method.added_at)

    @display(description=gettext_lazy("state"))
    def shown_state(self, method: PaymentMethod) -> SafeString:
        return state_label(method)


def state_label(method: PaymentMethod) -> SafeString:
    if method.ended_at is None:
        return label(_("kept"), "good")
    return label(_("removed on %(day)s") % {"day": moment(method.ended_at)})


def payment_section(request: HttpRequest, member: Member) -> str:
    """A member's payment methods, on the member's page, for those who may see them."""
    if not request.user.has_perm(RIGHT):
        return ""
    methods = list(member.payment_methods.select_related("data_key").order_by("-added_at", "-id")[: MOST + 1])
    context = {
        "rows": [(one, number_of(one) or DASH, state_label(one)) for one in methods[:MOST]],
        "more_url": f"{reverse('admin:members_paymentmethod_changelist')}?member={member.pk}"
        if len(methods) > MOST
        else "",
    }
    return render_to_string("admin/members/paymentmethod/of_member.html", context, request)


sections.append(payment_section)
