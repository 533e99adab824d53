"""Verifying a signed receipt offline: needs Python and the package `cryptography` only, and no portal."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class NotVerified(Exception):
    """The receipt is not what the holder of a public key signed; the sentence says what is wrong."""


@dataclass(frozen=True)
class Verified:
    """What was signed, byte by byte, and with which key."""

    content: bytes
    key_id: str


def verified(text: str, keys: Mapping[str, Any]) -> Verified:
    """What a signed receipt says, in the compact or the flattened form, by the keys of a JWK Set.

    Raises `NotVerified`. Only EdDSA with Ed25519 is believed, whatever the receipt says of itself.
    """
    protected, payload, signature = _parts(text.strip())
    header = _header(protected)
    key_id = str(header.get("kid"))
    key = _public_keys(keys).get(key_id)
    if key is None:
        raise NotVerified(f"The receipt is signed with the key {key_id}, which is not among the public keys.")
    try:
        key.verify(decoded(signature), f"{protected}.{payload}".encode())
        return Verified(decoded(payload), key_id)
    except (InvalidSignature, ValueError):
        raise NotVerified("The signature does not fit: the receipt was changed, or somebody else signed it.") from None


def encoded(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()


def decoded(text: str) -> bytes:
    """Raises `ValueError` for anything but the one way to write these bytes: no two receipts have one signature."""
    content = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if encoded(content) != text:
        raise binascii.Error("not in the one form of base64url")
    return content


def _parts(text: str) -> tuple[str, str, str]:
    try:
        if text.startswith("{"):
            fields = json.loads(text)
            protected, payload, signature = (fields[name] for name in ("protected", "payload", "signature"))
            return str(protected), str(payload), str(signature)
        protected, payload, signature = text.split(".")
    except (ValueError, KeyError, TypeError):
        raise NotVerified("This is no signed receipt.") from None
    return protected, payload, signature


def _header(protected: str) -> dict[str, Any]:
    try:
        header = json.loads(decoded(protected))
        if header["alg"] != "EdDSA" or "crit" in header:
            raise NotVerified("The receipt is signed in a way that the portal does not sign.")
    except (ValueError, KeyError, TypeError):
        raise NotVerified("This is no signed receipt.") from None
    return dict(header)


def _public_keys(keys: Mapping[str, Any]) -> dict[str, Ed25519PublicKey]:
    try:
        return {
            str(key["kid"]): Ed25519PublicKey.from_public_bytes(decoded(key["x"]))
            for key in keys["keys"]
            if key["kty"] == "OKP" and key["crv"] == "Ed25519"
        }
    except (ValueError, KeyError, TypeError):
        raise NotVerified("The public keys are no JWK Set.") from None
