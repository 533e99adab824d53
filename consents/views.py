from __future__ import annotations

from collections.abc import Callable
from functools import wraps

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from members.access import member_page
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from privacy_portal.policy.changes import compare
from privacy_portal.policy.models import Collection, Notice

from . import asking, ending, giving, pages
from .forms import GiveForm
from .models import Consent, State
from .refusing import refuse
from .withdrawal import withdraw


def acts_on_post(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Act on POST only. A GET, as after signing in again or from an old link, leads to the consent and does nothing."""

    @wraps(view)
    def act(request: HttpRequest, *, code: str, **kwargs: str) -> HttpResponseBase:
        if request.method != "POST":
            return redirect("consents:detail", code)
        return view(request, code=code, **kwargs)

    return act


@require_safe
@member_page
def overview(request: HttpRequest, member: Member) -> HttpResponse:
    """What the member has decided, and what waits for an answer."""
    entries = pages.entries_of(member)
    counted = {state: sum(entry.state == state for entry in entries) for state in pages.FILTERS}
    context = {
        "member": member,
        "asked_again": [entry for entry in entries if entry.state == State.SUPERSEDED],
        "lapsing": [entry for entry in entries if entry.lapses_soon],
        "counts": [(state, label, counted[state]) for state, label in pages.FILTERS.items()],
        "given": [entry for entry in entries if entry.state == State.GIVEN],
    }
    return render(request, "consents/overview.html", context)


@require_safe
@member_page
def welcome(request: HttpRequest, member: Member) -> HttpResponse:
    """After sign-up: the consents that may be given, all of which may be passed by (S3)."""
    entries = [
        entry for entry in pages.entries_of(member) if entry.state == pages.NOT_ANSWERED and not entry.with_documents
    ]
    return render(request, "consents/welcome.html", {"member": member, "sections": pages.grouped(entries)})


@require_safe
@member_page
def consent_list(request: HttpRequest, member: Member) -> HttpResponse:
    entries = pages.entries_of(member)
    chosen = request.GET.get("state", "")
    if chosen not in pages.FILTERS:
        chosen = ""
    context = {
        "sections": pages.grouped(entry for entry in entries if chosen in ("", entry.state)),
        "filters": [(state, label, sum(e.state == state for e in entries)) for state, label in pages.FILTERS.items()],
        "total": len(entries),
        "chosen": chosen,
    }
    return render(request, "consents/list.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def detail(request: HttpRequest, member: Member, code: str) -> HttpResponse:
    """One consent: what is asked, what was agreed, its history; giving and refusing it."""
    collection, consent = _collection_and_consent(member, code)
    current = asking.notice_in_force(collection)
    kept = frozenset(
        consent.values.filter(data_key__wrapped_key__isnull=False).values_list("item_id", flat=True) if consent else ()
    )
    form = GiveForm(request.POST or None, member=member, shown=current, kept=kept)
    if request.method == "POST":
        if response := _decide(request, member, collection, form):
            return response
        if form.has_error("notice"):
            form.begin_anew()
    return render(request, "consents/detail.html", _detail(member, collection, consent, current, form))


def _decide(request: HttpRequest, member: Member, collection: Collection, form: GiveForm) -> HttpResponse | None:
    """Do what the form says; None where it must be shown again."""
    refusing = request.POST.get("decision") == "refuse"
    valid = form.is_valid()
    if form.told is None or not (valid or refusing):
        return None
    language, actor = request.LANGUAGE_CODE[:2], actor_of(request)
    try:
        if refusing:
            refuse(member, collection, notice=form.told, language=language, actor=actor)
            messages.success(request, _("You refused this consent. Nothing else changes for you."))
        else:
            giving.give(
                member,
                collection,
                notice=form.told,
                items=form.agreed,
                values=form.values,
                language=language,
                actor=actor,
            )
            messages.success(request, _("You gave this consent. You can withdraw it here at any time."))
    except PortalError as error:
        if error.code == "notice_replaced":
            form.add_error("notice", error.sentence)
        else:
            form.add_refusal(error)
        return None
    return redirect("consents:detail", collection.pk)


@acts_on_post
@member_page
def withdraw_consent(request: HttpRequest, member: Member, code: str) -> HttpResponse:
    consent = get_object_or_404(Consent, member=member, collection_id=code)
    already = consent.state == State.WITHDRAWN
    try:
        event = withdraw(consent, language=request.LANGUAGE_CODE[:2], actor=actor_of(request))
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("consents:detail", code)
    if already:
        when = date_format(localtime(event.at), "DATETIME_FORMAT")
        messages.info(
            request, _("You withdrew this consent on %(when)s already. Nothing was changed.") % {"when": when}
        )
    else:
        messages.success(request, _("You withdrew this consent. It no longer stands."))
    return redirect("consents:detail", code)


@acts_on_post
@member_page
def renew_consent(request: HttpRequest, member: Member, code: str) -> HttpResponse:
    consent = get_object_or_404(Consent, member=member, collection_id=code)
    try:
        notice = asking.notice_in_force(consent.collection)
        giving.renew(consent, notice=notice, language=request.LANGUAGE_CODE[:2], actor=actor_of(request))
        messages.success(request, _("You confirmed this consent anew."))
    except PortalError as error:
        messages.error(request, error.sentence)
    return redirect("consents:detail", code)


@acts_on_post
@member_page
def agree_to_item(request: HttpRequest, member: Member, code: str, item: str) -> HttpResponse:
    consent = get_object_or_404(Consent, member=member, collection_id=code)
    typed = request.POST.get("value", "")[:10_000]
    try:
        giving.agree_to_item(consent, item, value=typed, language=request.LANGUAGE_CODE[:2], actor=actor_of(request))
        messages.success(request, _("You agreed to this item."))
    except PortalError as error:
        return _detail_with_item_error(request, member, code, item, typed, error)
    return redirect("consents:detail", code)


@acts_on_post
@member_page
def take_back_item(request: HttpRequest, member: Member, code: str, item: str) -> HttpResponse:
    consent = get_object_or_404(Consent, member=member, collection_id=code)
    try:
        giving.take_back_item(consent, item, language=request.LANGUAGE_CODE[:2], actor=actor_of(request))
        messages.success(request, _("You took this item back. Its value, if we held one, is destroyed."))
    except PortalError as error:
        messages.error(request, error.sentence)
    return redirect("consents:detail", code)


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
def data(request: HttpRequest, member: Member) -> HttpResponse:
    """Every value held of the member, masked until asked for by POST, so that no address shows one in full."""
    show = request.POST.get("show", "")
    values = pages.values_of(member, show=show)
    context = {
        "member": member,
        "optional": member.optional_items(),
        "of_membership": [value for value in values if value.consent is None and value.method is None],
        "of_methods": [value for value in values if value.method is not None],
        "of_consents": [value for value in values if value.consent is not None],
    }
    return render(request, "consents/data.html", context)


def _collection_and_consent(member: Member, code: str) -> tuple[Collection, Consent | None]:
    """The collection and the member's own consent to it; 404 for what was never asked of this member."""
    collection = get_object_or_404(Collection.objects.select_related("group"), pk=code)
    consents = Consent.objects.select_related("notice", "collection").with_standing()
    consent = consents.filter(member=member, collection=collection).first()
    if consent is None and asking.why_not_asked(member, collection):
        raise Http404
    return collection, consent


def _detail(
    member: Member, collection: Collection, consent: Consent | None, current: Notice, form: GiveForm
) -> dict[str, object]:
    state = consent.standing if consent else pages.NOT_ANSWERED  # type: ignore[attr-defined]
    agreed_on = consent.notice if consent and state in (State.GIVEN, State.SUPERSEDED) else None
    items_asked = asking.asked_items(member, agreed_on) if agreed_on else form.asked
    names = pages.item_names(collection)
    history = pages.history_of(consent, names) if consent else []
    # What the consent covers, or covered last.
    agreed = next((set(line.event.items) for line in history if line.event.items), set())
    item_states = pages.item_states(consent, items_asked) if consent and agreed_on else []
    return {
        "member": member,
        "collection": collection,
        "consent": consent,
        "state": state,
        "state_label": pages.FILTERS[state],
        "current": current,
        "current_items": list(current.items.all()),
        "agreed_on": agreed_on,
        "agreed_on_items": list(agreed_on.items.all()) if agreed_on else [],
        "changes": compare(agreed_on, current) if agreed_on and agreed_on.pk != current.pk else [],
        "form": form,
        "needs_documents": asking.needs_documents(form.asked),
        "item_states": item_states,
        "will_be_destroyed": [item.name for item in item_states if item.held],
        "uses_membership": [item.name for item in items_asked if item.is_held and item.code in agreed],
        "kept_by_law": ending.rules_that_keep(consent) if consent and agreed_on else [],
        "never_taken": [item.name for item in items_asked if item.is_never_taken],
        "history": history,
        "destroyed": pages.destroyed_with(consent, names) if consent else [],
        "can_be_asked": asking.why_not_asked(member, collection) is None,
        "not_alone": giving.why_not_alone(member, Actor("member")),
    }


def _detail_with_item_error(
    request: HttpRequest, member: Member, code: str, item: str, typed: str, error: PortalError
) -> HttpResponse:
    collection, consent = _collection_and_consent(member, code)
    current = asking.notice_in_force(collection)
    context = _detail(member, collection, consent, current, GiveForm(member=member, shown=current))
    return render(
        request, "consents/detail.html", {**context, "item_error": {"item": item, "typed": typed, "error": error}}
    )
