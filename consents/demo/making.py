"""Telling the whole story in the order in which it happened, so that every record is as if it had been lived."""

from __future__ import annotations

import heapq
import itertools
import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta

from django.contrib.auth.hashers import make_password
from django.db import transaction
from django.utils import timezone

from consents.expiry import expire
from consents.models import Consent
from consents.tallies import count_days
from members.addresses import account_with
from members.models import Account, Member
from members.second_factor.factors import set_up_app
from members.staff import SUPPORT_AGENT, Because, add_staff, remove_staff
from privacy_portal.actors import Actor
from privacy_portal.audit.ledger.months import month_after, month_before, month_of
from privacy_portal.clock import pretending
from privacy_portal.errors import PortalError
from privacy_portal.policy import loading
from privacy_portal.policy.models import MemberKind, Notice

from . import cast, desk_days, story
from .desk_days import DeskDays
from .lives import Life, Notices
from .notices import NewVersion, new_versions
from .people import crowd

BEGINNING = timedelta(days=765)
WAKING_UP, WAKING_SHARE = timedelta(hours=7, minutes=30), 16 / 24
MID_MORNING = 0.2
STAFF_BROWSER = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/129.0.0.0"
MAKING = Actor.system("make_demo")

Deed = Callable[[], object]


def is_made() -> bool:
    return account_with(cast.staff()[0]["email"]) is not None


@transaction.atomic
def make(*, seed: int, size: int, until: datetime, progress: Callable[[int, int], object]) -> None:
    """Make demo data up to `until`: all of it, or nothing. `progress` gets the deeds done and known of.

    Raises `PortalError` `policy_too_new` where the policy was in force only after the story begins.
    """
    with pretending(until - BEGINNING):
        if not Notice.objects.exists():
            loading.load()
    if Notice.objects.filter(version=1, published_at__gt=until - BEGINNING).exists():
        raise PortalError(
            "policy_too_new",
            "The policy is loaded already, and demo data reach back before it was. Use an empty database.",
        )
    Telling(seed, size, until).tell(progress)
    count_days.call()


