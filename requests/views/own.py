"""One request, as whoever made it sees it and goes on with it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from consents.withdrawal import withdraw
from privacy_portal.errors import PortalError
from privacy_portal.vault.files import SealedFile
from requests import documents, filing, kinds, outcome, packages, pages, steps, workflow
from requests.documents import TYPES
from requests.forms.uploads import field_of, judged
from requests.models import Document, MemberRequest, State
from requests.steps import Step

from .sending import to_keep
from .ways import Way, acts_on_post, judges_files, of_a_request

# A document is opened by nothing of the portal's: it runs no script, loads nothing and sits in no frame.


@require_http_methods(["GET", "HEAD", "POST"])
@of_a_request
def page(request: HttpRequest, way: Way) -> HttpResponse:
    """The request; a POST asks to see a value in full, so that no address says so."""
    return _shown(request, way, show=request.POST.get("show", ""))


@require_safe
@of_a_request
def filed(request: HttpRequest, way: Way) -> HttpResponse:
    """Straight after filing: its number, by when it is answered, and what comes next."""
    context = {"way": way, "member_request": way.member_request, "kind": way.member_request.the_kind}
    return render(request, "requests/filed.html", context)


@of_a_request
@acts_on_post
@judges_files
def send(request: HttpRequest, way: Way) -> HttpResponse:
    """Write to the desk, answer what it asked, and add documents."""
    member_request, text = way.member_request, request.POST.get("text", "")
    items = _items_to_add(way)
    taken, refused = judged(request.FILES, items, held=member_request.documents.count())
    if not refused:
        try:
            _send(way, text, taken)
        except PortalError as error:
            refused[error.field if error.field in items else "text"] = error.sentence
    if refused:
        return _shown(request, way, typed=text, refused=refused)
    messages.success(request, _("We have received it."))
    return redirect(way.to("page"))


@require_http_methods(["GET", "HEAD", "POST"])
@of_a_request
def cancel(request: HttpRequest, way: Way) -> HttpResponse:
    """Say what is destroyed with the request before it is cancelled."""
    member_request = way.member_request
    if request.method == "POST":
        try:
            workflow.cancel(member_request, actor=way.actor)
            messages.success(request, _("You cancelled the request. What you gave for it is destroyed."))
        except PortalError as error:
            messages.error(request, error.sentence)
        return redirect(way.to("page"))
    if Step.CANCEL not in steps.allowed_steps(member_request, way.actor):
        return redirect(way.to("page"))
    context = {
        "way": way,
        "member_request": member_request,
        "kind": member_request.the_kind,
        "urls": _addresses(way),
        "names": [line.name for line in pages.asked_lines(member_request)],
        "documents": pages.documents_of(member_request),
        "ends_consent": _stands(member_request),
    }
    return render(request, "requests/cancel.html", context)


@of_a_request
@acts_on_post
def withdraw_consent(request: HttpRequest, way: Way) -> HttpResponse:
    """Withdraw the consent given with a request, for whoever has no page of consents (W6)."""
    if way.token and way.member_request.consent is not None:
        try:
            withdraw(way.member_request.consent, language=request.LANGUAGE_CODE[:2], actor=way.actor)
            messages.success(request, _("You withdrew this consent. It no longer stands."))
        except PortalError as error:
            messages.error(request, error.sentence)
    return redirect(way.to("page"))


@require_safe
@of_a_request
def document(request: HttpRequest, way: Way, *, document: UUID) -> HttpResponseBase:
    """Open one's own document: always as a file to keep, never inside the portal's pages."""
    found = get_object_or_404(
        Document.objects.select_related("data_key"), pk=document, member_request=way.member_request
    )
    if found.data_key.is_destroyed:
        raise Http404
    return _to_keep(request, way, found.file, found.name.open(), TYPES[found.kind])


@of_a_request
@acts_on_post
def package(request: HttpRequest, way: Way) -> HttpResponseBase:
    """Download what was prepared for access."""
    try:
        prepared = packages.download(way.member_request, actor=way.actor)
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect(way.to("page"))
    return _to_keep(request, way, prepared.file, f"{way.member_request.reference}.zip", "application/zip")


def _to_keep(request: HttpRequest, way: Way, file: SealedFile, name: str, content_type: str) -> HttpResponseBase:
    """A sealed file, opened on the record and sent to be saved; or a word that it cannot be had just now."""
    try:
        return to_keep(file, name, content_type)
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect(way.to("page"))


@transaction.atomic
def _send(way: Way, text: str, taken: list[documents.Attachment]) -> None:
    """All of it, or nothing: whoever sends it again must not say it twice."""
    member_request, actor = way.member_request, way.actor
    if member_request.state == State.WAITING:
        workflow.answer(member_request, text, documents=taken, actor=actor)
        return
    if taken:
        workflow.add_documents(member_request, taken, actor=actor)
    if text.strip() or not taken:
        workflow.write(member_request, text, actor=actor)


def _items_to_add(way: Way) -> list[str]:
    """The documents that can be added to the request now."""
    member_request = way.member_request
    allowed = steps.allowed_steps(member_request, way.actor)
    if Step.ADD_DOCUMENT not in allowed:
        return []
    return documents.items_for(member_request.the_kind, with_representative=member_request.representative is not None)


def _addresses(way: Way) -> dict[str, str]:
    """The addresses of the request's pages and steps, for its templates."""
    names = ("page", "send", "cancel", "object", "package", "withdraw")
    return {name: way.to(name) for name in names}


