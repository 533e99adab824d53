"""Authenticated encryption of one value: AES-256-GCM, bound to the place where the value belongs.

An envelope is: one byte of format version (1), twelve bytes of random nonce, ciphertext with its tag.
"""

from __future__ import annotations

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from .errors import DoesNotOpen

VERSION = b"\x01"
NONCE_BYTES = 12
KEY_BYTES = 32


def new_key() -> bytes:
    return AESGCM.generate_key(KEY_BYTES * 8)


def seal(key: bytes, plain: bytes, *, place: str) -> bytes:
    """Encrypt `plain` so that it opens only with `key` and only as the value of `place`."""
    nonce = os.urandom(NONCE_BYTES)
    return VERSION + nonce + AESGCM(key).encrypt(nonce, plain, place.encode())


def open_(key: bytes, envelope: bytes, *, place: str) -> bytes:
    """Decrypt an envelope. Raises `DoesNotOpen` when it was altered, moved, or sealed with another key."""
    if envelope[:1] != VERSION or len(envelope) < 1 + NONCE_BYTES + 16:
        raise DoesNotOpen(f"The sealed value of {place} has an unknown format.")
    nonce, body = envelope[1 : 1 + NONCE_BYTES], envelope[1 + NONCE_BYTES :]
    try:
        return AESGCM(key).decrypt(nonce, body, place.encode())
    except InvalidTag:
        raise DoesNotOpen(
            f"The sealed value of {place} does not open: it was changed, belongs to another place, or the key is wrong."
        ) from None
