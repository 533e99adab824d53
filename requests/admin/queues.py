"""The queues of the desk: each a way to look at the one list, with a name, an address and an order."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from requests.models import MemberRequest, MemberRequestQuerySet
from requests.steps import CONFIRM, WORK

from .reach import listed_for

QUEUE = "queue"
BY_DUE_DAY = ("due_on", "id")
NEWEST_FIRST = ("-received_at", "-id")
# Further than this nobody reads a number on a tab.
MOST_COUNTED = 999


@dataclass(frozen=True)
class Queue:
    code: str
    name: Any
    rows: Callable[[MemberRequestQuerySet, Any], QuerySet[Any]]
    right: str = ""
    order: tuple[str, ...] = BY_DUE_DAY
    is_counted: bool = True


QUEUES = (
    Queue("mine", _("My queue"), lambda rows, account: rows.undecided().assigned_to(account.pk), right=WORK),
    Queue("unassigned", _("Unassigned"), lambda rows, account: rows.unassigned()),
    Queue("waiting", _("Waiting for the member"), lambda rows, account: rows.waiting()),
    Queue("to_confirm", _("To confirm"), lambda rows, account: rows.to_confirm(), right=CONFIRM),
    Queue("soon", _("Due soon"), lambda rows, account: rows.due_soon()),
    Queue("overdue", _("Overdue"), lambda rows, account: rows.overdue()),
    Queue("all", _("All"), lambda rows, account: rows, order=NEWEST_FIRST, is_counted=False),
)
ALL = QUEUES[-1]


@dataclass(frozen=True)
class Tab:
    queue: Queue
    url: str
    count: str
    is_current: bool


def open_to(account: Any) -> list[Queue]:
    return [queue for queue in QUEUES if not queue.right or account.has_perm(queue.right)]


def chosen(request: HttpRequest) -> Queue:
    """The queue that an address asks for. Without one: one's own, or all where a search or filter narrows the list."""
    queues = {queue.code: queue for queue in open_to(request.user)}
    if QUEUE in request.GET:
        return queues.get(request.GET[QUEUE], ALL)
    return ALL if set(request.GET) - {"p", "e"} else queues.get("mine", ALL)


def tabs(request: HttpRequest) -> list[Tab]:
    current, rows = chosen(request), MemberRequest.objects.filter(listed_for(request.user))
    return [
        Tab(queue, address_of(queue), _count(queue, rows, request.user), queue is current)
        for queue in open_to(request.user)
    ]


def address_of(queue: Queue | str, **more: str) -> str:
    """The address of the list that shows a queue, narrowed by filters."""
    code = queue if isinstance(queue, str) else queue.code
    return f"{reverse('admin:requests_memberrequest_changelist')}?{urlencode({QUEUE: code, **more})}"


def _count(queue: Queue, rows: MemberRequestQuerySet, account: Any) -> str:
    if not queue.is_counted:
        return ""
    count = queue.rows(rows, account).order_by()[: MOST_COUNTED + 1].count()
    return f"{MOST_COUNTED}+" if count > MOST_COUNTED else str(count)
