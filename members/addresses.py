"""E-mail addresses as identities: one alias per address, however it is written, and no address in clear."""

from __future__ import annotations

from privacy_portal.policy.values import normal_email
from privacy_portal.vault.blind_index import blind_index

from .models import Account

ALIAS_DOMAIN = "sealed.invalid"


def alias_of(address: str) -> str:
    """What stands for `address` where Django and allauth store one. Raises `PortalError` if it is not one."""
    return f"{blind_index('email', normal_email(address)).hex()}@{ALIAS_DOMAIN}"


def address_of(alias: str) -> str | None:
    """The real address behind an alias, to send mail to; None where nobody has it."""
    account = Account.objects.select_related("data_key").filter(alias=alias).first()
    return None if account is None or account.email.is_destroyed else account.email.open_unseen()


def account_with(address: str) -> Account | None:
    return Account.objects.filter(alias=alias_of(address)).first()
