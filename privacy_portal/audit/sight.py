"""Who is shown whose personal information: noted while a page is made, written before it is sent (A4, A8).

The door opens a sight for every request (`audit.middleware`). Whatever opens a sealed value within it notes the person
and the item, without being asked to: so no page, list, export or answer can show a value and leave no entry. Pages
that show a person without opening a value note the person by `saw`. Outside a sight, as in jobs and commands, nobody
looks on and nothing is noted.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.contrib.auth import get_user_model
from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.blind_index import blind_index
from privacy_portal.vault.fields import when_read
from privacy_portal.vault.models import DataKey

from . import months
from .models import AccessEntry, OwnAccessEntry

What = AccessEntry.What
# Longer lists, such as exports, are written in several entries.
PEOPLE_AN_ENTRY = 1000


@dataclass(frozen=True)
class Viewer:
    """Who looks, at which page, in which session, and what that page usually is."""

    actor: Actor
    page: str
    session: str
    what: AccessEntry.What


@dataclass
class Sight:
    """What one viewer is being shown."""

    viewer_now: Callable[[], Viewer]
    people: dict[UUID, None] = field(default_factory=dict)
    items: set[str] = field(default_factory=set)
    searched: list[str] = field(default_factory=list)
    in_full: bool = False
    what: AccessEntry.What | None = None
    reason: str = ""
    reference: str = ""

    @property
    def shows_nobody(self) -> bool:
        return not (self.people or self.items or self.searched)

    def write(self) -> None:
        """Put what has been shown on the record. Two statements, however many people there are."""
        if self.shows_nobody:
            return
        viewer, at = self.viewer_now(), now()
        who, key = _account_and_key(viewer.actor, at)
        own = who.data_key.person_id if who is not None and viewer.actor.kind == "member" else None
        others = [person for person in self.people if person != own]
        if own is not None and own in self.people:
            _write_own(self, viewer, who, own, at, key)
        if others or own is None:
            _write(self, viewer, who, others, at, key)
        self.people, self.items, self.searched, self.in_full = {}, set(), [], False


_sight: ContextVar[Sight | None] = ContextVar("sight", default=None)


@contextmanager
def looking(sight: Sight) -> Iterator[None]:
    """Within the block, what is opened is shown in `sight`."""
    token = _sight.set(sight)
    try:
        yield
    finally:
        _sight.reset(token)


@contextmanager
def seen_by(actor: Actor, page: str) -> Iterator[None]:
    """Within the block the actor looks on, also where no door has opened a sight, as at the command line."""
    if _sight.get() is not None:
        yield
        return
    with looking(sight := Sight(lambda: Viewer(actor, page, "", What.VIEW))):
        yield
    sight.write()


def saw(person_id: UUID | None, *items: str, in_full: bool = False) -> None:
    """Note that a person, and these items of the person, are being shown."""
    sight = _sight.get()
    if sight is None:
        return
    if person_id is not None:
        sight.people[person_id] = None
    sight.items.update(items)
    sight.in_full |= in_full


def shown_in_full() -> None:
    """Note that values are shown as they are, not masked."""
    saw(None, in_full=True)


def did(what: AccessEntry.What, *, reason: str = "", reference: str = "") -> None:
    """Say what this is, where the page alone does not tell, and why it was asked for."""
    sight = _sight.get()
    if sight is not None:
        sight.what, sight.reason, sight.reference = what, reason, reference


def searched_for(terms: Iterable[str]) -> None:
    """Note a search by what the text came to under the keyed indexes; a search that finds nobody counts too."""
    sight = _sight.get()
    if sight is not None:
        sight.searched, sight.what = [hashed(term) for term in terms] or [hashed("")], What.SEARCH


def put_on_record() -> None:
    """Write what has been shown so far at once, within the transaction of a verb that must not stand without it."""
    sight = _sight.get()
    if sight is not None:
        sight.write()


def hashed(text: str) -> str:
    """A keyed hash for the log: it compares, and tells nothing. Unlike the indexes it is not cleared with a value."""
    return blind_index("log", text).hex()


def _account_and_key(actor: Actor, at: datetime) -> tuple[Any, DataKey]:
    """The account with its key and the names of its groups, and the key of the month, in one query.

    No account for a service, nor for whoever is not signed in. Only the first entry of a month takes more, to make
    its key.
    """
    if actor.account_id is None or actor.kind == "service":
        return None, months.key_for(at)
    names = ArrayAgg("groups__name", filter=Q(groups__isnull=False), order_by="groups__name", default=[])
    accounts = get_user_model()._default_manager.select_related("data_key").annotate(role_names=names)
    who = months.beside(accounts, at).get(pk=actor.account_id)
    return who, months.key_beside(who, at)


def _role(viewer: Viewer, who: Any) -> str:
    if viewer.actor.kind == "service":
        return f"service:{viewer.actor.name}"
    if who is None:
        return "nobody"
    if not who.is_staff:
        return "member"
    return ", ".join([*who.role_names, *(["superuser"] if who.is_superuser else [])])


def _evidence(viewer: Viewer, reason: str = "") -> dict[str, str]:
    evidence = {"address": viewer.actor.address, "browser": viewer.actor.browser, "reason": reason}
    return {name: value for name, value in evidence.items() if value}


def _write(sight: Sight, viewer: Viewer, who: Any, people: list[UUID], at: datetime, key: DataKey) -> None:
    for first in range(0, len(people) or 1, PEOPLE_AN_ENTRY):
        AccessEntry.objects.create(
            at=at,
            actor_kind=viewer.actor.kind,
            account_id=viewer.actor.account_id,
            actor_name=viewer.actor.name,
            role=_role(viewer, who),
            data_key=key,
            evidence=_evidence(viewer, sight.reason) or None,
            session=hashed(viewer.session) if viewer.session else "",
            what=sight.what or viewer.what,
            page=viewer.page,
            people=people[first : first + PEOPLE_AN_ENTRY],
            items=sorted(sight.items),
            in_full=sight.in_full,
            searched=sight.searched,
            request_reference=sight.reference,
        )


def _write_own(sight: Sight, viewer: Viewer, who: Any, person: UUID, at: datetime, key: DataKey) -> None:
    OwnAccessEntry.objects.create(
        at=at,
        person_id=person,
        account_id=who.pk,
        data_key=key,
        evidence=_evidence(viewer) or None,
        session=hashed(viewer.session) if viewer.session else "",
        page=viewer.page,
        items=sorted(sight.items),
        in_full=sight.in_full,
    )


when_read.append(saw)
