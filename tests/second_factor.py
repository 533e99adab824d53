"""Second factors in tests: an app and its codes, and sessions that have passed one."""

from __future__ import annotations

import time

from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.core.cache import cache
from django.test import Client

from members.models import Account
from members.second_factor import factors
from privacy_portal.serving.code import code_at
from tests.factories import SYSTEM


def shows_it(client: Client, account: Account, *, ago: float = 0) -> None:
    """Let the session be of somebody who showed their second factor `ago` seconds ago, for the second time."""
    session = client.session
    session[AUTHENTICATION_METHODS_SESSION_KEY] = [
        {"method": "mfa", "type": "totp", "at": time.time() - ago, "reauthenticated": True}
    ]
    session[f"{AUTHENTICATION_METHODS_SESSION_KEY}_user"] = str(account.pk)
    session.save()


def an_app(account: Account) -> str:
    """The secret of the account's authenticator app, which it is given if it has none."""
    return factors.app_secret(account) or factors.set_up_app(account, actor=SYSTEM)


def code_of(account: Account) -> str:
    """What the account's app shows now; a code that was used already may be used again."""
    code = code_at(an_app(account), time.time())
    cache.delete(f"allauth.mfa.totp.used?user={account.pk}&code={code}")
    return code
