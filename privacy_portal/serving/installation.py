"""The demo's own secrets: made once, kept under `var/`, read by the settings."""

from __future__ import annotations

import secrets
from pathlib import Path

from privacy_portal.audit import signing
from privacy_portal.private_files import write_privately
from privacy_portal.vault import keyring

from .progress import CannotServe


def make_secrets(var: Path) -> None:
    """Write `portal.env`, the keyring and the signing keys where they are missing."""
    make_signing_keys(var)
    make_receipt_keys(var)
    environment, ring = var / "portal.env", var / "keyring.json"
    if environment.exists():
        if not ring.exists() and str(ring) in environment.read_text():
            raise CannotServe(
                f"{ring} is missing, and without it nothing that is stored can be read. "
                f"Put it back, or delete {var} to begin anew with an empty portal."
            )
        return
    if not ring.exists():
        keyring.create(ring)
    write_privately(
        environment,
        "# The demo's own settings, made by bin/serve. A real installation has no such file.\n"
        "PORTAL_ENV=demo\n"
        f"SECRET_KEY={secrets.token_urlsafe(64)}\n"
        f"VAULT_KEYRING={ring}\n",
    )


def make_signing_keys(var: Path) -> None:
    keys = var / "ledger-signing.json"
    if keys.exists():
        return
    if (var / "ledger-anchors.log").exists():
        raise CannotServe(
            f"{keys} is missing, and without it the ledger's signatures cannot be verified. Put it back, "
            f"or delete {var} to begin anew with an empty portal."
        )
    signing.create(keys)


def make_receipt_keys(var: Path) -> None:
    """Lost ones are made anew: receipts signed before then cannot be verified, but can be fetched again."""
    keys = var / "receipt-signing.json"
    if not keys.exists():
        signing.create(keys)
