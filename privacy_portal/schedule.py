"""What the background worker does again and again, and how often. Each task may be repeated without harm."""

from __future__ import annotations

from datetime import timedelta

from django.conf import settings

SCHEDULE: dict[str, timedelta] = {
    "privacy_portal.outbox.mail.deliver_due": timedelta(minutes=1),
    "privacy_portal.vault.destruction_list.write_due": timedelta(minutes=1),
    "privacy_portal.audit.closing.close_all": timedelta(minutes=settings.LEDGER_MINUTES),
    "privacy_portal.outbox.housekeeping.take_up_interrupted": timedelta(minutes=15),
    "members.changing_address.end_expired": timedelta(hours=1),
    "members.representatives.lapsing.destroy_unconfirmed": timedelta(minutes=5),
    "consents.expiry.expire_due": timedelta(hours=1),
    "consents.tallies.count_days": timedelta(minutes=15),
    "consents.telling.remind_lapsing": timedelta(days=1),
    "members.naver.waiting.destroy_old": timedelta(minutes=5),
    "members.naver.unlinking.tell_due": timedelta(minutes=5),
    "requests.deciding.finish_settled": timedelta(hours=1),
    "requests.packages.destroy_expired": timedelta(hours=1),
    "requests.copies.making.take_up_silent": timedelta(minutes=1),
    "requests.copies.ending.destroy_expired": timedelta(minutes=5),
    "requests.drafting.destroy_old": timedelta(days=1),
    "requests.digest.send": timedelta(days=1),
    "privacy_portal.retention.complaints.keep_finished": timedelta(days=1),
    "privacy_portal.retention.jobs.propose_due": timedelta(days=1),
    "privacy_portal.retention.jobs.destroy_approved": timedelta(minutes=5),
    "privacy_portal.retention.jobs.count": timedelta(hours=1),
    "privacy_portal.audit.removing.remove_destroyed": timedelta(hours=1),
    "privacy_portal.audit.verification.verify_daily": timedelta(days=1),
    "privacy_portal.vault.sweeping.sweep_files": timedelta(days=1),
    "privacy_portal.outbox.housekeeping.forget_finished": timedelta(days=1),
}
