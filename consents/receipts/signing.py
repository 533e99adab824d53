"""Receipts signed so that whoever holds one can prove it: JSON Web Signature (RFC 7515), EdDSA with Ed25519 (RFC 8037).

The key lies in a file of its own, of the same kind as the ledger's (`privacy_portal.audit.signing`). When it rotates
its private half is forgotten and its public half stays, so that older receipts can be verified as before.
"""

from __future__ import annotations

import json
from typing import Any

from django.conf import settings

from privacy_portal.audit import signing

from .jws import encoded


def signed(content: bytes, media_type: str) -> str:
    """`content` in the compact form of a JWS. The same content under the same key gives the same text."""
    keys = signing.load(settings.RECEIPT_SIGNING_KEYS)
    header = {"alg": "EdDSA", "cty": media_type.removeprefix("application/"), "kid": keys.active}
    protected = encoded(json.dumps(header, separators=(",", ":"), sort_keys=True).encode())
    to_sign = f"{protected}.{encoded(content)}"
    return f"{to_sign}.{encoded(keys.sign(to_sign.encode()))}"


def flattened(compact: str) -> dict[str, str]:
    """The same signature in the flattened JSON form."""
    protected, payload, signature = compact.split(".")
    return {"payload": payload, "protected": protected, "signature": signature}


def public_keys() -> dict[str, Any]:
    """The keys that receipts are verified with, those given up included, as a JWK Set (RFC 7517)."""
    keys = signing.load(settings.RECEIPT_SIGNING_KEYS).public_keys.raw
    return {
        "keys": [
            {"alg": "EdDSA", "crv": "Ed25519", "kid": key_id, "kty": "OKP", "use": "sig", "x": encoded(key)}
            for key_id, key in keys.items()
        ]
    }
