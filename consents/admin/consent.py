"""Consents: the list, one consent with its values and its record, and a member's consents on the member's page."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

from django.contrib import admin
from django.db.models import Q, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import URLPattern, path, reverse
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.contrib.filters.admin import DropdownFilter, RelatedDropdownFilter
from unfold.decorators import display

from consents.models import Consent, ConsentEvent, ConsentValue, State
from members.admin import more_buttons, sections
from members.finding import found_by, terms_of
from members.models import Member
from members.naming import masked_name
from privacy_portal.admin_base import Button, link, moment
from privacy_portal.admin_history import item_names, reason_in_words, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit.admin.showing import Showing, reveal_button
from privacy_portal.clock import now
from privacy_portal.exact_search import ExactSearchAdmin, Terms
from privacy_portal.policy.admin.status import CollectionGroupFilter

from . import recording
from .event import EventLine
from .labels import state_label

# What the rooms above add to a consent's page; each registers its own.
more_buttons_of_consent: list[Callable[[HttpRequest, Consent], list[Button]]] = []
more_pages_of_consent: list[Callable[[admin.AdminSite], list[URLPattern]]] = []


class StandingFilter(DropdownFilter):
    """By the state as it is today, which a lapsed date or a new notice changes by itself."""

    title = gettext_lazy("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return list(State.choices)

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        state = self.value()
        if state not in State.values:
            return queryset
        # The stored state comes first, so that its index serves.
        stored = {state, State.GIVEN} if state in (State.EXPIRED, State.SUPERSEDED) else {state}
        return queryset.filter(state__in=stored, standing=state)


@admin.register(Consent)
class ConsentAdmin(ExactSearchAdmin):
    list_display = ("shown_collection", "shown_member", "shown_state", "shown_since", "shown_lapse")
    list_filter = (
        StandingFilter,
        CollectionGroupFilter,
        ("collection", RelatedDropdownFilter),
        ("since", DayRangeFilter),
    )
    list_select_related = ("collection", "member__data_key")
    ordering = ("-since", "-id")
    sortable_by = ("shown_since",)
    narrowed_by = {"member": "member"}
    people_path = "member_id"
    exact_search_help = gettext_lazy(
        "Finds the consents of a member by a whole value: an e-mail address, name, company, mobile number, business "
        "registration number, member number or consent number."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "id",
                    "shown_state",
                    "shown_member",
                    "shown_notice",
                    "shown_items",
                    "shown_since",
                    "shown_lapse",
                )
            },
        ),
    )
    change_form_after_template = "admin/consents/consent/after.html"
    history_hidden = ("evidence_key",)
    history_related = ("notice__collection",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Consent]:
        queryset: Any = super().get_queryset(request)
        return queryset.with_standing().select_related("collection", "notice__collection", "member__data_key")

    def get_urls(self) -> list[URLPattern]:
        view = self.admin_site.admin_view(recording.record_page)
        pages = [page for more in more_pages_of_consent for page in more(self.admin_site)]
        return [path("record/", view, name="consents_consent_record"), *pages, *super().get_urls()]

    def title_of(self, obj: Consent) -> str:
        return f"{obj.collection} · {masked_name(obj.member)}"

    def terms_of(self, text: str) -> Terms:
        return terms_of(text)

    def found_by(self, terms: Terms) -> Q:
        own = Q(pk=terms["number"]) if "number" in terms else Q(pk__in=[])
        return Q(member__in=Member.objects.filter(found_by(terms)).order_by()) | own

    def buttons(self, request: HttpRequest, obj: Consent) -> list[Button]:
        buttons = [*reveal_button(request, obj.member_id)]
        buttons += [button for more in more_buttons_of_consent for button in more(request, obj)]
        if not request.user.has_perm("consents.record_consent"):
            return buttons

        def to_record(said: str) -> str:
            query = urlencode({"member": obj.member_id, "collection": obj.collection_id, "said": said})
            return f"{reverse('admin:consents_consent_record')}?{query}"

        if obj.standing_at(now()) != State.GIVEN:
            buttons.append(Button(_("Record a consent"), to_record("consent"), "edit_document", is_main=True))
        if obj.state in (State.GIVEN, State.SUPERSEDED):
            buttons.append(Button(_("Record a withdrawal"), to_record("withdrawal"), "undo"))
        return buttons

    def more_context(self, request: HttpRequest, obj: Consent) -> dict[str, Any]:
        names = item_names()
        events = list(
            ConsentEvent.objects.filter(consent=obj).select_related("notice", "method", "evidence_key").order_by("-id")
        )
        staff = staff_names(event.actor_id for event in events)
        showing = Showing(request, obj.member_id)
        return {
            "showing": showing,
            "values": [ValueLine(value, names, showing) for value in values_of(obj)],
            "events": [EventLine(event, staff, names) for event in events],
            "may_see_events": request.user.has_perm("consents.view_consentevent"),
        }

    def history_words(self) -> dict[str, str]:
        return item_names()

    @display(description=gettext_lazy("collection"))
    def shown_collection(self, consent: Consent) -> str:
        return str(consent.collection)

    @display(description=gettext_lazy("member"))
    def shown_member(self, consent: Consent) -> SafeString:
        return link(reverse("admin:members_member_change", args=[consent.member_id]), masked_name(consent.member))

    @display(description=gettext_lazy("state"))
    def shown_state(self, consent: Consent) -> SafeString:
        return state_label(consent.standing)  # type: ignore[attr-defined]

    @display(description=gettext_lazy("since"), ordering="since")
    def shown_since(self, consent: Consent) -> str:
        return moment(consent.since)

    @display(description=gettext_lazy("lapses"))
    def shown_lapse(self, consent: Consent) -> str:
        return moment(consent.lapses_at) or "–"

    @display(description=gettext_lazy("notice"))
    def shown_notice(self, consent: Consent) -> SafeString:
        return link(reverse("admin:policy_notice_change", args=[consent.notice_id]), consent.notice)

    @display(description=gettext_lazy("items agreed"))
    def shown_items(self, consent: Consent) -> str:
        names = item_names()
        return ", ".join(names.get(code, code) for code in consent.items) or "–"


def values_of(consent: Consent) -> QuerySet[ConsentValue]:
    values = ConsentValue.objects.filter(consent=consent).select_related("item", "data_key__destruction")
    return values.order_by("item__position", "-given_at")


class ValueLine:
    """A value given with a consent: masked, in full while revealed, or the proof that it was destroyed."""

    def __init__(self, value: ConsentValue, names: dict[str, str], showing: Showing) -> None:
        self.name = names.get(value.item_id, value.item_id)
        self.shown = showing.value(value.item_id, value.value)
        self.reveal_url = showing.url(value.item_id, value.value)
        self.given_at = value.given_at
        self.is_destroyed = value.data_key.is_destroyed
        self.destroyed_at = value.data_key.destroyed_at
        destruction = getattr(value.data_key, "destruction", None)
        self.because = reason_in_words(destruction.because) if destruction else ""


def consents_section(request: HttpRequest, member: Member) -> str:
    if not request.user.has_perm("consents.view_consent"):
        return ""
    consents: QuerySet[Any] = (
        Consent.objects.filter(member=member).with_standing().select_related("collection", "notice")
    )
    lines = [(consent, state_label(consent.standing)) for consent in consents.order_by("collection__position")]
    return render_to_string("admin/consents/consent/of_member.html", {"consents": lines}, request)


def consent_buttons(request: HttpRequest, member: Member) -> list[Button]:
    buttons = []
    if request.user.has_perm("consents.record_consent"):
        to_record = f"{reverse('admin:consents_consent_record')}?member={member.pk}"
        buttons.append(Button(_("Record a consent or withdrawal"), to_record, "edit_document", is_main=True))
    if request.user.has_perm("consents.view_consentevent"):
        events = f"{reverse('admin:consents_consentevent_changelist')}?member={member.pk}"
        buttons.append(Button(_("Consent events"), events, "timeline"))
    return buttons


sections.append(consents_section)
more_buttons.append(consent_buttons)
