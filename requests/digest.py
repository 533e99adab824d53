"""The daily digest to those who work on requests: what is new, and what of theirs is due soon or overdue."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.template.loader import render_to_string
from django.utils import translation
from django_tasks import task

from members.models import Account
from privacy_portal.clock import now
from privacy_portal.outbox.mail import post

from .models import MemberRequest, MemberRequestQuerySet, State
from .steps import WORK, WORK_ANY

ONE_DAY = timedelta(days=1)
# What one e-mail lists of each sort; the number of all of them stands above.
MOST = 20


@task()
def send() -> None:
    """Write to everybody who works on requests and has something to read; run by the schedule."""
    for account in Account.objects.filter(is_staff=True, is_active=True).select_related("data_key").order_by("pk"):
        if account.has_perm(WORK) and not account.email.is_destroyed:
            _write_to(account)


def of(account: Account) -> dict[str, MemberRequestQuerySet]:
    """What the digest of one person is about: `new` for all, `soon` and `overdue` of theirs; an officer's of all."""
    theirs = (
        MemberRequest.objects.all() if account.has_perm(WORK_ANY) else MemberRequest.objects.assigned_to(account.pk)
    )
    new = MemberRequest.objects.filter(state=State.RECEIVED, assigned_to__isnull=True, received_at__gt=now() - ONE_DAY)
    return {
        "new": new.order_by("due_on", "pk"),
        "soon": theirs.due_soon().order_by("due_on", "pk"),
        "overdue": theirs.overdue().order_by("due_on", "pk"),
    }


@transaction.atomic
def _write_to(account: Account) -> None:
    found = of(account)
    counts = {name: requests.count() for name, requests in found.items()}
    if not any(counts.values()):
        return
    with translation.override(account.language):
        lists = {
            name: {"count": counts[name], "first": [_line(one) for one in requests[:MOST]]}
            for name, requests in found.items()
        }
        context = {"lists": lists, "link": f"{settings.BASE_URL}/admin/"}
        post(
            to=account.email.open_unseen(),
            subject=" ".join(render_to_string("requests/email/digest_subject.txt", context).split()),
            text=render_to_string("requests/email/digest.txt", context).strip(),
            data_key=account.data_key,
        )


def _line(member_request: MemberRequest) -> dict[str, object]:
    return {
        "reference": member_request.reference,
        "kind": str(member_request.the_kind),
        "days_left": member_request.days_left(),
    }