def _shown(
    request: HttpRequest, way: Way, *, show: str = "", typed: str = "", refused: dict[str, Any] | None = None
) -> HttpResponse:
    member_request = way.member_request
    allowed = steps.allowed_steps(member_request, way.actor)
    # What a second person has not confirmed is no decision yet.
    is_decided = bool(member_request.decision) and not member_request.is_undecided
    thread = [(one, _opened(one.text)) for one in member_request.messages.select_related("data_key")]
    asked = [text for message, text in thread if not message.by_member]
    errors = refused or {}
    prepared = getattr(member_request, "package", None)
    objection = member_request.objections.order_by("-received_at").first()
    ground = kinds.grounds().get(member_request.refusal_ground)
    context = {
        "way": way,
        "urls": _addresses(way),
        "member_request": member_request,
        "kind": member_request.the_kind,
        "entry": pages.Entry(member_request),
        "steps": {step.value for step in allowed},
        "question": asked[-1] if asked and member_request.state == State.WAITING else "",
        "thread": thread,
        "lines": pages.asked_lines(member_request, show=show),
        "documents": [(one, way.to("document", document=one.id)) for one in pages.documents_of(member_request)],
        "to_add": [
            (item, field_of(item), documents.name_of(item), errors.get(item, "")) for item in _items_to_add(way)
        ],
        "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000,
        "typed": typed,
        "text_error": errors.get("text", ""),
        "shows_decision": is_decided,
        "rests_on_consent": member_request.is_undecided,
        "can_withdraw": way.token and not member_request.is_undecided and _stands(member_request),
        "outcome": outcome.outcome_of(member_request),
        "reason": _opened(member_request.reason) if is_decided else "",
        "ground": ground,
        "can_object": filing.why_not_object(member_request) is None,
        "last_day_to_object": outcome.last_day_to_object(member_request),
        "objection": objection and (objection, way.to_other(objection)),
        "objected": member_request.objects_to and (member_request.objects_to, way.to_other(member_request.objects_to)),
        "package": prepared,
        "package_is_there": prepared is not None and outcome.can_be_downloaded(prepared),
        "happenings": pages.happenings_of(member_request),
    }
    return render(request, "requests/page.html", context)


def _stands(member_request: MemberRequest) -> bool:
    return member_request.consent is not None and member_request.consent.stands


def _opened(sealed: Any) -> str:
    return "" if sealed is None or sealed.is_destroyed else str(sealed.open())
