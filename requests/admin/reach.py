"""Which requests, and so which people, a colleague may see (A1): agents those assigned to them, others all.

Whoever works on requests, but not on any request, is an agent; officers and auditors see every request.
"""

from __future__ import annotations

from typing import Any

from django.db.models import BooleanField, Case, F, Q, QuerySet, Value, When

from privacy_portal.audit import people
from requests.models import UNDECIDED, MemberRequest, MemberRequestQuerySet
from requests.steps import FROM, WORK, WORK_ANY, Step


def sees_all(account: Any) -> bool:
    return account.has_perm(WORK_ANY) or not account.has_perm(WORK)


def visible_to(account: Any) -> MemberRequestQuerySet:
    """The requests whose pages this colleague may open, given the right to view requests at all."""
    return MemberRequest.objects.all() if sees_all(account) else MemberRequest.objects.filter(assigned_to=account.pk)


def listed_for(account: Any) -> Q:
    """The requests that the queue lists for this colleague: also those that nobody has taken."""
    if sees_all(account):
        return Q()
    return Q(assigned_to=account.pk) | Q(assigned_to__isnull=True, state__in=UNDECIDED)


def with_what_may_be_done(queryset: QuerySet[Any], account: Any) -> QuerySet[Any]:
    """Each row with `may_open` and `may_take`, so that a list asks nothing of its own for a button."""
    opens = Q(pk__isnull=False) if sees_all(account) else Q(assigned_to=account.pk)
    takes = Q(pk__isnull=True)
    if account.has_perm(WORK):
        takes = Q(assigned_to__isnull=True, state__in=FROM[Step.TAKE]) & ~Q(not_decided_by__contains=[account.pk])
    return queryset.annotate(may_open=_either(opens), may_take=_either(takes))


def _either(condition: Q) -> Case:
    return Case(When(condition, then=Value(True)), default=Value(False), output_field=BooleanField())


def _people(account: Any) -> QuerySet[Any, Any] | None:
    return None if sees_all(account) else visible_to(account).order_by().values(person=F("member_id"))


people.reaches.append(_people)
