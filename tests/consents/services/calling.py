"""A service with its key, and calls as it makes them."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client

from consents.models import Scope, ServiceClient
from consents.services import clients
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from tests.factories import SYSTEM

NEWSLETTER = "general.newsletter"
SALES = "general.sales_inquiry"
ADDRESS = "198.51.100.20"


def a_service(name: str = "billing", *, actor: Actor = SYSTEM, **changed: Any) -> ServiceClient:
    terms: dict[str, Any] = {
        "name": name,
        "scopes": [Scope.CHECK],
        "collections": [NEWSLETTER, SALES],
        "rate_limit": 600,
        **changed,
    }
    return clients.add(clients.Terms(**terms), actor=actor)


def a_key(service: ServiceClient, *, days: int = 30) -> str:
    _key, token = clients.make_key(service, expires_at=now() + timedelta(days=days), actor=SYSTEM)
    return token


class Calls:
    """What a service's own client does: a key on every call, JSON both ways."""

    def __init__(self, token: str, address: str = ADDRESS) -> None:
        self.client = Client(REMOTE_ADDR=address, raise_request_exception=False)
        self.headers = {"Authorization": f"Bearer {token}", "User-Agent": "billing/1.0"}

    def get(self, path: str, query: Any = None, **headers: str) -> Any:
        return self.client.get(f"/api/v1/{path}", query, headers={**self.headers, **headers})

    def post(self, path: str, body: Any, content_type: str = "application/json", **headers: str) -> Any:
        return self.client.post(f"/api/v1/{path}", body, content_type, headers={**self.headers, **headers})

    def check(self, *questions: Any) -> list[dict[str, Any]]:
        response = self.post("consents/check", {"questions": list(questions)})
        assert response.status_code == 200, response.content
        answers: list[dict[str, Any]] = response.json()["answers"]
        return answers


def a_caller(**changed: Any) -> Calls:
    return Calls(a_key(a_service(**changed)))


def is_problem(response: Any, status: int, code: str, *, field: str | None = None) -> None:
    """The answer is a problem document of this type, and nothing but that."""
    assert response.status_code == status, response.content
    assert response["Content-Type"] == "application/problem+json"
    document = response.json()
    assert document["type"] == f"urn:privacy-portal:problem:{code}"
    assert document["status"] == status
    assert document["title"]
    assert document["detail"]
    assert document.get("field") == field
    assert set(document) <= {"type", "title", "status", "detail", "field"}
