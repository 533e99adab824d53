"""Destruction runs: what fell due is proposed, approved by officers, and then destroyed item by item.

Each item is one transaction: key, blind indexes, destruction record and the item's own mark are written together or not
at all. A run that was killed goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import islice
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Count, Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.rights import demand
from privacy_portal.vault.destruction import Approval, destroy_key
from privacy_portal.vault.models import DataKey

from . import holds
from .due import SOURCES, due, rules
from .models import DestructionItem, DestructionRun, RetentionRule

State, Outcome = DestructionRun.State, DestructionItem.Outcome
BATCH = 1000
PROPOSING_LOCK = 0x70726F706F7365  # "propose"
ACTOR = Actor.system("destroy_due")


def counts_of_due(at: datetime) -> dict[RetentionRule, int]:
    """How many keys are due by each rule and wait in no run yet."""
    return {rule: count for rule in rules(at) if (count := _unproposed(rule, at).count())}


@transaction.atomic
def propose(
    at: datetime | None = None, progress: Callable[[int], object] = lambda count: None
) -> DestructionRun | None:
    """Make a run of everything that is due and waits in no run yet; None where there is nothing.

    Any number of keys takes the same memory. Killed in between, nothing is proposed.
    """
    at = at or now()
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [PROPOSING_LOCK])
    found = [rule for rule in rules(at) if _unproposed(rule, at).exists()]
    if not found:
        return None
    # What it counts is only known once its items are written; its history begins then.
    needs_second = any(rule.needs_second_officer for rule in found)
    [run] = DestructionRun.objects.bulk_create([DestructionRun(needs_second_officer=needs_second, proposed_at=at)])
    for rule in found:
        items = _items(run, rule, at)
        while batch := list(islice(items, BATCH)):
            DestructionItem.objects.bulk_create(batch)
            run.counts[rule.code] = run.counts.get(rule.code, 0) + len(batch)
            progress(len(batch))
    save_as(ACTOR, run, reason="run proposed")
    return run


def why_not_approve(run: DestructionRun, account_id: UUID | None) -> PortalError | None:
    """Why this officer cannot approve this run, if so."""
    if run.state != State.PROPOSED:
        return PortalError("not_proposed", _("This run no longer waits for approval."))
    if account_id is None:
        return PortalError("no_officer", _("A run is approved by a person."))
    if run.approved_by == account_id:
        return PortalError("same_officer", _("You approved this run already. It needs another officer as well."))
    return None


@transaction.atomic
def approve(run: DestructionRun, *, actor: Actor) -> DestructionRun:
    """Approve a run; where a rule asks for it, two different officers have to. The worker then destroys it."""
    demand(actor, "retention.approve_run")
    run = _locked(run)
    if refusal := why_not_approve(run, actor.account_id):
        raise refusal
    if run.approved_by is None:
        run.approved_by, run.approved_at = actor.account_id, now()
    else:
        run.second_approved_by, run.second_approved_at = actor.account_id, now()
    if not run.needs_second_officer or run.second_approved_by is not None:
        run.state = State.APPROVED
    save_as(actor, run, reason="run approved")
    return run


@transaction.atomic
def cancel(run: DestructionRun, *, actor: Actor) -> DestructionRun:
    """Give up a run that is not begun; what is still due is proposed anew the next day."""
    demand(actor, "retention.approve_run")
    run = _locked(run)
    if run.state not in (State.PROPOSED, State.APPROVED):
        raise PortalError("begun", _("This run has begun or is over; it cannot be cancelled."))
    run.items.filter(outcome=Outcome.WAITING).update(outcome=Outcome.CANCELLED, done_at=now())
    run.state = State.CANCELLED
    save_as(actor, run, reason="run cancelled")
    return run


def to_destroy() -> list[DestructionRun]:
    """The approved runs that are not finished."""
    return list(DestructionRun.objects.filter(state__in=(State.APPROVED, State.RUNNING)).order_by("pk"))


def destroy(run: DestructionRun, progress: Callable[[int], object] = lambda count: None) -> None:
    """Destroy what is left of an approved run. Safe to kill at any moment, to repeat, and to run twice at once.

    Raises `PortalError` `not_approved`.
    """
    _begin(run)
    last = 0
    while batch := list(_waiting(run).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:BATCH]):
        for item_id in batch:
            destroy_item(item_id)
            progress(1)
        last = batch[-1]
    _finish(run)


@transaction.atomic
def destroy_item(item_id: int) -> None:
    """Destroy one item if it is still due and not held; otherwise note why not."""
    waiting = DestructionItem.objects.select_for_update(of=("self",), skip_locked=True).select_related("rule", "run")
    item = waiting.filter(pk=item_id, outcome=Outcome.WAITING).first()
    if item is None:  # another process is at it, or was
        return
    holds.lock_person(item.subject_id)
    item.outcome, item.done_at = _end(item), now()
    item.save(update_fields=["outcome", "done_at"])


def outcomes(run: DestructionRun) -> dict[tuple[str, str], int]:
    """How many items of a run came to what, by rule and outcome."""
    rows = run.items.order_by().values_list("rule__code", "outcome").annotate(count=Count("pk"))
    return {(code, outcome): count for code, outcome, count in rows}


def _end(item: DestructionItem) -> DestructionItem.Outcome:
    code, key = item.rule.code, DataKey.objects.get(pk=item.data_key_id)
    if key.ground == DataKey.Ground.ACCESS_LOG:
        holds.lock_all()
    if holds.held_among([key]):
        return Outcome.HELD
    # The period may have been set anew since it was proposed.
    rule = next((rule for rule in rules(now()) if rule.code == code), None)
    if rule is None or not SOURCES[code].find(rule, now()).filter(pk=key.pk).exists():
        return Outcome.NOT_DUE
    officers = tuple(one for one in (item.run.approved_by, item.run.second_approved_by) if one is not None)
    destroyed = destroy_key(key.pk, because=f"retention.{code}", actor=ACTOR, approval=Approval(code, officers))
    return Outcome.DESTROYED if destroyed else Outcome.NOT_DUE


@transaction.atomic
def _begin(run: DestructionRun) -> None:
    run = _locked(run)
    if run.state not in (State.APPROVED, State.RUNNING):
        raise PortalError("not_approved", _("This run is not approved, or is over."))
    if run.state == State.APPROVED:
        run.state, run.started_at = State.RUNNING, now()
        save_as(ACTOR, run, reason="run begun")


@transaction.atomic
def _finish(run: DestructionRun) -> None:
    run = _locked(run)
    if run.state == State.RUNNING and not _waiting(run).exists():
        run.state, run.finished_at = State.DONE, now()
        save_as(ACTOR, run, reason="run done")


def _locked(run: DestructionRun) -> DestructionRun:
    return DestructionRun.objects.select_for_update().get(pk=run.pk)


def _waiting(run: DestructionRun) -> QuerySet[DestructionItem]:
    return run.items.filter(outcome=Outcome.WAITING)


def _unproposed(rule: RetentionRule, at: datetime) -> QuerySet[DataKey]:
    waiting = DestructionItem.objects.filter(data_key=OuterRef("pk"), outcome=Outcome.WAITING)
    return due(rule, at).exclude(Exists(waiting))


def _items(run: DestructionRun, rule: RetentionRule, at: datetime) -> Iterator[DestructionItem]:
    due_since, found = SOURCES[rule.code].due_since, _unproposed(rule, at)
    for key_id, subject_id, since in found.values_list("pk", "subject_id", "since").iterator(BATCH):  # type: ignore[misc]
        yield DestructionItem(
            run=run, rule=rule, data_key_id=key_id, subject_id=subject_id, due_since=due_since(rule, since)
        )
