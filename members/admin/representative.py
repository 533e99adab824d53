"""Consents of children's representatives: what waits, what a signed paper said, and how each came to be."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q, QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.loader import render_to_string
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from privacy_portal.admin_base import Button, label, link, moment
from privacy_portal.admin_history import by_whom, staff_names
from privacy_portal.admin_lists import DayRangeFilter
from privacy_portal.audit import people
from privacy_portal.audit.masking import masked
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.exact_search import ExactSearchAdmin, Terms
from privacy_portal.forms import add_refusal
from privacy_portal.policy.values import normal_value
from privacy_portal.vault.blind_index import blind_index

from ..finding import terms_of
from ..models import ConsentMethod, Delivery, Member, RepresentativeConsent, RepresentativeEvent
from ..representatives import deciding, links

State = RepresentativeConsent.State
REFERENCE = re.compile("[A-Z0-9]{8}")
OPEN = (State.ASKED, State.GIVEN)
TONES = {State.ASKED: "warn", State.GIVEN: "good", State.USED: "good"}


class SignedForm(forms.Form):
    """What the paper says, and how it was made sure who signed it."""

    delivery = forms.ChoiceField(
        label=gettext_lazy("How the paper came"), choices=[("", gettext_lazy("Please choose")), *Delivery.choices]
    )
    on = forms.DateField(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("The day on the paper."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    shown = forms.TypedChoiceField(label=gettext_lazy("Version of the notice on the paper"), coerce=UUID)
    identity = forms.CharField(
        label=gettext_lazy("How it was checked who signed"),
        max_length=500,
        help_text=gettext_lazy("Such as: family relation certificate seen. Sealed with the proof."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        notices = deciding.acceptable_notices()
        self.fields["shown"].choices = [(str(one.pk), f"v{one.version}") for one in notices]  # type: ignore[attr-defined]
        self.fields["on"].widget.attrs["max"] = timezone.localdate().isoformat()


@admin.register(RepresentativeConsent)
class RepresentativeConsentAdmin(ExactSearchAdmin):
    list_display = ("shown_reference", "shown_state", "shown_name", "shown_way", "shown_asked", "shown_until")
    list_display_links = ("shown_reference",)
    list_filter = (("state", ChoicesDropdownFilter), ("asked_at", DayRangeFilter))
    list_select_related = ("data_key",)
    ordering = ("-asked_at", "-id")
    sortable_by = ("shown_asked",)
    exact_search_help = gettext_lazy(
        "Finds whole values only: the reference on the paper, or the representative's e-mail address or phone number."
    )
    fieldsets = (
        (
            None,
            {
                "fields": (
                    "reference",
                    "shown_state",
                    "shown_name",
                    "shown_contact",
                    "language",
                    "shown_asked",
                    "shown_until",
                    "shown_method",
                    "shown_agreed",
                    "shown_notice",
                    "shown_member",
                )
            },
        ),
    )
    change_form_after_template = "admin/members/representativeconsent/after.html"
    history_hidden = ("data_key", "submission")
    history_related = ("notice__collection",)

    def get_urls(self) -> list[URLPattern]:
        page, name = self.admin_site.admin_view, "members_representativeconsent"
        return [
            path("<uuid:number>/signed/", page(self.signed_view), name=f"{name}_signed"),
            path("<uuid:number>/refused/", page(require_POST(self.refused_view)), name=f"{name}_refused"),
            *super().get_urls(),
        ]

    def get_queryset(self, request: HttpRequest) -> QuerySet[RepresentativeConsent]:
        queryset = super().get_queryset(request).select_related("data_key", "notice__collection", "member")
        # Nobody is a member before joining: what is open is for everyone at the desk, the rest as its member is (A1).
        reach = people.within_reach(request.user)
        return queryset if reach is None else queryset.filter(Q(state__in=OPEN) | Q(pk__in=reach))

    def people_of(self, obj: RepresentativeConsent) -> list[UUID | None]:
        return [obj.pk]

    def title_of(self, obj: RepresentativeConsent) -> str:
        return f"{capfirst(self.opts.verbose_name)} {obj.reference}"

    def terms_of(self, text: str) -> Terms:
        terms = {kind: term for kind, term in terms_of(text).items() if kind == "number"}
        for item in ("email", "phone"):
            try:
                terms[item] = blind_index(item, normal_value(item, text)).hex()
            except PortalError:
                continue  # not one of these
        reference = text.strip().upper()
        return terms | ({"reference": reference} if REFERENCE.fullmatch(reference) else {})

    def found_by(self, terms: Terms) -> Q:
        found = Q(reference=terms.get("reference", ""))
        if "number" in terms:
            found |= Q(pk=terms["number"])
        if "email" in terms:
            found |= Q(representative_email_index=bytes.fromhex(terms["email"]))
        if "phone" in terms:
            found |= Q(representative_phone_index=bytes.fromhex(terms["phone"]))
        return found

    def buttons(self, request: HttpRequest, obj: RepresentativeConsent) -> list[Button]:
        if not request.user.has_perm(deciding.RIGHT) or obj.standing not in OPEN:
            return []
        refused = reverse("admin:members_representativeconsent_refused", args=[obj.pk])
        if obj.standing == State.GIVEN:
            return [Button(_("Record that it is taken back"), refused, "undo", posts=True)]
        signed = reverse("admin:members_representativeconsent_signed", args=[obj.pk])
        return [
            Button(_("Record signed consent"), signed, "edit_document", is_main=True),
            Button(_("Record refusal"), refused, "block", posts=True),
        ]

    def more_context(self, request: HttpRequest, obj: RepresentativeConsent) -> dict[str, Any]:
        hands_out = obj.standing == State.GIVEN and obj.is_on_paper and request.user.has_perm(deciding.RIGHT)
        return {
            "events": event_lines(obj),
            "hand_out": links.url_of(obj, links.Purpose.JOIN) if hands_out else "",
            "until": obj.expires_at,
        }

    def signed_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        consent = self._to_record(request, number)
        form = SignedForm(request.POST or None)
        if request.method == "POST" and form.is_valid():
            try:
                deciding.record_signed(number, actor=actor_of(request).by("document"), **form.cleaned_data)
            except PortalError as error:
                add_refusal(form, error)
            else:
                messages.success(request, _("The consent is recorded."))
                return redirect("admin:members_representativeconsent_change", number)
        request.current_app = self.admin_site.name  # type: ignore[attr-defined]
        context = {
            **self.admin_site.each_context(request),
            "title": _("Record signed consent"),
            "intro": _("Reference %(reference)s. Record only what the representative signed; the child cannot consent.")
            % {"reference": consent.reference},
            "submit": _("Record the consent"),
            "back": reverse("admin:members_representativeconsent_change", args=[number]),
            "form": form,
        }
        return TemplateResponse(request, "admin/record/form.html", context)

    def refused_view(self, request: HttpRequest, number: UUID) -> HttpResponse:
        self._to_record(request, number)
        try:
            deciding.refuse(number, actor=actor_of(request).by("document"))
        except PortalError as error:
            messages.error(request, error.sentence)
        else:
            messages.success(request, _("The refusal is recorded, and the details are destroyed."))
        return redirect("admin:members_representativeconsent_change", number)

    def _to_record(self, request: HttpRequest, number: UUID) -> RepresentativeConsent:
        if not request.user.has_perm(deciding.RIGHT):
            raise PermissionDenied
        consent = self.get_queryset(request).filter(pk=number).first()
        if consent is None:
            raise Http404
        self.note([consent])
        return consent

    @display(description=gettext_lazy("reference"))
    def shown_reference(self, consent: RepresentativeConsent) -> str:
        return consent.reference

    @display(description=gettext_lazy("state"))
    def shown_state(self, consent: RepresentativeConsent) -> SafeString:
        return label(consent.standing.label, TONES.get(consent.standing, ""))

    @display(description=gettext_lazy("representative"))
    def shown_name(self, consent: RepresentativeConsent) -> str:
        return masked("name", consent.representative_name)

    @display(description=gettext_lazy("asked by"))
    def shown_way(self, consent: RepresentativeConsent) -> str:
        return str((ConsentMethod.SIGNED_PAPER if consent.is_on_paper else ConsentMethod.EMAIL).label)

    @display(description=gettext_lazy("contact"))
    def shown_contact(self, consent: RepresentativeConsent) -> str:
        if consent.is_on_paper:
            return masked("phone", consent.representative_phone)
        return masked("email", consent.representative_email)

    @display(description=gettext_lazy("asked"), ordering="asked_at")
    def shown_asked(self, consent: RepresentativeConsent) -> str:
        return moment(consent.asked_at)

    @display(description=gettext_lazy("open until"))
    def shown_until(self, consent: RepresentativeConsent) -> str:
        return moment(consent.expires_at) or "–"

    @display(description=gettext_lazy("confirmed by"))
    def shown_method(self, consent: RepresentativeConsent) -> str:
        return consent.get_method_display() or "–"

    @display(description=gettext_lazy("consented"))
    def shown_agreed(self, consent: RepresentativeConsent) -> str:
        return moment(consent.agreed_at) or "–"

    @display(description=gettext_lazy("notice"))
    def shown_notice(self, consent: RepresentativeConsent) -> str | SafeString:
        if consent.notice is None:
            return "–"
        return link(reverse("admin:policy_notice_change", args=[consent.notice_id]), consent.notice)

    @display(description=gettext_lazy("member"))
    def shown_member(self, consent: RepresentativeConsent) -> str | SafeString:
        if consent.state != State.USED:
            return "–"
        return link(reverse("admin:members_member_change", args=[consent.pk]), _("the child's membership"))


def event_lines(consent: RepresentativeConsent) -> list[dict[str, Any]]:
    """What happened, the newest first. Evidence is only named: it stays sealed."""
    events = list(consent.events.select_related("notice", "data_key").order_by("-id"))
    staff = staff_names(event.actor_id for event in events)
    return [{"event": event, "by": _who(event, staff)} for event in events]


def _who(event: RepresentativeEvent, staff: dict[UUID, str]) -> str:
    if event.actor_kind != "member":
        return by_whom(event.actor_kind, event.actor_id, event.actor_name, staff)
    of_child = (RepresentativeEvent.Kind.ASKED, RepresentativeEvent.Kind.REPLACED, RepresentativeEvent.Kind.USED)
    return _("the child") if event.kind in of_child else _("the representative")


def representative_section(request: HttpRequest, member: Member) -> str:
    """On a child's page: who consented, when and how (R1)."""
    if member.representative_id is None or not request.user.has_perm("members.view_representativeconsent"):
        return ""
    consent = RepresentativeConsent.objects.select_related("data_key").get(pk=member.representative_id)
    contact = (
        masked("phone", consent.representative_phone)
        if consent.is_on_paper
        else masked("email", consent.representative_email)
    )
    context = {"consent": consent, "name": masked("name", consent.representative_name), "contact": contact}
    return render_to_string("admin/members/representativeconsent/of_member.html", context, request)
