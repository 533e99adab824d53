"""A service's key as it is sent, `<prefix>.<secret>`: made once, kept as a digest, recognised in constant time."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta
from hashlib import sha256

from django.db.models import Q

from .models import ServiceKey

# Without letters and digits that are mistaken for one another.
PREFIX_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
PREFIX_LENGTH = 12
SECRET_BYTES = 32
LONGEST_TOKEN = 100
NO_DIGEST = bytes(32)
COARSE = timedelta(minutes=1)


def new_prefix() -> str:
    return "".join(secrets.choice(PREFIX_LETTERS) for _letter in range(PREFIX_LENGTH))


def new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


def digest_of(secret: str) -> bytes:
    return sha256(secret.encode()).digest()


def recognised(token: str, *, at: datetime) -> ServiceKey | None:
    """The valid key, of a service that may call, that `token` is; None for any other, without saying which is wrong."""
    prefix, dot, secret = token.partition(".")
    # The header is decoded as Latin-1; what is no ASCII is no key, and no text for the database either.
    if not dot or len(token) > LONGEST_TOKEN or not token.isascii() or not prefix.isalnum():
        return None
    key = ServiceKey.objects.select_related("client").filter(prefix=prefix).first()
    is_it = secrets.compare_digest(bytes(key.secret_digest) if key else NO_DIGEST, digest_of(secret))
    if key is None or not is_it or not key.is_valid_at(at) or not key.client.is_active:
        return None
    return key


def note_use(key: ServiceKey, *, at: datetime) -> None:
    """Note that the key was used, once a minute at most, however many calls use it at once."""
    if key.last_used_at is not None and key.last_used_at > at - COARSE:
        return
    unused = Q(last_used_at__isnull=True) | Q(last_used_at__lte=at - COARSE)
    ServiceKey.objects.filter(unused, pk=key.pk).update(last_used_at=at)
