"""E-mails: posted inside the transaction they belong to, sent afterwards by the background worker."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID

import structlog
from django.core.mail import EmailMessage
from django.db import transaction
from django_tasks import task

from privacy_portal.actors import Actor
from privacy_portal.clock import now
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .models import Mail

log = structlog.get_logger()

# After a failure the next attempt waits twice as long as the one before, up to a day; then it is given up.
FIRST_WAIT = timedelta(minutes=1)
ATTEMPTS = 12


def post(*, to: str, subject: str, text: str, data_key: DataKey) -> Mail:
    """Put an e-mail into the outbox. It is sent once the surrounding transaction has been committed."""
    mail = Mail.objects.create(to=to, subject=subject, text=text, data_key=data_key)
    deliver.enqueue(str(mail.pk))
    return mail


def post_last(*, to: str, subject: str, text: str, ground: DataKey.Ground, ground_id: UUID) -> Mail:
    """Post an e-mail about a ground that has ended, to whoever it was: sealed under a key that dies once it is sent.

    Call it after the ground's own keys were destroyed.
    """
    key = make_data_key(ground, ground_id, subject_id=ground_id, items=["email"])
    mail = Mail.objects.create(to=to, subject=subject, text=text, data_key=key, key_is_its_own=True)
    deliver.enqueue(str(mail.pk))
    return mail


@task()
def deliver(mail_id: str) -> None:
    """Send one e-mail. It is claimed first, so two workers never send it twice."""
    with transaction.atomic():
        waiting = Mail.objects.select_for_update(skip_locked=True, of=("self",)).select_related("data_key")
        mail = waiting.filter(pk=UUID(mail_id), ended_at__isnull=True).first()
        if mail is None:
            return
        if mail.data_key.is_destroyed:
            _end(mail)
            return
        message = EmailMessage(mail.subject.open_unseen(), mail.text.open_unseen(), to=[mail.to.open_unseen()])
        try:
            message.send()
        except OSError as error:  # smtplib's errors are OSErrors; the text of one may name the address
            log.warning("mail_not_sent", mail=mail_id, attempt=mail.attempts + 1, error=type(error).__name__)
            _try_later(mail)
        else:
            _end(mail)


@task()
def deliver_due() -> None:
    """Try again what failed before; run by the schedule."""
    for mail_id in Mail.objects.filter(ended_at__isnull=True, due_at__lte=now()).values_list("pk", flat=True):
        deliver.call(str(mail_id))


def _try_later(mail: Mail) -> None:
    mail.attempts += 1
    if mail.attempts >= ATTEMPTS:
        _end(mail)
        return
    mail.due_at = now() + min(FIRST_WAIT * 2**mail.attempts, timedelta(days=1))
    mail.save(update_fields=["attempts", "due_at"])


def _end(mail: Mail) -> None:
    mail.to = mail.subject = mail.text = None
    mail.ended_at = now()
    mail.save(update_fields=["to", "subject", "text", "ended_at"])
    if mail.key_is_its_own:
        destroy_key(mail.data_key_id, because="mail.ended", actor=Actor.system("deliver_mail"))
