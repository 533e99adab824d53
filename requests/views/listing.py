from __future__ import annotations

from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from members.access import member_page
from members.models import Member
from requests import pages

PER_PAGE = 20


@require_safe
@member_page
def own_requests(request: HttpRequest, member: Member) -> HttpResponse:
    """What the member has asked for, what waits for the member first."""
    page = Paginator(pages.requests_of(member), PER_PAGE).get_page(request.GET.get("page"))
    context = {
        "page": page,
        "entries": [pages.Entry(one) for one in page],
        "drafts": pages.drafts_of(member) if page.number == 1 else [],
    }
    return render(request, "requests/list.html", context)


@require_safe
@member_page
def choose(request: HttpRequest, member: Member) -> HttpResponse:
    """What can be asked for, what to have ready for it, and how long it takes."""
    return render(request, "requests/choose.html", {"groups": pages.offers(member), "is_visitor": False})
