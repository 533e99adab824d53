"""Filing a request as a member: typed and attached as one goes, kept with a draft, sent once."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from members.access import member_page
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import documents, drafting, filing, kinds, pages
from requests.documents import Attachment
from requests.drafting import save as save_draft
from requests.forms.filing import FilingForm
from requests.forms.uploads import judged
from requests.kinds import Kind
from requests.models import Draft, MemberRequest

from .ways import Way, judges_files, of_a_request


@require_http_methods(["GET", "HEAD", "POST"])
@member_page
@judges_files
def new(request: HttpRequest, member: Member, *, code: str) -> HttpResponse:
    """The form of one kind of request. Whatever a POST is for, what was typed until then is kept."""
    kind = kind_for(code, member.kind)
    draft = drafting.open_draft(member, kind)
    if request.method == "POST":
        return _act(request, member, kind, draft)
    if refusal := filing.why_not_file(kind, member):
        return _there_already(request, refusal)
    return render_form(request, FilingForm(kind, member, draft=draft))


@require_http_methods(["GET", "HEAD", "POST"])
@of_a_request
@judges_files
def object_to(request: HttpRequest, way: Way) -> HttpResponse:
    """Object to a decision (Q14)."""
    decided, kind = way.member_request, kinds.kind("objection")
    form = FilingForm(kind, decided.member if decided.member.account_id else None, data=request.POST or None)
    if request.method == "POST":
        filed = file_at_once(request, form, member=decided.member, actor=way.actor, objects_to=decided)
        if filed is not None:
            messages.success(request, _("We received your objection. Somebody else looks at it."))
            return redirect(way.to_other(filed))
    elif refusal := filing.why_not_object(decided):
        messages.error(request, refusal.sentence)
        return redirect(way.to("page"))
    return render_form(request, form, objects_to=decided, back=way.to("page"))


def kind_for(code: str, member_kind: str) -> Kind:
    """A kind that this kind of member may ask for on its own page; 404 for any other."""
    kind = kinds.kinds().get(code)
    if kind is None or member_kind not in kind.who or kind.effect == "reopen":
        raise Http404
    return kind


def render_form(request: HttpRequest, form: FilingForm, **more: Any) -> HttpResponse:
    context = {
        "form": form,
        "kind": form.kind,
        "draft": form.draft,
        "kept_until": pages.last_day_of(form.draft) if form.draft else None,
        "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000,
        "most_documents": settings.DOCUMENTS_PER_REQUEST,
        **more,
    }
    return render(request, "requests/new.html", context)


def file_at_once(
    request: HttpRequest,
    form: FilingForm,
    *,
    member: Member | None,
    actor: Actor,
    objects_to: MemberRequest | None = None,
) -> MemberRequest | None:
    """File what came with one POST, without a draft; None where the form must be shown again."""
    taken, refused = judged(request.FILES, form.slots, held=0)
    for item, sentence in refused.items():
        form.slots[item].error = sentence
    if not form.is_valid() or refused:
        _ask_for_files_again(request, form, taken)
        return None
    attached = [attachment for attachment in taken if form.goes_along(attachment.item)]
    filed = _filed(request, form, attached, member=member, actor=actor, objects_to=objects_to)
    if filed is None:
        _ask_for_files_again(request, form, taken)
    return filed


def _act(request: HttpRequest, member: Member, kind: Kind, draft: Draft | None) -> HttpResponse:
    form = FilingForm(kind, member, data=request.POST, draft=draft)
    if before := _filed_before(form, member):  # the second click
        return redirect("requests:filed", before.reference)
    actor = actor_of(request)
    step, _colon, what = request.POST.get("step", "file").partition(":")
    if step == "discard":
        if draft is not None:
            drafting.discard(draft, actor=actor)
        messages.success(request, _("What you had begun is destroyed."))
        return redirect("requests:choose")
    if refusal := filing.why_not_file(kind, member):
        return _there_already(request, refusal)
    held = len(pages.documents_of(draft)) if draft else 0
    taken, refused = judged(request.FILES, form.slots, held=held)
    if step == "file" and form.is_valid() and not refused:
        kept = documents.kept_with(draft) if draft else []
        attached = [attachment for attachment in [*kept, *taken] if form.goes_along(attachment.item)]
        filed = _filed(request, form, attached, member=member, actor=actor)
        if filed is not None:
            return redirect("requests:filed", filed.reference)
    draft = _keep(request, member, form, taken, refused, actor)
    if draft and (before := _filed_before(form, member)):  # sent while this was on its way
        drafting.discard(draft, actor=actor)
        return redirect("requests:filed", before.reference)
    if step == "remove":
        _take_back(draft, what, actor)
    if request.headers.get("HX-Request"):
        return _part(request, kind, member, draft, what, refused)
    if step == "file":
        return _form_again(request, form, draft, refused)
    if refused:
        return _form_again(request, FilingForm(kind, member, draft=draft), draft, refused)
    if step == "save":
        messages.success(request, _("We keep what you typed. You can go on whenever you like."))
        return redirect("requests:list")
    return redirect("requests:new", kind.code)


def _filed_before(form: FilingForm, member: Member) -> MemberRequest | None:
    return MemberRequest.objects.filter(submission=form.submission, member=member).first()


def _filed(
    request: HttpRequest,
    form: FilingForm,
    attached: list[Attachment],
    *,
    member: Member | None,
    actor: Actor,
    objects_to: MemberRequest | None = None,
) -> MemberRequest | None:
    try:
        return filing.file(
            form.kind.code,
            member=member,
            documents=attached,
            language=request.LANGUAGE_CODE[:2],
            actor=actor,
            objects_to=objects_to,
            **form.arguments(),
        )
    except PortalError as error:
        form.add_refusal(error)
        return None


def _keep(
    request: HttpRequest,
    member: Member,
    form: FilingForm,
    taken: list[Attachment],
    refused: dict[str, Any],
    actor: Actor,
) -> Draft | None:
    """Keep what was typed and the files that were taken; a file that cannot be kept is told beside it."""
    try:
        draft = save_draft(member, form.kind, form.to_keep(request.POST), actor=actor)
    except PortalError as error:
        messages.error(request, error.sentence)
        return form.draft
    for attachment in taken:
        attachment.taken.content.seek(0)  # filing may have read it before it was refused
        try:
            documents.attach_to_draft(draft, attachment, actor=actor)
        except PortalError as error:
            refused[attachment.item] = error.sentence
    return draft


def _take_back(draft: Draft | None, document_id: str, actor: Actor) -> None:
    try:
        number = UUID(document_id)
    except ValueError:
        return
    document = draft.documents.filter(pk=number).first() if draft else None
    if document is not None:
        documents.take_from_draft(document, actor=actor)


def _form_again(request: HttpRequest, form: FilingForm, draft: Draft | None, refused: dict[str, Any]) -> HttpResponse:
    """The form with what is wrong on it, and with the documents kept by now."""
    form.show_kept(draft)
    for item, sentence in refused.items():
        form.slots[item].error = sentence
    form.begin_anew_where_the_notice_changed()
    return render_form(request, form)


def _part(
    request: HttpRequest, kind: Kind, member: Member, draft: Draft | None, what: str, refused: dict[str, Any]
) -> HttpResponse:
    """What htmx puts in place: the place of one document, or the word that all is kept."""
    form = FilingForm(kind, member, draft=draft)
    slot = form.slots.get(request.POST.get("slot", what))
    if slot is None:
        return render(request, "requests/_kept.html", {"draft": draft})
    slot.error = refused.get(slot.item, "")
    context = {"slot": slot, "form": form, "kind": kind, "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000}
    return render(request, "requests/_slot.html", context)


def _there_already(request: HttpRequest, refusal: PortalError) -> HttpResponse:
    messages.info(request, refusal.sentence)
    if refusal.code == "open_already":
        return redirect("requests:page", refusal.details["reference"])
    return redirect("requests:choose")


def _ask_for_files_again(request: HttpRequest, form: FilingForm, taken: list[Attachment]) -> None:
    """A file that is kept nowhere has to be chosen once more, unless the page has kept its field as it was."""
    for attachment in taken:
        slot = form.slots[attachment.item]
        if not request.headers.get("HX-Request"):
            slot.error = slot.error or _("Please choose this file once more.")
    form.begin_anew_where_the_notice_changed()
