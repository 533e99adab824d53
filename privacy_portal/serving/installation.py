"""The demo's own secrets: made once, kept under `var/`, read by the settings."""

from __future__ import annotations

import os
import secrets
from pathlib import Path

from privacy_portal.vault import keyring

from .progress import CannotServe


def make_secrets(var: Path) -> None:
    """Write `portal.env` and the keyring where they are missing."""
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


def write_privately(path: Path, text: str) -> None:
    """Write a file that only its owner can read. It is whole or not there, also after a crash."""
    aside = path.with_name(path.name + ".new")
    aside.unlink(missing_ok=True)
    descriptor = os.open(aside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(aside, path)
