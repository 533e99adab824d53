"""After a restore: payment methods that were removed must not stand again (K7)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from privacy_portal.actors import Actor
from privacy_portal.vault.endings import Ending
from privacy_portal.vault.models import DataKey

from ..models import PaymentMethod
from .removing import end


def standing(endings: Sequence[Ending]) -> list[Ending]:
    """The endings among these that the database does not know of."""
    numbers = {ending.ground_id for ending in endings}
    living = PaymentMethod.objects.filter(pk__in=numbers, ended_at__isnull=True)
    stands = {*living.values_list("pk", flat=True)}
    return [ending for ending in endings if ending.ground_id in stands]


def end_again(ending: Ending, actor: Actor) -> None:
    end(ending.ground_id, because=ending.because, actor=actor)


def on_record() -> Iterator[Ending]:
    """Every ending there was. Why is said by the history and the destruction record; the list needs that it ended."""
    ended = PaymentMethod.objects.filter(ended_at__isnull=False).order_by("ended_at", "pk")
    for number, at in ended.values_list("pk", "ended_at").iterator():
        assert at is not None  # noqa: S101
        yield Ending(DataKey.Ground.PAYMENT_METHOD, number, "payment_method.removed", at)
