"""The page on which a business adds its documents for automatic payment, and the copy of the licence among them."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_safe

from members.access import member_page
from members.models import Member, PaymentMethod
from members.payment_methods import adding
from members.payment_methods.forms import PaymentMethodForm
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import business_licence, payment_documents
from requests.business_licence import ITEM
from requests.documents import TYPES
from requests.forms.uploads import judged

from .sending import to_keep
from .ways import judges_files


@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
@judges_files
@member_page
def add(request: HttpRequest, member: Member) -> HttpResponse:
    """The notice, the form and the file; a copy that the membership keeps can be used instead of a file."""
    actor, error = actor_of(request), None
    if adding.why_not_add(member, payment_documents.KIND, actor):
        raise Http404
    form = PaymentMethodForm(request.POST or None, member=member, kind=payment_documents.KIND)
    kept = business_licence.held(member)
    uses_kept = kept is not None and "use_kept" in request.POST
    if request.method == "POST":
        taken, refused = ([], {}) if uses_kept else judged(request.FILES, [ITEM], held=0)
        if not uses_kept:
            error = refused.get(ITEM) or (None if taken else _("Please choose a file first."))
        if form.is_valid() and error is None:
            licence = taken[-1].taken if taken else None
            language = request.LANGUAGE_CODE[:2]
            try:
                payment_documents.add(member, form.values(), licence, notice=form.shown, language=language, actor=actor)
            except PortalError as refusal:
                form.refuse(refusal)
            else:
                messages.success(request, _("It is kept, sealed. You can remove it here at any time."))
                return redirect("members:payment_methods")
    context = {
        "form": form,
        "kept": kept,
        "uses_kept": uses_kept,
        "error": error,
        "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000,
    }
    return render(request, "requests/business_documents.html", context)


@require_safe
@member_page
def licence_file(request: HttpRequest, member: Member, number: UUID) -> HttpResponseBase:
    """One's own copy, to be saved."""
    method = get_object_or_404(member.payment_methods, pk=number)
    found = payment_documents.licence_of(method)
    if found is None:
        raise Http404
    try:
        return to_keep(found.file, found.name.open(), TYPES[found.kind])
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("members:payment_methods")


def licence_line(request: HttpRequest, method: PaymentMethod) -> str:
    """The copy of the licence, on the member's list of payment methods."""
    document = payment_documents.licence_of(method) if method.kind == payment_documents.KIND else None
    if document is None:
        return ""
    return render_to_string("requests/_licence_line.html", {"document": document, "method": method}, request)
