"""May these items of this member be used for this? The one rule, for the services' door and whoever else asks.

It answers from what is committed at the moment it is asked: once a withdrawal was acknowledged, it never says yes
again. It agrees with `ConsentQuerySet.usable` and `with_standing`, which say the same of consents as a query.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from uuid import UUID

from django.db import connection

from privacy_portal.audit.sight import saw
from privacy_portal.clock import now
from privacy_portal.policy.models import Collection as PolicyCollection
from privacy_portal.policy.models import NoticeItem

from .models import State


class Reason(StrEnum):
    """Why the answer is what it is. Only `given` is a yes. The words are part of the API."""

    GIVEN = "given"
    NEVER_ASKED = "never_asked"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    SUSPENDED = "suspended"
    UNKNOWN_MEMBER = "unknown_member"
    UNKNOWN_COLLECTION = "unknown_collection"
    NOT_ALLOWED = "not_allowed"


@dataclass(frozen=True, slots=True)
class Question:
    """May `items` of the member be used for the collection? Without items: may what the consent covers be used?"""

    member: UUID
    collection: str
    items: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Answer:
    """`items` are those that may be used now, also where others that were asked about may not."""

    reason: Reason
    items: Sequence[str] = ()
    notice_version: int | None = None
    since: datetime | None = None

    @property
    def allowed(self) -> bool:
        return self.reason == Reason.GIVEN


@dataclass(frozen=True, slots=True)
class Held:
    """What is held of one member and one collection. A member whose membership has ended is not known any more."""

    collection_known: bool
    member_known: bool
    state: str | None = None
    items: Sequence[str] | None = None
    since: datetime | None = None
    lapses_at: datetime | None = None
    suspended_since: datetime | None = None
    notice_id: UUID | None = None
    notice_version: int | None = None
    asked_again_since: int | None = None
    asked_again_at: datetime | None = None


# Whatever is asked about is read at once, by the keys of members, collections and notices, and by the one unique index
# over member and collection of consents. "LIMIT 1" has the planner look up row by row, whatever it believes of the
# tables: no batch reads a large one as a whole.
LOOK_UP = """
    SELECT asked.member, asked.collection,
        collection.code IS NOT NULL, member.id IS NOT NULL,
        consent.state, consent.items, consent.since, consent.lapses_at, consent.suspended_since,
        notice.id, notice.version, collection.asked_again_since,
        CASE WHEN notice.version < collection.asked_again_since THEN (
            SELECT published_at FROM policy_notice newer
            WHERE newer.collection_id = collection.code AND newer.version = collection.asked_again_since
        ) END
    FROM unnest(%s::uuid[], %s::text[]) AS asked(member, collection)
    LEFT JOIN policy_collection collection ON collection.code = asked.collection
    LEFT JOIN LATERAL (
        SELECT id FROM members_member WHERE id = asked.member AND closed_at IS NULL LIMIT 1
    ) member ON TRUE
    LEFT JOIN LATERAL (
        SELECT state, items, since, lapses_at, suspended_since, notice_id FROM consents_consent
        WHERE member_id = member.id AND collection_id = asked.collection LIMIT 1
    ) consent ON TRUE
    LEFT JOIN policy_notice notice ON notice.id = consent.notice_id
"""


def check(
    questions: Sequence[Question], *, may_touch: Collection[str] | None = None, at: datetime | None = None
) -> list[Answer]:
    """One answer a question, in their order, from one query. Whom it tells of is noted for the access log.

    `may_touch`: the collections that whoever asks has to do with, None for all. Of others nothing is looked up.
    """
    at = at or now()
    pairs = {(one.member, one.collection) for one in questions if may_touch is None or one.collection in may_touch}
    held = _look_up(pairs)
    unknown = _unknown({one.collection for one in questions} - {collection for _member, collection in pairs})
    answers = []
    for question in questions:
        found = held.get((question.member, question.collection))
        if found is None:
            is_unknown = question.collection in unknown
            answers.append(Answer(Reason.UNKNOWN_COLLECTION if is_unknown else Reason.NOT_ALLOWED))
            continue
        answers.append(answer(found, question.items, at))
        if found.member_known:
            saw(question.member)
    return answers


def answer(held: Held, items: Sequence[str], at: datetime) -> Answer:
    """The rule itself. Items that the consent does not cover are refused, or never asked for by its notice."""
    if not held.collection_known:
        return Answer(Reason.UNKNOWN_COLLECTION)
    if not held.member_known:
        return Answer(Reason.UNKNOWN_MEMBER)
    if held.state is None:
        return Answer(Reason.NEVER_ASKED)
    reason, since = _standing(held, at)
    if reason != Reason.GIVEN:
        return Answer(reason, (), held.notice_version, since)
    covered = held.items or ()
    if missing := [item for item in items if item not in covered]:
        was_asked = any(item in items_named_by(held.notice_id) for item in missing)
        reason = Reason.REFUSED if was_asked else Reason.NEVER_ASKED
    return Answer(reason, covered, held.notice_version, since)


def _standing(held: Held, at: datetime) -> tuple[Reason, datetime | None]:
    """Where a consent stands at `at`, and since when: a lapsed date and a new notice change it by themselves."""
    if held.state == State.GIVEN and held.lapses_at is not None and held.lapses_at <= at:
        return Reason.EXPIRED, held.lapses_at
    if held.state == State.GIVEN and (held.notice_version or 0) < (held.asked_again_since or 0):
        return Reason.SUPERSEDED, held.asked_again_at
    if held.state == State.GIVEN and held.suspended_since is not None:
        return Reason.SUSPENDED, held.suspended_since
    return Reason(str(held.state)), held.since


@lru_cache(maxsize=4096)
def items_named_by(notice_id: UUID | None) -> frozenset[str]:
    """The items of a published notice, which never change."""
    return frozenset(NoticeItem.objects.filter(notice=notice_id).values_list("item_id", flat=True))


def _look_up(pairs: set[tuple[UUID, str]]) -> dict[tuple[UUID, str], Held]:
    if not pairs:
        return {}
    members, collections = zip(*pairs, strict=True)
    with connection.cursor() as cursor:
        cursor.execute(LOOK_UP, [list(members), list(collections)])
        return {(member, collection): Held(*facts) for member, collection, *facts in cursor.fetchall()}


def _unknown(codes: set[str]) -> set[str]:
    if not codes:
        return set()
    return codes - set(PolicyCollection.objects.filter(pk__in=codes).values_list("pk", flat=True))
