from __future__ import annotations

import hmac
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.http import urlencode
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from ..provider import redirect_address
from . import memory
from .people import PEOPLE, TOLD


def only_in_the_demo(view: Callable[[HttpRequest], HttpResponseBase]) -> Callable[[HttpRequest], HttpResponseBase]:
    @wraps(view)
    def page(request: HttpRequest) -> HttpResponseBase:
        if not settings.DEMO:
            raise Http404
        return view(request)

    return page


@require_http_methods(["GET", "POST"])
@only_in_the_demo
def authorize(request: HttpRequest) -> HttpResponseBase:
    """V1: the person says who they are, and agrees or cancels."""
    asked = request.GET
    if asked.get("client_id") != settings.NAVER_CLIENT_ID or asked.get("redirect_uri") != redirect_address():
        return HttpResponse("invalid client_id or redirect_uri", status=400, content_type="text/plain")
    reply = {"state": asked.get("state", "")}
    if asked.get("response_type") != "code":
        return _back(reply | {"error": "unsupported_response_type", "error_description": "unsupported response_type"})
    if request.method != "POST":
        people = [(key, TOLD[key], person) for key, person in PEOPLE.items()]
        return render(request, "members/naver/standin/authorize.html", {"people": people})
    person = request.POST.get("person", "")
    if request.POST.get("answer") != "agree" or person not in PEOPLE:
        return _back(reply | {"error": "access_denied", "error_description": "Canceled By User"})
    return _back(reply | {"code": memory.new_code(person)})


@csrf_exempt
@require_POST
@only_in_the_demo
def token(request: HttpRequest) -> JsonResponse:
    """V2, V3: codes and tokens. Errors come with status 200, as NAVER's do."""
    asked = request.POST
    secret = asked.get("client_secret", "")
    is_known = asked.get("client_id") == settings.NAVER_CLIENT_ID
    if not is_known or not hmac.compare_digest(secret.encode(), settings.NAVER_CLIENT_SECRET.encode()):
        return _error("unauthorized_client", "wrong client id / client secret pair")
    answer = GRANTS.get(asked.get("grant_type", ""))
    return answer(asked) if answer else _error("invalid_request", "unsupported grant_type")


@require_safe
@only_in_the_demo
def me(request: HttpRequest) -> JsonResponse:
    """V5, V7: who signed in."""
    scheme, _space, access_token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return JsonResponse({"resultcode": "028", "message": "Authentication header not exists"}, status=401)
    person = memory.person_of(access_token)
    if person is None:
        return JsonResponse({"resultcode": "024", "message": "Authentication failed"}, status=401)
    return JsonResponse({"resultcode": "00", "message": "success", "response": PEOPLE[person]})


def _issue(asked: Mapping[str, str]) -> JsonResponse:
    person = memory.use_code(asked.get("code", ""))
    if person is None:
        return _error("invalid_request", "no valid data in session")
    access_token, refresh_token = memory.new_grant(person)
    return _tokens(access_token, refresh_token=refresh_token)


def _refresh(asked: Mapping[str, str]) -> JsonResponse:
    access_token = memory.new_access(asked.get("refresh_token", ""))
    return _tokens(access_token) if access_token else _error("invalid_request", "invalid refresh_token")


def _delete(asked: Mapping[str, str]) -> JsonResponse:
    memory.end_grant(asked.get("access_token", ""))
    return JsonResponse({"access_token": asked.get("access_token", ""), "result": "success"})


GRANTS: dict[str, Callable[[Mapping[str, str]], JsonResponse]] = {
    "authorization_code": _issue,
    "refresh_token": _refresh,
    "delete": _delete,
}


def _tokens(access_token: str, **more: Any) -> JsonResponse:
    return JsonResponse({"access_token": access_token, **more, "token_type": "bearer", "expires_in": "3600"})


def _error(error: str, description: str) -> JsonResponse:
    return JsonResponse({"error": error, "error_description": description})


def _back(reply: dict[str, str]) -> HttpResponseBase:
    return redirect(f"{redirect_address()}?{urlencode(reply)}")
