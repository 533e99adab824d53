"""Destruction runs: what fell due is proposed, approved by officers, and then destroyed item by item.

Of each item key, blind indexes, destruction record and the item's own mark are written in one transaction, together or
not at all; some items share one, since each transaction waits for the disk. A run that was killed goes on where it
stopped.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
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
from privacy_portal.vault.destruction import Approval, destroy_keys
from privacy_portal.vault.models import DataKey

from . import holds
from .due import SOURCES, due, rules
from .models import DestructionItem, DestructionRun, RetentionRule

State, Outcome = DestructionRun.State, DestructionItem.Outcome
BATCH = 1000
# Destroyed in one transaction: few enough that nobody waits long for a person who is locked meanwhile.
TOGETHER = 100
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
    run, last = _begin(run), 0
    while batch := list(_waiting(run).filter(pk__gt=last).order_by("pk").values_list("pk", flat=True)[:TOGETHER]):
        _destroy_together(run, batch)
        progress(len(batch))
        last = batch[-1]
    _finish(run)


def outcomes(run: DestructionRun) -> dict[tuple[str, str], int]:
    """How many items of a run came to what, by rule and outcome."""
    rows = run.items.order_by().values_list("rule__code", "outcome").annotate(count=Count("pk"))
    return {(code, outcome): count for code, outcome, count in rows}


@transaction.atomic
def _destroy_together(run: DestructionRun, item_ids: Sequence[int]) -> None:
    """Destroy those of these items that are still due and not held; of the others, note why not."""
    waiting = _waiting(run).select_for_update(of=("self",), skip_locked=True).select_related("rule", "data_key")
    items = list(waiting.filter(pk__in=item_ids).order_by("pk"))  # without those another process is at, or was
    holds.lock_people(item.subject_id for item in items)
    if any(item.data_key.ground == DataKey.Ground.ACCESS_LOG for item in items):
        holds.lock_all()
    held = holds.held_among([item.data_key for item in items])
    destroyed = _destroyed(run, [item for item in items if item.data_key_id not in held])
    found: dict[DestructionItem.Outcome, list[int]] = defaultdict(list)
    for item in items:
        key = item.data_key_id
        found[Outcome.HELD if key in held else Outcome.DESTROYED if key in destroyed else Outcome.NOT_DUE].append(
            item.pk
        )
    for outcome, numbers in found.items():
        run.items.filter(pk__in=numbers).update(outcome=outcome, done_at=now())


def _destroyed(run: DestructionRun, items: Iterable[DestructionItem]) -> set[UUID]:
    """Destroy the keys of these items, but for what is not due any more; returns which keys are destroyed now."""
    proposed: dict[str, list[UUID]] = defaultdict(list)
    for item in items:
        proposed[item.rule.code].append(item.data_key_id)
    officers = tuple(one for one in (run.approved_by, run.second_approved_by) if one is not None)
    destroyed: set[UUID] = set()
    # The periods may have been set anew since it was proposed.
    for rule in rules(now()):
        if keys := proposed[rule.code]:
            still_due = SOURCES[rule.code].find(rule, now()).filter(pk__in=keys).values_list("pk", flat=True)
            approval, because = Approval(rule.code, officers), f"retention.{rule.code}"
            records = destroy_keys(list(still_due), because=because, actor=ACTOR, approval=approval)
            destroyed.update(record.data_key_id for record in records)
    return destroyed


@transaction.atomic
def _begin(run: DestructionRun) -> DestructionRun:
    run = _locked(run)
    if run.state not in (State.APPROVED, State.RUNNING):
        raise PortalError("not_approved", _("This run is not approved, or is over."))
    if run.state == State.APPROVED:
        run.state, run.started_at = State.RUNNING, now()
        save_as(ACTOR, run, reason="run begun")
    return run


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
