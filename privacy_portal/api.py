"""What every answer of the services' door has in common: problems told in one form, no cookies, English (RFC 9457)."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from http import HTTPStatus
from typing import Any

from django.conf import settings
from django.core.exceptions import PermissionDenied, RequestDataTooBig
from django.http import Http404, HttpRequest, HttpResponse
from rest_framework import exceptions
from rest_framework.parsers import JSONParser
from rest_framework.response import Response
from rest_framework.views import set_rollback

from .errors import PortalError

PATH = "/api/"
MEDIA_TYPE = "application/problem+json"
TYPE = "urn:privacy-portal:problem:"
# What a rule refuses is 422 unless it is said otherwise here; by `PortalError.code`.
STATUSES = {
    "not_allowed": HTTPStatus.FORBIDDEN,
    "collection_not_allowed": HTTPStatus.FORBIDDEN,
    "unknown_collection": HTTPStatus.NOT_FOUND,
}
# What answers that no view made are called.
CODES = {
    HTTPStatus.BAD_REQUEST: ("bad_request", "This request cannot be understood."),
    HTTPStatus.FORBIDDEN: ("not_allowed", "This is not allowed."),
    HTTPStatus.NOT_FOUND: ("not_found", "There is nothing at this address."),
    HTTPStatus.INTERNAL_SERVER_ERROR: ("error", "The portal could not answer. Nothing was done; try again later."),
    HTTPStatus.SERVICE_UNAVAILABLE: ("not_served", "The portal is not serving at present. Try again later."),
}


class Refusal(exceptions.APIException):
    """A call that cannot be answered as it is: what is wrong with it, and in which field."""

    status_code = HTTPStatus.BAD_REQUEST

    def __init__(self, code: str, sentence: str, *, field: str | None = None) -> None:
        super().__init__(sentence, code)
        self.field = field


class TooOften(exceptions.APIException):
    status_code = HTTPStatus.TOO_MANY_REQUESTS
    default_code = "too_many_calls"

    def __init__(self, wait: int) -> None:
        super().__init__(f"This service called too often. Call again in {wait} seconds.")
        self.wait = wait


class JSONBodyParser(JSONParser):
    """JSON in UTF-8; what nests too deeply is as malformed as what does not end."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        try:
            return super().parse(stream, media_type, {**(parser_context or {}), "encoding": "utf-8"})
        except (exceptions.ParseError, RecursionError):
            raise Refusal("malformed_json", "The body is not JSON in UTF-8.") from None


def problem(status: int, code: str, sentence: str, *, field: str | None = None) -> dict[str, Any]:
    """A problem document. `type` is stable; `title` is the same for every problem of that type."""
    document: dict[str, Any] = {
        "type": TYPE + code,
        "title": code.replace("_", " ").capitalize(),
        "status": int(status),
        "detail": sentence,
    }
    return document | {"field": field} if field else document


def as_problem(error: Exception, context: dict[str, Any]) -> Response | None:
    """The exception handler of every view: a problem document for what may be told, None for what is a defect."""
    headers: dict[str, str] = {}
    field: str | None = None
    code: str
    if isinstance(error, PortalError):
        status = STATUSES.get(error.code, HTTPStatus.UNPROCESSABLE_ENTITY)
        code, sentence, field = error.code, str(error.sentence), error.field
    elif isinstance(error, Http404 | PermissionDenied):
        status = HTTPStatus.NOT_FOUND if isinstance(error, Http404) else HTTPStatus.FORBIDDEN
        code, sentence = CODES[status]
    elif isinstance(error, RequestDataTooBig):
        status, code = HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large"
        sentence = f"A body may have {settings.DATA_UPLOAD_MAX_MEMORY_SIZE} bytes at most."
    elif isinstance(error, exceptions.APIException):
        status = HTTPStatus(error.status_code)
        field, detail = next(_details(error.detail))
        code, sentence = detail.code or "invalid", str(detail)
        field = getattr(error, "field", None) or field
        if challenge := getattr(error, "auth_header", None):
            headers["WWW-Authenticate"] = challenge
        if wait := getattr(error, "wait", None):
            headers["Retry-After"] = str(int(wait))
    else:
        return None
    set_rollback()
    body = problem(status, code, sentence, field=field)
    return Response(body, status=status, headers=headers, content_type=MEDIA_TYPE)


def _details(detail: Any, path: str = "") -> Iterator[tuple[str | None, exceptions.ErrorDetail]]:
    """What is wrong, each with the field it is wrong in, written as `items[0].code`."""
    if isinstance(detail, dict):
        for name, inner in detail.items():
            own = "" if name == "non_field_errors" else str(name)
            yield from _details(inner, f"{path}.{own}" if path and own else path or own)
    elif isinstance(detail, list):
        for place, inner in enumerate(detail):
            yield from _details(inner, f"{path}[{place}]" if isinstance(inner, dict) else path)
    else:
        yield path or None, detail


def services_door(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """At the services' door an answer depends on the key and the address alone: not on cookies, nor on a language."""

    def middleware(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith(PATH):
            return get_response(request)
        request.META.pop("HTTP_COOKIE", None)
        request.META["HTTP_ACCEPT_LANGUAGE"] = "en"
        request.COOKIES = {}
        response = get_response(request)
        if response.status_code >= HTTPStatus.BAD_REQUEST and response.get("Content-Type") != MEDIA_TYPE:
            response = _told_as_problem(response)
        response.cookies.clear()
        response["Content-Language"] = "en"
        response["Vary"] = "Accept, Authorization"
        if "Cache-Control" not in response:
            response["Cache-Control"] = "no-store"
        return response

    return middleware


def _told_as_problem(page: HttpResponse) -> HttpResponse:
    """The page that says what went wrong, as a problem document: for addresses that no view answers, and defects."""
    status = HTTPStatus(page.status_code)
    code, sentence = CODES.get(status, (status.phrase.lower().replace(" ", "_"), status.description or status.phrase))
    answer = HttpResponse(json.dumps(problem(status, code, sentence)), status=status, content_type=MEDIA_TYPE)
    if "Retry-After" in page:
        answer["Retry-After"] = page["Retry-After"]
    return answer
