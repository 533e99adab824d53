"""The two ways to a request: the member's own pages, and the link that was mailed to a visitor, to the same pages."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import wraps
from typing import Any

from allauth.core import ratelimit
from django.http import HttpRequest
from django.http.response import HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse

from members.access import member_page
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.doors import actor_of
from privacy_portal.errors import PortalError
from requests import links
from requests.models import MemberRequest

RELATED = ("member", "data_key", "values_key", "consent__collection", "objects_to")


@dataclass(frozen=True)
class Way:
    """A request, who came to it, and under which address."""

    member_request: MemberRequest
    actor: Actor
    token: str = ""

    def to(self, page: str, **more: Any) -> str:
        """The address of one of the request's pages, on this way."""
        if self.token:
            return reverse(f"requests:followed_{page}", kwargs={"token": self.token, **more})
        return reverse(f"requests:{page}", kwargs={"reference": self.member_request.reference, **more})

    def to_other(self, other: MemberRequest) -> str:
        """The address of another request of the same person, such as the one objected to."""
        way = replace(self, member_request=other, token=links.sign(other) if self.token else "")
        return way.to("page")


View = Callable[..., Any]  # answers with a page, or with a file


def visitor_of(request: HttpRequest) -> Actor:
    """Whoever acts without an account, even in a browser in which somebody has signed in."""
    return replace(actor_of(request), account_id=None)


def of_a_request(view: View) -> View:
    """A page of one request: of the member who is signed in, or of whoever holds the link. Nobody else's: 404."""

    @member_page
    def own(request: HttpRequest, member: Member, /, *, reference: str, **more: Any) -> Any:
        requests = MemberRequest.objects.select_related(*RELATED)
        member_request = get_object_or_404(requests, member=member, reference=reference)
        return view(request, Way(member_request, actor_of(request)), **more)

    def followed(request: HttpRequest, *, token: str, **more: Any) -> HttpResponseBase:
        try:
            way = Way(links.read(token), visitor_of(request), token)
        except PortalError as error:
            return render(request, "requests/link_lost.html", {"error": error}, status=410)
        response = view(request, way, **more)
        response["Cache-Control"] = "no-store, private"
        return response

    @wraps(view)
    def page(request: HttpRequest, **kwargs: Any) -> HttpResponseBase:
        return followed(request, **kwargs) if "token" in kwargs else own(request, **kwargs)

    return page


def judges_files(view: View) -> View:
    """Opening files is work: hold whoever sends very many of them to a number an hour."""

    @wraps(view)
    def limited(request: HttpRequest, *args: Any, **more: Any) -> HttpResponseBase:
        too_many = ratelimit.consume_or_429(request, action="attach_document") if request.FILES else None
        return too_many or view(request, *args, **more)

    return limited


def acts_on_post(view: View) -> View:
    """Act on POST only. A GET, as after signing in again, leads to the request and does nothing."""

    @wraps(view)
    def act(request: HttpRequest, way: Way, **more: Any) -> HttpResponseBase:
        return view(request, way, **more) if request.method == "POST" else redirect(way.to("page"))

    return act
