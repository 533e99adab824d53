"""What the stand-in remembers, in the cache: codes good once, tokens, and grants that a deletion ends."""

from __future__ import annotations

import secrets
from hashlib import sha256

from django.core.cache import cache

CODE_SECONDS = 600
ACCESS_SECONDS = 3600
GRANT_SECONDS = 7 * 24 * 3600


def new_code(person: str) -> str:
    return _keep("code", person, CODE_SECONDS)


def use_code(code: str) -> str | None:
    """The person who agreed; once."""
    person = _kept("code", code)
    return person if cache.delete(_name("code", code)) else None


def new_grant(person: str) -> tuple[str, str]:
    """An access token and a refresh token for a person."""
    grant = _keep("grant", person, GRANT_SECONDS)
    return _keep("access", grant, ACCESS_SECONDS), _keep("refresh", grant, GRANT_SECONDS)


def new_access(refresh_token: str) -> str | None:
    """A fresh access token, while the grant lives."""
    grant = _kept("refresh", refresh_token)
    return _keep("access", grant, ACCESS_SECONDS) if grant and _kept("grant", grant) else None


def person_of(access_token: str) -> str | None:
    grant = _kept("access", access_token)
    return _kept("grant", grant) if grant else None


def end_grant(access_token: str) -> None:
    """End everything given out with this token. Of a dead token it does nothing, and says nothing."""
    if grant := _kept("access", access_token):
        cache.delete(_name("grant", grant))


def _keep(kind: str, value: str, seconds: int) -> str:
    key = secrets.token_urlsafe(32)
    cache.set(_name(kind, key), value, seconds)
    return key


def _kept(kind: str, key: str) -> str | None:
    found: str | None = cache.get(_name(kind, key)) if key else None
    return found


def _name(kind: str, key: str) -> str:
    return f"naver-standin:{kind}:{sha256(key.encode()).hexdigest()}"
