"""Sessions as the database holds them: their content sealed, their key only as a digest.

A session holds what must not lie in a dump: a second factor that is being set up, who is signing in, keyed indexes of
searches. It is sealed under a key derived from SECRET_KEY and bound to its row, so that nobody who can write to the
table makes another's session their own; and since the row is named by a digest, a dump gives no living session away.
"""

from __future__ import annotations

import base64
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.sessions.backends import db
from django.contrib.sessions.base_session import AbstractBaseSession
from django.utils.crypto import salted_hmac

from privacy_portal.vault import envelope
from privacy_portal.vault.errors import DoesNotOpen

SALT = "privacy_portal.sealed_sessions"
DIGEST_LENGTH = 40  # as long as the table's key


def row_of(session_key: str) -> str:
    """The key of a session's row. The session's own key is long and random, so a plain digest hides it."""
    return hashlib.sha256(session_key.encode()).hexdigest()[:DIGEST_LENGTH]


class SessionStore(db.SessionStore):
    """Django's store in the database, sealed. The portal has no asynchronous pages: that half is not adapted."""

    def _get_session_from_db(self) -> AbstractBaseSession | None:
        key = self.session_key
        if key is not None:
            self._session_key = row_of(key)
            found: AbstractBaseSession | None = super()._get_session_from_db()  # type: ignore[misc]
            self._session_key = key if found else None
            return found
        return None

    def exists(self, session_key: str) -> bool:
        return super().exists(row_of(session_key))

    def delete(self, session_key: str | None = None) -> None:
        if key := session_key or self.session_key:
            super().delete(row_of(key))

    def create_model_instance(self, data: dict[str, Any]) -> AbstractBaseSession:
        row: AbstractBaseSession = super().create_model_instance(data)
        row.session_key = row_of(row.session_key)
        return row

    def encode(self, session_dict: dict[str, Any]) -> str:
        plain = self.serializer().dumps(session_dict)
        return base64.b64encode(envelope.seal(_key(settings.SECRET_KEY), plain, place=self._place())).decode()

    def decode(self, session_data: bytes | str) -> dict[str, Any]:
        """What was sealed; nothing where it is of another row, or of a secret key no longer known."""
        try:
            sealed = base64.b64decode(session_data)
        except ValueError:
            return {}
        for secret in (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS):
            try:
                opened: dict[str, Any] = self.serializer().loads(
                    envelope.open_(_key(secret), sealed, place=self._place())
                )
            except DoesNotOpen:
                continue
            return opened
        return {}

    def _place(self) -> str:
        return f"session:{self.session_key}"


def _key(secret: str) -> bytes:
    return salted_hmac(SALT, "", secret=secret, algorithm="sha256").digest()
