"""What staff looked at in the last weeks, so that the access log and its review have something to show."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from datetime import date

from django.utils import timezone

from consents.models import Consent
from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit import revealing, reviewing, watch_list
from privacy_portal.audit.models import Reveal, WatchedPerson
from privacy_portal.audit.sight import Sight, Viewer, What, looking
from privacy_portal.clock import now

DAYS, LOOKS_A_DAY, LISTED = 80, 3, 20
MASKED = ("name", "email", "mobile_phone")
# Days before the end, counted from midnight of that day: an hour of the night lies in between.
AT_NIGHT, WATCHED_SINCE, CURIOUS, EXPORTED, MISSED_REFERENCE, SIGNED_OFF = 12.0, 62, 18, (70, 41, 13), 16, 3
SATURDAY = 5

Deed = Callable[[], object]


class DeskDays:
    """The working days of an officer and the agents, drawn by one seed."""

    def __init__(self, seed: int, officer: Actor, agents: list[Actor]) -> None:
        self.rng = random.Random(seed)  # noqa: S311
        self.officer, self.agents = officer, agents

    def deeds(self, today: date) -> Iterator[tuple[float, Deed]]:
        """What is done, and so many days before the end."""
        for ago in range(1, DAYS):
            if date.fromordinal(today.toordinal() - ago).weekday() >= SATURDAY:
                continue
            for number in range(LOOKS_A_DAY):
                yield ago - number / 10, self._look_around
            if ago % 9 == 0:
                yield ago - 0.4, self._reveal_for_a_request
        yield AT_NIGHT, self._look_around
        yield WATCHED_SINCE, self._watch
        yield CURIOUS, self._open_the_watched
        yield MISSED_REFERENCE, self._reveal_for_an_incident
        for ago in EXPORTED:
            yield ago, self._export

    def review(self, month: date) -> None:
        """Sign off a month that is over."""
        found = reviewing.findings(month)
        if found.entries:
            note = "열람 사유와 접수 번호를 확인했습니다. 조치가 필요한 접속은 없었습니다."
            reviewing.sign_off(month, note=note, seen=found.last_entry_id, actor=self.officer)

    def _look_around(self) -> None:
        agent = self.rng.choice(self.agents)
        members = self._some(LISTED)
        self._note(agent, "admin:members_member_changelist", What.LIST, members)
        self._note(agent, "admin:members_member_change", What.VIEW, members[:1])

    def _reveal_for_a_request(self) -> None:
        agent, [member] = self.agents[0], self._some(1)
        reference = f"R-{timezone.localdate(now()):%Y}-{self.rng.randrange(10**6):06}"
        self._reveal(agent, member, ["mobile_phone"], Reveal.Why.REQUEST, "", reference)

    def _reveal_for_an_incident(self) -> None:
        self._reveal(self.officer, self._some(1)[0], [], Reveal.Why.INCIDENT, "오발송 신고 확인", "")

    def _reveal(self, actor: Actor, member: Member, items: list[str], why: str, remark: str, reference: str) -> None:
        with looking(self._sight(actor, "admin:audit_reveal_new", What.REVEAL)):
            revealing.reveal(member.pk, items=items, why=why, remark=remark, reference=reference, actor=actor)

    def _watch(self) -> None:
        watch_list.watch(self._watched().pk, why=WatchedPerson.Why.WELL_KNOWN, actor=self.officer)

    def _open_the_watched(self) -> None:
        self._note(self.agents[0], "admin:members_member_change", What.VIEW, [self._watched()])

    def _export(self) -> None:
        sight = self._sight(self.officer, "admin:consents_consent_export", What.EXPORT)
        members = Consent.objects.order_by("pk").values_list("member_id", flat=True)[:60]
        sight.people, sight.items, sight.reason = dict.fromkeys(members), set(MASKED), "정기 동의 현황 점검"
        sight.write()

    def _note(self, actor: Actor, page: str, what: What, members: list[Member]) -> None:
        sight = self._sight(actor, page, what)
        sight.people, sight.items = dict.fromkeys(member.pk for member in members), set(MASKED)
        sight.write()

    def _sight(self, actor: Actor, page: str, what: What) -> Sight:
        return Sight(lambda: Viewer(actor, page, f"demo {actor.account_id}", what))

    def _some(self, count: int) -> list[Member]:
        """Members as they stand in a list, beginning anywhere."""
        members = Member.objects.order_by("joined_at", "pk")
        first = self.rng.randrange(max(1, members.count() - count))
        return list(members[first : first + count])

    def _watched(self) -> Member:
        return Member.objects.order_by("joined_at", "pk")[0]
