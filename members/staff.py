"""Accounts of the company's own people."""

from __future__ import annotations

import uuid

from allauth.account.models import EmailAddress
from django.contrib.auth.models import Group
from django.db import transaction

from privacy_portal.actors import Actor
from privacy_portal.audit.history import save_as
from privacy_portal.policy.values import normal_email
from privacy_portal.vault.keys import make_data_key
from privacy_portal.vault.models import DataKey

from .addresses import alias_of
from .models import Account

PRIVACY_OFFICER, SUPPORT_AGENT, AUDITOR = "Privacy officer", "Support agent", "Auditor"


@transaction.atomic
def add_staff(
    email: str, *, name: str, password: str, groups: list[str], actor: Actor, is_superuser: bool = False
) -> Account:
    """Make a staff account in `groups`, its address taken as verified. Raises `PortalError` on a bad address."""
    email, account_id = normal_email(email), uuid.uuid4()
    account = Account(
        id=account_id,
        alias=alias_of(email),
        data_key=make_data_key(DataKey.Ground.STAFF, account_id, subject_id=None, items=["email"]),
        email=email,
        staff_name=name,
        is_staff=True,
        is_superuser=is_superuser,
    )
    account.set_password(password)
    save_as(actor, account, reason="staff account", force_insert=True)
    account.groups.set(Group.objects.filter(name__in=groups))
    EmailAddress.objects.create(user=account, email=account.alias, primary=True, verified=True)
    return account
