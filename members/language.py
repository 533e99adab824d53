"""The language a person is spoken to, on pages and in e-mails."""

from __future__ import annotations

from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.policy.models import LANGUAGES

from .models import Account, Member


@transaction.atomic
def choose_language(account: Account, language: str, *, actor: Actor) -> None:
    """Remember the language somebody chose. An unknown one, or the one in use, changes nothing."""
    if language not in LANGUAGES or language == account.language:
        return
    account.language = language
    save_as(actor, account, reason="language", update_fields=["language"])
    for member in Member.objects.filter(account=account).select_for_update(of=("self",)):
        member.language = language
        save_as(actor, member, reason="language", update_fields=["language"])
