"""Style, types, migrations and the deployment checks, one after the other; all are run, any failure fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from privacy_portal.audit import signing
from privacy_portal.vault import keyring

BIN = Path(sys.executable).parent
CHECKS = {
    "ruff": [f"{BIN}/ruff", "check", "."],
    "ruff format": [f"{BIN}/ruff", "format", "--check", "."],
    "mypy": [f"{BIN}/mypy", "."],
    "migrations": [sys.executable, "manage.py", "makemigrations", "--check", "--dry-run"],
    "deployment": [sys.executable, "manage.py", "check", "--deploy", "--fail-level", "WARNING"],
}


def main() -> int:
    with tempfile.TemporaryDirectory() as folder:
        ring = Path(folder) / "keyring.json"
        keyring.create(ring)
        signing_keys = Path(folder) / "ledger-signing.json"
        signing.create(signing_keys)
        receipt_keys = Path(folder) / "receipt-signing.json"
        signing.create(receipt_keys)
        production = {
            **os.environ,
            "PORTAL_ENV": "production",
            "SECRET_KEY": "only-for-this-check-" + "0123456789abcdefghijklmnopqrstuvwxyz" * 2,
            "VAULT_KEYRING": str(ring),
            "LEDGER_SIGNING_KEYS": str(signing_keys),
            "RECEIPT_SIGNING_KEYS": str(receipt_keys),
            "COMPANY_ADDRESS": "1 Cloud Road, Seoul",
            "COMPANY_PRIVACY_CONTACT": "Privacy team",
            "COMPANY_PRIVACY_EMAIL": "privacy@cloud.example",
            "COMPANY_PRIVACY_PHONE": "02-555-0101",
            "LEDGER_ANCHORS": str(Path(folder) / "ledger-anchors.log"),
            "BASE_URL": "https://privacy.cloud.example",
            "ALLOWED_HOSTS": "privacy.cloud.example",
            "DJANGO_SETTINGS_MODULE": "privacy_portal.settings",
        }
        failed = [name for name, command in CHECKS.items() if not passes(name, command, production)]
    print(f"\nFailed: {', '.join(failed)}" if failed else "\nAll checks passed.")
    return 1 if failed else 0


def passes(name: str, command: list[str], environment: dict[str, str]) -> bool:
    print(f"== {name}", flush=True)
    return subprocess.call(command, env=environment) == 0


if __name__ == "__main__":
    sys.exit(main())