class Telling:
    """Deeds by the moment they are done; each may bring about others."""

    def __init__(self, seed: int, size: int, until: datetime) -> None:
        self.until = until
        self.waiting: list[tuple[datetime, int, Deed]] = []
        self.numbers = itertools.count()
        with pretending(until - BEGINNING):
            self.officer, self.agents = _staff()
        self.notices = Notices()
        written = cast.lives(self.agents[0], self.notices)
        strangers = crowd(seed, size - len(written))
        self.lives = written + [
            Life(person, person.rng.choice(self.agents), self.notices, list(story.deeds_of(person)))
            for person in strangers
        ]
        for life in self.lives:
            for deed in life.deeds:
                self._plan(life, deed)
        for version in new_versions():
            self._plan_version(version)
        self._at(self._moment(200 - MID_MORNING), self._an_agent_leaves)
        self._plan_desk_days(DeskDays(seed, self.officer, self.agents[:1]))

    def tell(self, progress: Callable[[int, int], object]) -> None:
        told = 0
        while self.waiting:
            moment, _number, deed = heapq.heappop(self.waiting)
            with pretending(moment):
                deed()
            told += 1
            progress(told, told + len(self.waiting))
        _give_passwords()

    def _moment(self, ago: float) -> datetime:
        """So many days before the end, in the waking hours; what comes first stays first."""
        local = timezone.localtime(self.until - timedelta(days=ago))
        midnight = local.replace(hour=0, minute=0, second=0, microsecond=0)
        return midnight + WAKING_UP + (local - midnight) * WAKING_SHARE

    def _at(self, moment: datetime, deed: Deed) -> None:
        if moment < self.until:
            heapq.heappush(self.waiting, (moment, next(self.numbers), deed))

    def _plan(self, life: Life, deed: dict[str, object]) -> None:
        ago = deed["ago"]
        assert isinstance(ago, int | float)  # noqa: S101
        self._at(self._moment(ago), lambda: self._do(life, deed))

    def _do(self, life: Life, deed: dict[str, object]) -> None:
        consent = life.do(deed)
        if consent is not None and consent.lapses_at is not None and consent.lapses_at < self.until:
            self._plan_lapse(life, consent)

    def _plan_lapse(self, life: Life, consent: Consent) -> None:
        assert consent.lapses_at is not None  # noqa: S101
        # The worker looks once an hour.
        looked = timedelta(minutes=life.person.rng.randint(1, 59))
        self._at(consent.lapses_at + looked, lambda: expire(consent))
        if not life.is_written:
            ago = (self.until - consent.lapses_at) / timedelta(days=1)
            for deed in story.before_lapsing(life.person.rng, consent.collection_id, ago):
                self._plan(life, deed)

    def _plan_version(self, version: NewVersion) -> None:
        self._at(self._moment(version.drafted - MID_MORNING), lambda: version.draft(self.officer))
        self._at(self._moment(version.edited - MID_MORNING), lambda: version.edit(self.officer))
        if version.published is not None:
            ago = version.published - MID_MORNING
            self._at(self._moment(ago), lambda: self._publish(version, ago))

    def _publish(self, version: NewVersion, ago: float) -> None:
        version.publish(self.officer)
        self.notices.known.clear()
        for life in self.lives:
            if life.member and not life.is_written and life.has_to_answer_again(version.collection):
                for deed in story.after_asked_again(life.person.rng, version.collection, ago):
                    self._plan(life, deed)

    def _plan_desk_days(self, desks: DeskDays) -> None:
        today = timezone.localdate(self.until)
        for ago, deed in desks.deeds(today):
            moment = self._moment(ago - MID_MORNING) if ago != desk_days.AT_NIGHT else self._night_before(ago)
            self._at(moment, deed)
        # The month before last is signed off in time; last month's review waits.
        reviewed = month_before(month_before(month_of(today)))
        signed_off = timezone.make_aware(datetime.combine(month_after(reviewed), time(hour=10)))
        self._at(signed_off + timedelta(days=desk_days.SIGNED_OFF), lambda: desks.review(reviewed))

    def _night_before(self, ago: float) -> datetime:
        return timezone.localtime(self.until - timedelta(days=ago)).replace(hour=0, minute=40)

    def _an_agent_leaves(self) -> None:
        leaving = self.agents[-1]
        account = Account.objects.get(pk=str(leaving.account_id))
        remove_staff(account, actor=MAKING, because=Because("left the company"))
        for life in self.lives:
            life.agent = self.agents[0] if life.agent == leaving else life.agent


def _staff() -> tuple[Actor, list[Actor]]:
    """The people of cast.yaml who sign in, and one more agent, who nobody knows the password of."""
    by_role = {
        person["role"]: add_staff(
            person["email"], name=person["name"], password=person["password"], groups=[person["group"]], actor=MAKING
        )
        for person in cast.staff()
    }
    for account in by_role.values():
        set_up_app(account, actor=MAKING)
    other = add_staff(
        "agent.oh@cloud.example", name="오하린", password=secrets.token_urlsafe(), groups=[SUPPORT_AGENT], actor=MAKING
    )
    return _acting(by_role["privacy officer"], 12), [_acting(by_role["support agent"], 21), _acting(other, 22)]


def _acting(account: Account, desk: int) -> Actor:
    return Actor("staff", account.pk, "website", f"198.51.100.{desk}", STAFF_BROWSER)


def _give_passwords() -> None:
    # One hash for all, put there directly: hashing is slow on purpose, and a password is not on the record.
    with_passwords = Member.objects.filter(kind__in=[MemberKind.INDIVIDUAL, MemberKind.BUSINESS])
    Account.objects.filter(member__in=with_passwords).update(password=make_password(cast.PASSWORD))
