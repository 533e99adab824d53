"""The page on which a business keeps a copy of its licence, or takes it back."""

from __future__ import annotations

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from members.access import member_page
from members.models import Member
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import business_licence
from requests.business_licence import ITEM
from requests.documents import TYPES
from requests.forms.uploads import judged

from .sending import to_keep
from .ways import judges_files


@require_http_methods(["GET", "HEAD", "POST"])
@judges_files
@member_page
def licence(request: HttpRequest, member: Member) -> HttpResponse:
    """The copy that is kept, a form to send one, and a button to destroy it."""
    actor, error = actor_of(request), None
    if business_licence.why_not(member, actor):
        raise Http404
    if request.method == "POST" and "take_back" in request.POST:
        business_licence.take_back(member, actor=actor)
        messages.success(request, _("The copy is destroyed."))
        return redirect("requests:licence")
    if request.method == "POST":
        taken, refused = judged(request.FILES, [ITEM], held=0)
        error = refused.get(ITEM) or (None if taken else _("Please choose a file first."))
        if error is None:
            try:
                business_licence.keep(member, taken[-1].taken, actor=actor)
            except PortalError as refusal:
                error = refusal.sentence
            else:
                messages.success(request, _("The copy is kept, sealed."))
                return redirect("requests:licence")
    context = {
        "held": business_licence.held(member),
        "error": error,
        "megabytes": settings.DOCUMENT_MAX_BYTES // 1_000_000,
    }
    return render(request, "requests/licence.html", context)


@require_safe
@member_page
def licence_file(request: HttpRequest, member: Member) -> HttpResponseBase:
    """One's own copy, to be saved."""
    found = business_licence.held(member)
    if found is None:
        raise Http404
    try:
        return to_keep(found.file, found.name.open(), TYPES[found.kind])
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("requests:licence")
