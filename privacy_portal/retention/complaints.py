"""Records of complaints and disputes: kept apart for three years once their purpose is met (K2, K3)."""

from __future__ import annotations

import json
from uuid import UUID

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone
from django_tasks import task

from consents.models import ConsentEvent
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_ground, on_hold
from privacy_portal.vault.models import DataKey
from requests import kinds
from requests.ending import destroy_given
from requests.models import MemberRequest, State, values_of

from . import retaining
from .schedule import months_after, rule_in_force

RULE = "complaint_records"


def complaint_kinds() -> list[str]:
    """The kinds of request whose records are those of a complaint or dispute."""
    return [kind.code for kind in kinds.kinds().values() if kind.complaint]


def finished() -> QuerySet[MemberRequest]:
    """Complaints whose handling is done."""
    return MemberRequest.objects.filter(kind__in=complaint_kinds(), state=State.DONE)


@task()
def keep_finished() -> None:
    """Move the records of complaints that nobody can object to any more; run by the schedule."""
    months = rule_in_force("request_records").months
    over = finished().filter(closed_at__lte=months_after(now(), -months), data_key__wrapped_key__isnull=False)
    for request_id in over.order_by("closed_at").values_list("pk", flat=True):
        keep(request_id, actor=Actor.system("keep_complaints"))


def keep_what_ends(event: ConsentEvent, actor: Actor) -> None:
    """A consent ends: the records of finished complaints that rest on it move before they are destroyed (W8)."""
    resting = finished().filter(consent=event.consent_id)
    for request_id in resting.order_by("pk").values_list("pk", flat=True):
        keep(request_id, actor=actor)


@transaction.atomic
def keep(request_id: UUID, *, actor: Actor) -> None:
    """Seal what was asked, decided and written anew, apart from all else, and destroy it where it was.

    Nothing happens while a legal hold lasts on it, nor a second time. Documents are not part of the record.
    """
    rows = MemberRequest.objects.select_for_update(of=("self",)).select_related("data_key", "values_key", "member")
    member_request = rows.get(pk=request_id)
    if member_request.data_key.is_destroyed or on_hold([member_request.data_key]):
        return
    assert member_request.closed_at is not None  # noqa: S101
    retaining.keep(
        RULE,
        _record_of(member_request),
        subject_id=member_request.member_id,
        happened_at=member_request.closed_at,
        moved_from="requests.memberrequest",
        actor=actor,
    )
    destroy_given(member_request, because="request.kept_by_law", actor=actor)
    destroy_ground(DataKey.Ground.REQUEST, member_request.pk, because="request.kept_by_law", actor=actor)


def _record_of(member_request: MemberRequest) -> dict[str, str]:
    reason = member_request.reason
    thread = [
        {
            "at": timezone.localtime(message.at).isoformat(timespec="seconds"),
            "by_member": message.by_member,
            "text": message.text.open_unseen(),
        }
        for message in member_request.messages.select_related("data_key")
    ]
    return {
        "reference": member_request.reference,
        "kind": member_request.kind,
        "received": timezone.localtime(member_request.received_at).isoformat(timespec="seconds"),
        "asked": json.dumps(values_of(member_request), ensure_ascii=False),
        "decision": member_request.decision,
        "ground": member_request.refusal_ground,
        "reason": reason.open_unseen() if reason is not None else "",
        "thread": json.dumps(thread, ensure_ascii=False),
    }
