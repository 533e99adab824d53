"""The one place that writes the access log: every answer passes it before it is sent."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from django.http import HttpRequest, HttpResponse, StreamingHttpResponse

from privacy_portal.doors import actor_of

from .sight import PEOPLE_AN_ENTRY, Sight, Viewer, What, looking

GetResponse = Callable[[HttpRequest], HttpResponse]

# Their pages say that something is not allowed, not there or broken, and show nobody.
SHOW_NOBODY = frozenset({401, 403, 404, 405, 500})
# How much of a stream is held back until the people in it are on the record.
MOST_HELD = 1_000_000
OF_PAGES = {"changelist": What.LIST, "autocomplete": What.LIST, "history": What.HISTORY, "version": What.HISTORY}


def access_log(get_response: GetResponse) -> GetResponse:
    """Put on the record whom an answer shows. If that fails the answer is not sent."""

    def middleware(request: HttpRequest) -> HttpResponse:
        sight = Sight(lambda: viewer_of(request))
        with looking(sight):
            response = get_response(request)
        if response.status_code in SHOW_NOBODY:
            return response
        if isinstance(response, StreamingHttpResponse):
            response.streaming_content = _recorded(sight, response.streaming_content)  # type: ignore[arg-type]
        else:
            sight.write()
        return response

    return middleware


def viewer_of(request: HttpRequest) -> Viewer:
    match = request.resolver_match
    page = match.view_name if match is not None else ""
    is_api = request.path.startswith("/api/")
    what = What.API_READ if is_api else OF_PAGES.get(page.rpartition("_")[2], What.VIEW)
    session = getattr(request, "session", None)
    key = session.session_key if session is not None else None
    return Viewer(actor=actor_of(request), page=page or request.path[:100], session=key or "", what=what)


def _recorded(sight: Sight, content: Iterable[bytes]) -> Iterator[bytes]:
    """The parts of a stream, each let go once the people in it are on the record."""
    parts, held, size = iter(content), [], 0
    while True:
        with looking(sight):
            part = next(parts, None)
        if part is not None:
            held.append(part)
            size += len(part)
        if part is None or size >= MOST_HELD or len(sight.people) >= PEOPLE_AN_ENTRY:
            sight.write()
            yield from held
            held, size = [], 0
        if part is None:
            return
