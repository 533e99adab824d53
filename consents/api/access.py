"""Who calls: a service, by its key; and whether it may, from where it calls and as often as it does."""

from __future__ import annotations

import math
from typing import ClassVar, NoReturn, cast

from allauth.account.adapter import get_adapter
from django.contrib.auth.models import AnonymousUser
from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView

from consents.services import keys, limits
from consents.services.clients import may_call_from
from consents.services.models import Scope, ServiceClient
from privacy_portal.actors import Actor
from privacy_portal.api import JSONBodyParser, TooOften
from privacy_portal.clock import now
from privacy_portal.doors import LONGEST_BROWSER

SCHEME = b"bearer"


class ServiceAuthentication(BaseAuthentication):
    """`Authorization: Bearer <prefix>.<secret>`. Whatever is wrong with a key, the answer is the same."""

    def authenticate(self, request: Request) -> tuple[AnonymousUser, ServiceClient]:
        scheme, _space, token = get_authorization_header(request).partition(b" ")
        at = now()
        key = keys.recognised(token.strip().decode("latin-1"), at=at) if scheme.lower() == SCHEME else None
        if key is None:
            raise AuthenticationFailed("Send a valid key: “Authorization: Bearer <key>”.", "not_authenticated")
        keys.note_use(key, at=at)
        # Who acts, for verbs and the access log. Django's own user stays nobody: there is no session to speak of.
        request._request.service = Actor(  # type: ignore[attr-defined]
            kind="service",
            account_id=key.client_id,
            address=get_adapter().get_client_ip(request._request),
            browser=request.headers.get("User-Agent", "")[:LONGEST_BROWSER],
            name=key.client.name,
        )
        return AnonymousUser(), key.client

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class FromItsAddress(BasePermission):
    message = "This service may not call from this network address."
    code = "address_not_allowed"

    def has_permission(self, request: Request, view: APIView) -> bool:
        return may_call_from(service_of(request), actor_of_call(request).address)


class WithinItsScopes(BasePermission):
    code = "scope_missing"

    def has_permission(self, request: Request, view: APIView) -> bool:
        needed = getattr(view, "scope", None)
        self.message = f"The key of this service has no scope “{needed}”."
        return needed is None or needed in service_of(request).scopes


class NotTooOften(BaseThrottle):
    def allow_request(self, request: Request, view: APIView) -> bool:
        self.seconds = limits.seconds_to_wait(service_of(request), at=now())
        return self.seconds == 0

    def wait(self) -> float:
        return float(self.seconds)


class ServiceView(APIView):
    """The base of every address of the door. `scope`: what the service must be allowed; None, and any service may."""

    authentication_classes = (ServiceAuthentication,)
    permission_classes = (FromItsAddress, WithinItsScopes)
    throttle_classes = (NotTooOften,)
    parser_classes = (JSONBodyParser,)
    scope: ClassVar[Scope | None] = None

    def throttled(self, request: Request, wait: float) -> NoReturn:
        raise TooOften(math.ceil(wait))


def service_of(request: Request) -> ServiceClient:
    """The service whose key came with the call."""
    return cast(ServiceClient, request.auth)


def actor_of_call(request: Request) -> Actor:
    actor: Actor = request._request.service  # type: ignore[attr-defined]
    return actor


def demand_collection(request: Request, code: str) -> None:
    """Refuse a collection that the service has nothing to do with."""
    if code not in service_of(request).collections:
        raise PermissionDenied("This service has nothing to do with this collection.", "collection_not_allowed")
