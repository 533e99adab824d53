"""Consent events: the append-only record, to read."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.contrib import admin
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.http import HttpRequest
from django.urls import reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from consents.models import ConsentEvent
from members.finding import found_by, terms_of
from members.models import Account, Member
from members.naming import masked_name
from privacy_portal.admin_base import link, moment
from privacy_portal.admin_history import Line, by_whom, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.masking import mask_ip
from privacy_portal.exact_search import ExactSearchAdmin, Terms
from privacy_portal.policy.models import Item
from privacy_portal.vault.errors import DoesNotOpen

from .labels import kind_label


def evidence_in_words(event: ConsentEvent) -> str:
    """What evidence was taken, the address masked and the rest only named: it stays sealed."""
    if event.evidence is None:
        return "–"
    if event.evidence.is_destroyed:
        return _("destroyed")
    try:
        evidence = event.opened_evidence()
    except DoesNotOpen:
        return _("cannot be opened: altered or moved")
    parts = [_("IP address %(address)s") % {"address": mask_ip(evidence["address"])}] if "address" in evidence else []
    parts += [_("browser (sealed)")] if "browser" in evidence else []
    parts += [_("reason (sealed)")] if "reason" in evidence else []
    return " · ".join(parts)


class EventLine:
    """One event as a line of a consent's page."""

    def __init__(self, event: ConsentEvent, staff: dict[UUID, str], names: dict[str, str]) -> None:
        self.event = event
        self.label = kind_label(event)
        self.by = by_whom(event.actor_kind, event.actor_id, event.actor_name, staff)
        self.items = [names.get(code, code) for code in event.items]
        self.evidence = evidence_in_words(event)


@admin.register(ConsentEvent)
class ConsentEventAdmin(ExactSearchAdmin):
    list_display = (
        "shown_at",
        "shown_kind",
        "shown_collection",
        "shown_member",
        "shown_actor",
        "method",
        "shown_version",
    )
    list_display_links = ("shown_at",)
    list_filter = (
        ("kind", ChoicesDropdownFilter),
        ("method", RelatedDropdownFilter),
        ("at", DayRangeFilter),
    )
    list_select_related = ("consent__collection", "consent__member__data_key", "method", "notice", "evidence_key")
    ordering = ("-id",)
    sortable_by = ()
    narrowed_by = {"member": "consent__member", "consent": "consent", "collection": "consent__collection"}
    people_path = "consent.member_id"
    exact_search_help = gettext_lazy(
        "Finds the events of a member by a whole value: an e-mail address, name, company, mobile number, business "
        "registration number, member number, consent number or event reference."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "reference",
                    "shown_kind",
                    "shown_consent",
                    "shown_member",
                    "shown_at",
                    "shown_recorded",
                    "shown_actor",
                    "method",
                    "shown_notice",
                    "shown_items",
                    "language",
                    "shown_evidence",
                )
            },
        ),
    )

    def get_queryset(self, request: HttpRequest) -> QuerySet[ConsentEvent]:
        staff = Account.objects.filter(pk=OuterRef("actor_id"), is_staff=True).values("staff_name")
        queryset = super().get_queryset(request).annotate(staff_name=Subquery(staff))
        return queryset.select_related(*self.list_select_related, "notice__collection")

    def title_of(self, obj: ConsentEvent) -> str:
        return f"{obj.get_kind_display()} · {obj.consent.collection} · {masked_name(obj.consent.member)}"

    def terms_of(self, text: str) -> Terms:
        return terms_of(text)

    def found_by(self, terms: Terms) -> Q:
        own = Q(reference=terms["number"]) | Q(consent=terms["number"]) if "number" in terms else Q(pk__in=[])
        return Q(consent__member__in=Member.objects.filter(found_by(terms)).order_by()) | own

    def only_line(self, obj: ConsentEvent) -> Line:
        by = by_whom(obj.actor_kind, obj.actor_id, obj.actor_name, staff_names([obj.actor_id]))
        return Line(at=obj.recorded_at, what=_("written"), by=by, reason=str(obj.get_kind_display()))

    @display(description=gettext_lazy("when"))
    def shown_at(self, event: ConsentEvent) -> str:
        return moment(event.at)

    @display(description=gettext_lazy("recorded"))
    def shown_recorded(self, event: ConsentEvent) -> str:
        return moment(event.recorded_at)

    @display(description=gettext_lazy("what"))
    def shown_kind(self, event: ConsentEvent) -> SafeString:
        return kind_label(event)

    @display(description=gettext_lazy("collection"))
    def shown_collection(self, event: ConsentEvent) -> SafeString:
        return link(reverse("admin:consents_consent_change", args=[event.consent_id]), event.consent.collection)

    @display(description=gettext_lazy("consent"))
    def shown_consent(self, event: ConsentEvent) -> SafeString:
        return self.shown_collection(event)

    @display(description=gettext_lazy("member"))
    def shown_member(self, event: ConsentEvent) -> SafeString:
        member = event.consent.member
        return link(reverse("admin:members_member_change", args=[member.pk]), masked_name(member))

    @display(description=gettext_lazy("by whom"))
    def shown_actor(self, event: Any) -> str:
        names = {event.actor_id: event.staff_name} if event.staff_name else {}
        return by_whom(event.actor_kind, event.actor_id, event.actor_name, names)

    @display(description=gettext_lazy("notice"))
    def shown_version(self, event: ConsentEvent) -> str:
        return f"v{event.notice.version}"

    @display(description=gettext_lazy("notice"))
    def shown_notice(self, event: ConsentEvent) -> SafeString:
        return link(reverse("admin:policy_notice_change", args=[event.notice_id]), event.notice)

    @display(description=gettext_lazy("items agreed"))
    def shown_items(self, event: ConsentEvent) -> str:
        names = {item.pk: str(item) for item in Item.objects.filter(pk__in=event.items)}
        return ", ".join(names.get(code, code) for code in event.items) or "–"

    @display(description=gettext_lazy("evidence"))
    def shown_evidence(self, event: ConsentEvent) -> str:
        return evidence_in_words(event)
