"""What the background worker does again and again, and how often. Each task may be repeated without harm."""

from __future__ import annotations

from datetime import timedelta

SCHEDULE: dict[str, timedelta] = {
    "privacy_portal.outbox.mail.deliver_due": timedelta(minutes=1),
    "privacy_portal.outbox.housekeeping.take_up_interrupted": timedelta(minutes=15),
    "consents.expiry.expire_due": timedelta(hours=1),
    "consents.tallies.count_days": timedelta(minutes=15),
    "consents.telling.remind_lapsing": timedelta(days=1),
    "privacy_portal.outbox.housekeeping.forget_finished": timedelta(days=1),
}
