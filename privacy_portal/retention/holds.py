"""Legal holds: while one lasts, nothing of its person or request is destroyed, whatever ended the ground."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from members.models import Member
from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.audit.models import AccessEntry, OwnAccessEntry
from privacy_portal.clock import now
from privacy_portal.rights import demand
from privacy_portal.vault.models import DataKey

from .models import LegalHold


@transaction.atomic
def place(about: LegalHold.About, about_id: UUID, *, reason: str, reference: str = "", actor: Actor) -> LegalHold:
    """Hold whatever there is of a person or a request. Placing the same hold twice is one hold."""
    demand(actor, "retention.place_hold")
    if about == LegalHold.About.PERSON:
        lock_people([about_id])
    same = open_holds([about_id]).filter(reason=reason, reference=reference).first()
    if same is not None:
        return same
    hold = LegalHold(
        about=about, about_id=about_id, reason=reason, reference=reference, placed_by=actor.account_id, placed_at=now()
    )
    save_as(actor, hold, reason="hold placed", force_insert=True)
    return hold


@transaction.atomic
def lift(hold: LegalHold, *, actor: Actor) -> LegalHold:
    """End a hold; what fell due meanwhile is proposed by the next run. Lifting twice is lifting once."""
    demand(actor, "retention.place_hold")
    hold = LegalHold.objects.select_for_update().get(pk=hold.pk)
    if hold.lifted_at is None:
        hold.lifted_at, hold.lifted_by = now(), actor.account_id
        save_as(actor, hold, reason="hold lifted")
    return hold


def open_holds(numbers: Iterable[UUID]) -> QuerySet[LegalHold]:
    """The holds that last on these people or requests."""
    return LegalHold.objects.filter(about_id__in=list(numbers), lifted_at__isnull=True)


def held_among(keys: Sequence[DataKey]) -> set[UUID]:
    """The keys that a hold keeps, among these. The vault asks before it destroys."""
    numbers = {number for key in keys for number in (key.subject_id, key.ground_id) if number is not None}
    held = set(open_holds(numbers).values_list("about_id", flat=True))
    of_log = [key.pk for key in keys if key.ground == DataKey.Ground.ACCESS_LOG]
    months = set(DataKey.objects.filter(_month_is_held(), pk__in=of_log).values_list("pk", flat=True))
    return months | {key.pk for key in keys if key.subject_id in held or key.ground_id in held}


def is_held() -> Q:
    """The same as a condition on a query of data keys."""
    about = Q(about_id=OuterRef("subject_id")) | Q(about_id=OuterRef("ground_id"))
    return Q(Exists(LegalHold.objects.filter(about, lifted_at__isnull=True))) | _month_is_held()


def _month_is_held() -> Q:
    """A month of the access log is kept as a whole if anybody was shown a person on hold in it."""
    people = LegalHold.objects.filter(about=LegalHold.About.PERSON, lifted_at__isnull=True).values("about_id")
    seen = AccessEntry.objects.filter(data_key=OuterRef("pk"), people__overlap=people)
    own = OwnAccessEntry.objects.filter(data_key=OuterRef("pk"), person_id__in=people)
    return Q(ground=DataKey.Ground.ACCESS_LOG) & (Q(Exists(seen)) | Q(Exists(own)))


def lock_all() -> None:
    """From here on nobody places or lifts a hold until the transaction ends: a month of the log is about anybody."""
    with connection.cursor() as cursor:
        cursor.execute(f"LOCK TABLE {LegalHold._meta.db_table} IN SHARE MODE")


def lock_people(numbers: Iterable[UUID | None]) -> None:
    """From here on nobody gives a consent in these people's name, places a hold on them, or destroys what is theirs.

    They are locked in the order of their numbers, so that two who lock the same people never wait for each other.
    """
    members = Member.objects.filter(pk__in={number for number in numbers if number is not None})
    list(members.select_for_update(of=("self",), no_key=True).order_by("pk").values_list("pk"))
