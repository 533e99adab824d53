"""What was given with a request goes when its ground ends: the request is cancelled, or the consent withdrawn."""

from __future__ import annotations

from consents.models import ConsentEvent
from consents.withdrawal import withdraw
from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_key

from . import record
from .models import CLOSED, DECIDED, UNDECIDED, MemberRequest, RequestEvent, State

Kind = RequestEvent.Kind


def cancel(member_request: MemberRequest, *, because: str, actor: Actor) -> RequestEvent:
    """End a locked, undecided request; what was given for it is destroyed.

    The consent given with it is withdrawn, unless another request of the member's rests on it. What is on legal
    hold stays until the hold is lifted.
    """
    member_request.undo_decision()
    member_request.state, member_request.paused_at, member_request.closed_at = State.CANCELLED, None, now()
    event = record.write(member_request, Kind.CANCELLED, actor=actor, details={"because": because})
    destroy_given(member_request, because="request.cancelled", actor=actor)
    consent = member_request.consent
    if because == "member" and consent is not None and consent.stands:
        others = MemberRequest.objects.filter(consent=consent).exclude(pk=member_request.pk)
        if not others.exclude(state=State.CANCELLED).exists():
            withdraw(consent, language=member_request.language, actor=actor)
    return event


def destroy_given(member_request: MemberRequest, *, because: str, actor: Actor) -> None:
    """Destroy what was asked and the documents; the thread and the decision stay. What is on legal hold stays."""
    keys = [document.data_key_id for document in member_request.documents.all()]
    for key_id in [member_request.values_key_id, *keys]:
        destroy_key(key_id, because=because, actor=actor)


def end_with_consent(event: ConsentEvent, actor: Actor) -> None:
    """A consent ended: its undecided requests are cancelled, its decided ones finished, in the same transaction.

    What was given with them is sealed under the consent's ground, and destroyed with it. A decision that was made
    stays made: what it changed is not undone (W7), and its record is kept apart where law says so.
    """
    resting = MemberRequest.objects.filter(consent=event.consent_id).exclude(state__in=CLOSED).order_by("pk")
    for request_id in resting.values_list("pk", flat=True):
        member_request = record.locked(request_id)
        if member_request.state in UNDECIDED:
            cancel(member_request, because=f"consent_{event.kind}", actor=actor)
        elif member_request.state in DECIDED:
            member_request.state, member_request.closed_at = State.DONE, now()
            record.write(member_request, Kind.FINISHED, actor=actor, details={"because": f"consent_{event.kind}"})
