"""What time it is. Every room asks here, so that demo data and imports can be made as of an earlier day."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import date, datetime, time

from django.utils import timezone

_pretended: ContextVar[datetime | None] = ContextVar("pretended", default=None)


def now() -> datetime:
    """The present moment, in UTC."""
    return _pretended.get() or timezone.now()


def beginning_of(day: date) -> datetime:
    """Midnight, in Asia/Seoul, at which `day` begins."""
    return timezone.make_aware(datetime.combine(day, time.min))


@contextmanager
def pretending(moment: datetime) -> Iterator[None]:
    """Let `now` give `moment` within the block."""
    token = _pretended.set(moment)
    try:
        yield
    finally:
        _pretended.reset(token)
