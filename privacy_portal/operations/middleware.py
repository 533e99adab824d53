"""The three addresses for operators, and the line that every other request leaves in the log."""

from __future__ import annotations

import hmac
import re
import time
import uuid
from collections.abc import Callable
from ipaddress import ip_address

import structlog
from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseNotFound, JsonResponse
from prometheus_client import CONTENT_TYPE_LATEST

from . import health, metrics

log = structlog.get_logger()

GetResponse = Callable[[HttpRequest], HttpResponse]

# One that another system gave. Long enough that no telephone or card number is taken for one.
REQUEST_ID = re.compile(r"[0-9A-Za-z_-]{20,64}")
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


def operators_addresses(get_response: GetResponse) -> GetResponse:
    """Answer `/healthz`, `/readyz` and `/metrics` before all else.

    They must answer a probe that knows no host name and speaks no TLS, also while the database is away, and leave no
    session, cookie or entry in the access log.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        answer = ANSWERS.get(request.path)
        if answer is None:
            return get_response(request)
        if request.method not in ("GET", "HEAD"):
            return HttpResponseNotAllowed(["GET", "HEAD"])
        response = answer(request)
        response["Cache-Control"] = "no-store"
        return response

    return middleware


def healthz(request: HttpRequest) -> HttpResponse:
    """This process lives and answers; nothing else is asked."""
    return JsonResponse({"alive": True})


def readyz(request: HttpRequest) -> HttpResponse:
    """Whether members may be led here; if not, which checks fail, and no more than their names."""
    failed = health.failed_checks()
    return JsonResponse({"ready": not failed, "failed": failed}, status=503 if failed else 200)


def show_metrics(request: HttpRequest) -> HttpResponse:
    if not may_read_metrics(request):
        return HttpResponseNotFound()
    return HttpResponse(metrics.page(), content_type=CONTENT_TYPE_LATEST)


ANSWERS: dict[str, Callable[[HttpRequest], HttpResponse]] = {
    "/healthz": healthz,
    "/readyz": readyz,
    "/metrics": show_metrics,
}


def may_read_metrics(request: HttpRequest) -> bool:
    """Whoever has the token, and whoever asks from an allowed network without a proxy in between.

    Behind a proxy on this machine everybody's connection comes from here: so what a proxy passed on needs the token.
    """
    kind, _space, token = request.headers.get("Authorization", "").partition(" ")
    expected = settings.METRICS_TOKEN
    if expected and kind.lower() == "bearer" and hmac.compare_digest(token.encode(), expected.encode()):
        return True
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        address = ip_address(request.META.get("REMOTE_ADDR", ""))
    except ValueError:  # over a socket nobody has an address
        return False
    return any(address in network for network in settings.METRICS_ADDRESSES)


def request_log(get_response: GetResponse) -> GetResponse:
    """Give each request an id that all its lines and its answer carry, and log one line of it when it is answered.

    The route's name stands for the address, which may hold a token.
    """

    def middleware(request: HttpRequest) -> HttpResponse:
        begun = time.perf_counter()
        given = request.headers.get("X-Request-ID", "")
        request_id = given if REQUEST_ID.fullmatch(given) else uuid.uuid4().hex
        # Not taken back at the end: what Django still has to say of the answer it says after this.
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=request_id)
        response = get_response(request)
        match = request.resolver_match
        log.info(
            "request",
            method=request.method if request.method in METHODS else "other",
            route=match.view_name if match else "",
            status=response.status_code,
            milliseconds=round((time.perf_counter() - begun) * 1000),
        )
        response["X-Request-ID"] = request_id
        return response

    return middleware
