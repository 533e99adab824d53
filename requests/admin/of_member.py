"""A member's requests: on the member's own page, and beside another request of theirs."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.safestring import SafeString

from members.admin import sections
from members.models import Member
from requests.models import MemberRequest

from . import reach
from .labels import days_left_label, state_label

# Of a member with more, the list is one click away.
MOST = 20


@dataclass(frozen=True)
class Row:
    reference: str
    url: str
    kind: str
    state: SafeString
    days_left: str | SafeString
    received_at: datetime


@dataclass(frozen=True)
class Requests:
    """The newest ones that a colleague may know of, and whether there are more, for whom the list is linked."""

    rows: list[Row]
    more_url: str = ""


def requests_of(request: HttpRequest, member_id: Any, *, but: MemberRequest | None = None) -> Requests:
    account = request.user
    known = MemberRequest.objects.filter(reach.listed_for(account), member=member_id).order_by("-received_at", "-id")
    if but is not None:
        known = known.exclude(pk=but.pk)
    found: list[Any] = list(reach.with_what_may_be_done(known, account)[: MOST + 1])
    list_url = f"{reverse('admin:requests_memberrequest_changelist')}?member={member_id}"
    return Requests([_row(one) for one in found[:MOST]], list_url if len(found) > MOST else "")


def others(request: HttpRequest, one: MemberRequest) -> Requests:
    return requests_of(request, one.member_id, but=one)


def _row(one: Any) -> Row:
    url = reverse("admin:requests_memberrequest_change", args=[one.pk]) if one.may_open else ""
    return Row(one.reference, url, str(one.the_kind), state_label(one.state), days_left_label(one), one.received_at)


def requests_section(request: HttpRequest, member: Member) -> str:
    if not request.user.has_perm("requests.view_memberrequest"):
        return ""
    context = {"requests": requests_of(request, member.pk)}
    return render_to_string("admin/requests/memberrequest/of_member.html", context, request)


sections.append(requests_section)
