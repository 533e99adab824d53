"""What the tests of the desk in the admin share: its pages, and taking steps through their buttons."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from requests.models import MemberRequest
from tests.factories import fresh
from tests.in_admin import page_of

QUEUE = "/admin/requests/memberrequest/"


def listed(client: Client, queue: str, **more: str) -> list[MemberRequest]:
    """The rows of a queue, in their order."""
    response = client.get(QUEUE, {"queue": queue, **more})
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def step_url(member_request: MemberRequest, step: str) -> str:
    return reverse("admin:requests_memberrequest_step", args=[member_request.pk, step])


def step(client: Client, member_request: MemberRequest, name: str, *, seen: int | None = None, **typed: Any) -> Any:
    """Take a step by its button, with the version that the page shows now."""
    version = fresh(member_request).version if seen is None else seen
    return client.post(step_url(member_request, name), {"seen": version, **typed})


def offered(client: Client, member_request: MemberRequest) -> set[str]:
    """The steps that the page has a button for."""
    context = client.get(page_of(member_request)).context
    return {part.step.value for part in (*context["deciding"], *context["writing"], *context["steps"])}
