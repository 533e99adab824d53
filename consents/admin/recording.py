"""Recording what a member said on paper, by phone or by fax: a consent, a refusal or a withdrawal.

Two steps: first which consent and what was said, then how and when it came and, for a consent, item by item.
The rules are the verbs'; this page only asks for what they need.
"""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any
from urllib.parse import urlencode

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from consents import asking, giving, refusing, withdrawal
from consents.forms import GiveForm, Row
from consents.models import Consent, ConsentEvent, State
from consents.pages import NOT_ANSWERED, Entry, entries_of, grouped
from members.models import LANGUAGE_CHOICES, Member
from members.naming import masked_name
from privacy_portal.actors import Actor
from privacy_portal.admin_base import NUL
from privacy_portal.audit import people
from privacy_portal.audit.masking import masked
from privacy_portal.clock import now
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import Collection, CollectionMethod, Notice

from .labels import state_label

# What reaches the company through a person; the website and the tools that collect data record by themselves.
BY_STAFF = ("document", "phone", "fax", "counselling_board", "offline_event_or_seminar", "partner_company")
CONSENT, REFUSAL, WITHDRAWAL = "consent", "refusal", "withdrawal"
SAID = {
    CONSENT: gettext_lazy("Record a consent"),
    REFUSAL: gettext_lazy("Record a refusal"),
    WITHDRAWAL: gettext_lazy("Record a withdrawal"),
}
# The same on the buttons of the first step, under the heading "Record".
SHORT = {CONSENT: gettext_lazy("Consent"), REFUSAL: gettext_lazy("Refusal"), WITHDRAWAL: gettext_lazy("Withdrawal")}
EARLIEST = date(2000, 1, 1)
LONGEST_REASON = 500


