"""Asking without an account, and following what was asked by the link that was mailed."""

from __future__ import annotations

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_http_methods, require_safe

from members.models import Member
from requests import pages
from requests.forms.filing import FilingForm
from requests.forms.link import LinkForm
from requests.links_again import mail_link
from requests.models import MemberRequest

from .filing import file_at_once, kind_for, render_form
from .ways import visitor_of

FILED = "request_filed"  # in the session: what this browser has filed last


@require_safe
def choose(request: HttpRequest) -> HttpResponse:
    """What can be asked for without an account."""
    if _is_member(request):
        return redirect("requests:choose")
    return render(request, "requests/choose.html", {"groups": pages.offers(None), "is_visitor": True})


@require_http_methods(["GET", "HEAD", "POST"])
def new(request: HttpRequest, *, code: str) -> HttpResponse:
    """The form of one kind of request for somebody without an account."""
    if _is_member(request):
        return redirect("requests:new", code)
    kind = kind_for(code, Member.Kind.VISITOR)
    form = FilingForm(kind, None, data=request.POST or None)
    if request.method == "POST":
        if limited := ratelimit.consume_or_429(request, action="file_as_visitor"):
            return limited
        before = MemberRequest.objects.filter(submission=form.submission, member__kind=Member.Kind.VISITOR).first()
        filed = before or file_at_once(request, form, member=None, actor=visitor_of(request))
        if filed is not None:
            request.session[FILED] = str(filed.pk)
            return redirect("requests:visitor_filed")
    return _not_kept(render_form(request, form, is_visitor=True))


@require_safe
def filed(request: HttpRequest) -> HttpResponse:
    """Straight after filing: shown to the browser that did."""
    member_request = (
        MemberRequest.objects.filter(pk=request.session[FILED]).first() if FILED in request.session else None
    )
    if member_request is None:
        return redirect("requests:visitor_choose")
    context = {"member_request": member_request, "kind": member_request.the_kind, "is_visitor": True}
    return _not_kept(render(request, "requests/filed.html", context))


@require_http_methods(["GET", "HEAD", "POST"])
def ask_for_link(request: HttpRequest) -> HttpResponse:
    """Have the link mailed again. The answer is the same whether there is such a request or not."""
    form = LinkForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if limited := ratelimit.consume_or_429(request, action="ask_for_link"):
            return limited
        mail_link(form.cleaned_data["reference"], form.cleaned_data["email"])
        return render(request, "requests/link_sent.html")
    return render(request, "requests/link_lost.html", {"form": form})


def _is_member(request: HttpRequest) -> bool:
    return request.user.is_authenticated and not request.user.is_staff


def _not_kept(response: HttpResponse) -> HttpResponse:
    """What a visitor typed or filed stays in no cache, the browser's own included."""
    response["Cache-Control"] = "no-store, private"
    return response
