from __future__ import annotations

from collections.abc import Callable

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.template.loader import render_to_string

from privacy_portal.vault import destruction_list

log = structlog.get_logger()

GetResponse = Callable[[HttpRequest], HttpResponse]


def content_security_policy(get_response: GetResponse) -> GetResponse:
    """Loosen the policy for the admin only, by what its toolkit cannot do without."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.path.startswith("/admin/"):
            response._csp_update = settings.ADMIN_CONTENT_SECURITY_POLICY  # type: ignore[attr-defined]
        return response

    return middleware


def nothing_that_was_destroyed(get_response: GetResponse) -> GetResponse:
    """Serve nobody from a database restored from an older dump, until what it brought back is destroyed again."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if why_not := destruction_list.why_not_serve():
            log.error("not_served", why=why_not)
            return HttpResponse(render_to_string("503.html"), status=503, headers={"Retry-After": "600"})
        return get_response(request)

    return middleware


def private_pages(get_response: GetResponse) -> GetResponse:
    """Keep pages made for someone who is signed in out of every cache, the browser's own included."""

    def middleware(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        if request.user.is_authenticated and "Cache-Control" not in response:
            response["Cache-Control"] = "no-store, private"
        return response

    return middleware