class RecordForm(forms.Form):
    """How, when and in which language it came."""

    method = forms.ChoiceField(label=gettext_lazy("How it reached us"))
    on = forms.DateField(
        label=gettext_lazy("Date"),
        help_text=gettext_lazy("The day on the form, or the day of the call."),
        widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}),
        input_formats=["%Y-%m-%d"],
    )
    language = forms.ChoiceField(label=gettext_lazy("Language it was said in"), choices=LANGUAGE_CHOICES)
    reason = forms.CharField(
        label=gettext_lazy("Reference or remark"),
        required=False,
        max_length=LONGEST_REASON,
        help_text=gettext_lazy("Where the form is filed, or what was said. Sealed with the proof of this record."),
        widget=forms.Textarea(attrs={"rows": 2, "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        methods = CollectionMethod.objects.filter(pk__in=BY_STAFF)
        self.fields["method"].choices = [("", _("Please choose")), *((one.pk, str(one)) for one in methods)]  # type: ignore[attr-defined]
        self.fields["on"].widget.attrs["max"] = timezone.localdate().isoformat()

    def clean_on(self) -> date:
        day: date = self.cleaned_data["on"]
        if day > timezone.localdate():
            raise ValidationError(_("This date is in the future."), code="date_in_future")
        if day < EARLIEST:
            raise ValidationError(_("Please check the year."), code="date_too_early")
        return day

    def moment(self, consent: Consent | None) -> datetime | None:
        """When it was said: now, if that was today; else noon of the day, but not before what is on record."""
        day: date = self.cleaned_data["on"]
        if day == timezone.localdate():
            return None
        at = timezone.make_aware(datetime.combine(day, time(12)))
        if consent is not None and timezone.localdate(consent.since) == day:
            return max(at, consent.since)
        return at

    def add_refusal(self, error: PortalError) -> None:
        name = "on" if error.field == "at" else error.field
        self.add_error(name if name in self.fields else None, ValidationError(error.sentence, code=error.code))


class RecordConsentForm(RecordForm, GiveForm):
    """The same, with a tick an item and what was written beside it. Nothing is ticked beforehand (N6)."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():  # a browser would fill in the colleague's own details
            field.widget.attrs["autocomplete"] = "off"

    def add_refusal(self, error: PortalError) -> None:
        if error.field in ("at", "reason"):
            RecordForm.add_refusal(self, error)
        else:
            GiveForm.add_refusal(self, error)


def record_page(request: HttpRequest) -> HttpResponse:
    """The page, in the step that its address asks for."""
    if not request.user.has_perm("consents.record_consent"):
        raise PermissionDenied
    if "member" not in request.GET:
        return _page(request, "which_member", {"title": _("Record a consent or withdrawal")})
    member = _member(request, request.GET["member"])
    said, code = request.GET.get("said", ""), request.GET.get("collection")
    if code is None:
        return _which_consent(request, member)
    collection = None if NUL in code else Collection.objects.select_related("group").filter(pk=code).first()
    if collection is None or said not in SAID:
        raise Http404
    return _record(request, member, collection, said)


def _which_consent(request: HttpRequest, member: Member) -> HttpResponse:
    choices = [
        (section.heading, [(part, [_Choice(member, entry) for entry in entries]) for part, entries in section.parts])
        for section in grouped(entries_of(member))
    ]
    context = {"title": _("Record a consent or withdrawal"), "member": member, "choices": choices}
    return _page(request, "which_consent", context)


class _Choice:
    """One consent and what can be recorded of it."""

    def __init__(self, member: Member, entry: Entry) -> None:
        self.collection = entry.collection
        self.state = state_label(entry.state) if entry.state != NOT_ANSWERED else ""
        self.with_documents = entry.with_documents
        stored = entry.consent.state if entry.consent else NOT_ANSWERED
        can = []
        if entry.state != State.GIVEN:
            can += [] if entry.with_documents else [CONSENT]
            can += [] if stored in (State.REFUSED, State.WITHDRAWN) else [REFUSAL]
        if stored in (State.GIVEN, State.SUPERSEDED):
            can.append(WITHDRAWAL)
        self.links = [(SHORT[said], SAID[said], _address(member, self.collection, said)) for said in can]


def _record(request: HttpRequest, member: Member, collection: Collection, said: str) -> HttpResponse:
    consent = (
        Consent.objects.filter(member=member, collection=collection).select_related("notice", "collection").first()
    )
    notices = _notices(collection)
    shown = _shown(notices, request.GET.get("notice", ""))
    refusal = _why_not(member, collection, consent, shown, said)
    form = None if refusal else _form(request, member, consent, shown, said)
    if form is not None and request.method == "POST" and form.is_valid():
        begun = now()
        event = _save(form, actor_of(request), member, collection, consent, shown, said)
        if event is not None:
            messages.success(request, _told(event, collection, member, is_new=event.recorded_at >= begun))
            return redirect("admin:consents_consent_change", event.consent_id)
    held = member.held_items()
    context = {
        "title": SAID[said],
        "member": member,
        "collection": collection,
        "said": said,
        "refusal": refusal,
        "form": form,
        "shown": shown,
        "versions": [
            (one, _address(member, collection, said, one)) for one in notices if said != WITHDRAWAL and len(notices) > 1
        ],
        "rows": [_ItemRow(row, held) for row in form.rows] if isinstance(form, RecordConsentForm) else [],
        "action": _address(member, collection, said, shown),
        "back": f"{reverse('admin:consents_consent_record')}?{urlencode({'member': member.pk})}",
    }
    return _page(request, "record", context)


class _ItemRow:
    """One item on the form: its tick, and either a field to type into or what is held already."""

    def __init__(self, row: Row, held: dict[str, Any]) -> None:
        self.item, self.agree, self.value = row.item, row.agree, row.value
        self.held = masked(row.item.code, held[row.item.code]) if row.item.is_held else ""


def _form(
    request: HttpRequest, member: Member, consent: Consent | None, shown: Notice, said: str
) -> RecordForm | RecordConsentForm:
    data = request.POST if request.method == "POST" else None
    initial = {"language": member.language}
    if said != CONSENT:
        return RecordForm(data, initial=initial)
    return RecordConsentForm(data, initial=initial, member=member, shown=shown, kept=_kept(consent))


def _kept(consent: Consent | None) -> frozenset[str]:
    """The items whose values a consent that is to be asked again holds already."""
    if consent is None:
        return frozenset()
    return frozenset(consent.values.filter(data_key__wrapped_key__isnull=False).values_list("item_id", flat=True))


def _save(
    form: RecordForm,
    actor: Actor,
    member: Member,
    collection: Collection,
    consent: Consent | None,
    shown: Notice,
    said: str,
) -> ConsentEvent | None:
    """Call the verb; None where it said no, which is then beside the field."""
    told = {
        "language": form.cleaned_data["language"],
        "actor": actor.by(form.cleaned_data["method"]),
        "reason": form.cleaned_data["reason"],
        "at": form.moment(consent),
    }
    try:
        if isinstance(form, RecordConsentForm):
            return giving.give(member, collection, notice=shown, items=form.agreed, values=form.values, **told)
        if said == REFUSAL:
            return refusing.refuse(member, collection, notice=shown, **told)
        return withdrawal.withdraw(consent, **told) if consent is not None else None
    except PortalError as error:
        form.add_refusal(error)
        return None


def _why_not(
    member: Member, collection: Collection, consent: Consent | None, shown: Notice, said: str
) -> PortalError | None:
    """Why there is nothing to fill in, if so."""
    if said == WITHDRAWAL:
        if consent is None:
            return PortalError("not_given", _("This consent is not given, so there is nothing to withdraw."))
        return withdrawal.why_not(consent)
    if refusal := asking.why_not_asked(member, collection):
        return refusal
    if said == CONSENT and asking.needs_documents(asking.asked_items(member, shown)):
        return PortalError(
            "needs_documents",
            _("This consent comes with documents. It is given when you file the request they are for."),
        )
    return None


def _told(event: ConsentEvent, collection: Collection, member: Member, *, is_new: bool) -> str:
    facts = {"collection": collection, "member": masked_name(member), "what": event.get_kind_display()}
    if is_new:
        return _("Recorded: %(collection)s, %(what)s · %(member)s") % facts
    return _("This was on record already, and nothing was added: %(collection)s, %(what)s · %(member)s") % facts


def _member(request: HttpRequest, number: str) -> Member:
    try:
        member = Member.objects.select_related("data_key", "account__data_key").get(pk=number)
    except (Member.DoesNotExist, ValidationError, ValueError):
        raise Http404 from None
    if not people.may_see(request.user, member.pk):
        raise Http404
    return member


def _notices(collection: Collection) -> list[Notice]:
    """The versions that may have been on the form: from the one since which everybody has been asked again."""
    published = Notice.objects.published().filter(collection=collection, version__gte=collection.asked_again_since)
    return list(published.select_related("collection").order_by("-version"))


def _shown(notices: list[Notice], version: str) -> Notice:
    for notice in notices:
        if version in ("", str(notice.version)):
            return notice
    raise Http404


def _address(member: Member, collection: Collection, said: str, notice: Notice | None = None) -> str:
    query = {"member": member.pk, "collection": collection.pk, "said": said}
    if notice is not None:
        query["notice"] = str(notice.version)
    return f"{reverse('admin:consents_consent_record')}?{urlencode(query)}"


def _page(request: HttpRequest, template: str, context: dict[str, Any]) -> HttpResponse:
    request.current_app = admin.site.name  # type: ignore[attr-defined]
    if "member" in context:
        context["member_name"] = masked_name(context["member"])
    context = {**admin.site.each_context(request), "opts": Consent._meta, **context}
    return TemplateResponse(request, f"admin/consents/consent/{template}.html", context)
