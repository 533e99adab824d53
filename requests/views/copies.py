"""The pages on which a member asks for a copy of everything held, sees how far it is, and downloads it."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.timezone import localdate
from django.views.decorators.http import require_http_methods, require_safe

from members.access import asked_again, member_page
from members.models import Member
from privacy_portal.audit import sight
from privacy_portal.clock import now
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import kinds
from requests.copies import asking
from requests.copies.models import DataCopy

from .sending import to_keep


@require_safe
@member_page
def copy(request: HttpRequest, member: Member) -> HttpResponse:
    """What became of the copy asked for last. While one is being made, the page asks for its own part again and again;
    it says so with `X-Background`, so that nobody stays signed in by looking on."""
    is_part = request.headers.get("HX-Request") == "true"
    template = "requests/copies/_state.html" if is_part else "requests/copies/copy.html"
    return render(request, template, {"copy": asking.latest(member), "hours": _hours()})


@require_http_methods(["GET", "HEAD", "POST"])
@asked_again
@member_page
def ask(request: HttpRequest, member: Member) -> HttpResponse:
    """Say what is in a copy, and have it made."""
    if request.method == "POST":
        asking.ask(member, language=request.LANGUAGE_CODE[:2], actor=actor_of(request))
        return redirect("requests:copy")
    return render(request, "requests/copies/ask.html", {"copy": asking.latest(member), "hours": _hours()})


@require_safe
@asked_again
@member_page
def download(request: HttpRequest, member: Member, copy_id: UUID) -> HttpResponseBase:
    """One's own copy, to be saved; on the record with what is in it."""
    found = get_object_or_404(DataCopy, pk=copy_id, member=member)
    try:
        found = asking.download(found.pk, actor=actor_of(request))
        if found.file is None:
            raise Http404
        sight.saw(member.pk, *found.items, in_full=True)
        name = f"my-data-{localdate(found.made_at):%Y%m%d}.zip"
        return to_keep(found.file, name, "application/zip")
    except PortalError as error:
        messages.error(request, error.sentence)
        return redirect("requests:copy")


def _hours() -> int:
    return kinds.number("copy_hours", localdate(now()))
