"""The public keys that signatures are verified with.

They are read from a file outside the database: whoever can change the database could put keys of their own there.
Format (JSON), as `manage.py export_ledger_keys` writes it: {"public_keys": {"2026-11-25-4f9a12": "<32 bytes, base64>"}}
"""

from __future__ import annotations

import base64
import binascii
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from .problems import LedgerError

KEY_BYTES = 32


class PublicKeys:
    """Public keys by their id."""

    def __init__(self, raw: dict[str, bytes]) -> None:
        self.raw = raw
        self._keys = {key_id: Ed25519PublicKey.from_public_bytes(key) for key_id, key in raw.items()}

    def __contains__(self, key_id: object) -> bool:
        return key_id in self._keys

    def fits(self, key_id: str, signature: bytes, signed: bytes) -> bool:
        """Whether `signature` was made over `signed` with the private half of a key."""
        try:
            self._keys[key_id].verify(signature, signed)
        except (InvalidSignature, KeyError):
            return False
        return True

    def as_text(self) -> str:
        """What an auditor is given."""
        return json.dumps({"public_keys": encoded(self.raw)}, indent=2) + "\n"


def read_public_keys(path: str | Path) -> PublicKeys:
    """Raises `LedgerError`, naming the file and what is wrong with it."""
    try:
        content = json.loads(Path(path).read_bytes())
        return PublicKeys(decoded(content["public_keys"]))
    except OSError as error:
        raise LedgerError(f"The public keys {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LedgerError(f"{path} does not hold public keys as export_ledger_keys writes them.") from None


def encoded(keys: dict[str, bytes]) -> dict[str, str]:
    return {key_id: base64.b64encode(key).decode() for key_id, key in keys.items()}


def decoded(keys: dict[str, str]) -> dict[str, bytes]:
    """Raises `ValueError` where one is no key."""
    raw = {key_id: base64.b64decode(key, validate=True) for key_id, key in keys.items()}
    if any(len(key) != KEY_BYTES for key in raw.values()):
        raise binascii.Error("wrong length")
    return raw
