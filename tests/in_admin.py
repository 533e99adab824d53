"""What the tests of the admin share: opening its pages, searching its lists, counting its queries."""

from __future__ import annotations

from typing import Any

from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from members.models import Account, Member
from requests import workflow
from requests.models import MemberRequest
from tests.factories import a_request, fresh, staff_acting

# What nobody may read in full in the admin: the values of the standing cast, in every form they are kept or written.
FULL_VALUES = (
    "김하늘",
    "alice@example.com",
    "01012345678",
    "+821012345678",
    "010-1234-5678",
    "테헤란로",
    "Charlotte Brown",
    "charlie@example.com",
    "한빛소프트 주식회사",
    "이담당",
    "office@biz.example.com",
    "010-9876-5432",
    "+821098765432",
    "센텀중앙로",
    "sealed.invalid",  # the alias of an address
    "203.0.113.7",
    "203.0.113.8",
    "Mozilla/5.0",
)


def list_of(model: str) -> str:
    return reverse(f"admin:{model}_changelist")


def page_of(instance: Any, page: str = "change") -> str:
    model = f"{instance._meta.app_label}_{instance._meta.model_name}"
    return reverse(f"admin:{model}_{page}", args=[instance.pk])


def opened(client: Client, url: str) -> str:
    """The page's text; it must open, and show no personal value in full."""
    response = client.get(url)
    assert response.status_code == 200, (url, response.status_code)
    text = response.content.decode()
    assert [value for value in FULL_VALUES if value in text] == [], url
    return text


def queries(client: Client, url: str) -> int:
    """How many queries the page takes, once what is cached for good is cached."""
    client.get(url)
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def found(client: Client, model: str, text: str) -> list[Any]:
    """The rows that an exact search finds."""
    response = client.post(list_of(model), {"exact": text}, follow=True)
    assert response.status_code == 200
    return list(response.context["cl"].result_list)


def takes_a_request_of(agent: Account, member: Member) -> MemberRequest:
    """An agent sees the members of requests assigned to them: now this member is one."""
    member_request = a_request("sales_inquiry", member)
    workflow.take(member_request, seen=1, actor=staff_acting(agent, "website"))
    return fresh(member_request)
