from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation


def own_language(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Speak to members in the language they chose, on a browser that has not been told another."""

    def middleware(request: HttpRequest) -> HttpResponse:
        account = request.user
        if settings.LANGUAGE_COOKIE_NAME not in request.COOKIES and account.is_authenticated and not account.is_staff:
            translation.activate(account.language)
            request.LANGUAGE_CODE = account.language
        return get_response(request)

    return middleware
