"""The key that signs checkpoints: a small file, kept outside the database and its dumps. So is the one of receipts.

Only the newest private key is kept. When it rotates, the old one is forgotten, so that nobody can sign with it any
more, and its public half stays: what it signed can be verified for ever. Format (JSON, mode 0600):

    {"active": "2026-11-25-4f9a12", "private_key": "<32 bytes, base64>",
     "public_keys": {"2026-11-25-4f9a12": "<32 bytes, base64>"}}

Make a new file with: python -m privacy_portal.audit.signing PATH
"""

from __future__ import annotations

import argparse
import base64
import json
import secrets
import stat
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from privacy_portal.private_files import write_privately

from .ledger.keys import KEY_BYTES, PublicKeys, decoded, encoded, read_public_keys
from .ledger.problems import LedgerError


@dataclass(frozen=True)
class SigningKeys:
    path: Path
    active: str
    private_key: Ed25519PrivateKey
    public_keys: PublicKeys

    def sign(self, statement: bytes) -> bytes:
        return self.private_key.sign(statement)

    def rotated(self) -> SigningKeys:
        """The file with a new key to sign with, as it now stands on disk; the old private key is forgotten."""
        return _write(self.path, self.public_keys.raw)


def load(path: str | Path) -> SigningKeys:
    """Raises `LedgerError`, naming the file and what is wrong with it."""
    path = Path(path)
    try:
        if path.stat().st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise LedgerError(f"The signing keys {path} can be read by others. Set the file's mode to 0600.")
        content = json.loads(path.read_bytes())
        private = base64.b64decode(content["private_key"], validate=True)
        keys = SigningKeys(
            path,
            str(content["active"]),
            Ed25519PrivateKey.from_private_bytes(private),
            PublicKeys(decoded(content["public_keys"])),
        )
    except OSError as error:
        raise LedgerError(f"The signing keys {path} cannot be read: {error.strerror}.") from error
    except (ValueError, KeyError, TypeError, AttributeError):
        raise LedgerError(f"The signing keys {path} are not in the format this portal writes.") from None
    if keys.public_keys.raw.get(keys.active) != keys.private_key.public_key().public_bytes_raw():
        raise LedgerError(f"The signing keys {path} do not hold the public half of the key they sign with.")
    return keys


def create(path: str | Path, *, after: PublicKeys | None = None) -> SigningKeys:
    """Make a new file with one key, and with the public keys of a file that was lost if `after` is given."""
    path = Path(path)
    if path.exists():
        raise LedgerError(f"{path} exists already; it is not replaced.")
    return _write(path, after.raw if after else {})


def _write(path: Path, public_keys: dict[str, bytes]) -> SigningKeys:
    key_id = f"{datetime.now(ZoneInfo('Asia/Seoul')):%Y-%m-%d}-{secrets.token_hex(3)}"
    private = Ed25519PrivateKey.from_private_bytes(secrets.token_bytes(KEY_BYTES))
    public_keys = {**public_keys, key_id: private.public_key().public_bytes_raw()}
    content = {
        "active": key_id,
        "private_key": base64.b64encode(private.private_bytes_raw()).decode(),
        "public_keys": encoded(public_keys),
    }
    write_privately(path, json.dumps(content, indent=2))
    return SigningKeys(path, key_id, private, PublicKeys(public_keys))


def main(arguments: list[str]) -> str:
    parser = argparse.ArgumentParser(
        prog="python -m privacy_portal.audit.signing",
        description="Makes a new file of keys that sign the ledger, or receipts.",
    )
    parser.add_argument("path", metavar="PATH")
    parser.add_argument(
        "--after", metavar="FILE", help="exported public keys of a file that was lost, to be verified with as before"
    )
    options = parser.parse_args(arguments)
    keys = create(options.path, after=read_public_keys(options.after) if options.after else None)
    return f"Made {keys.path} with the key {keys.active}. Keep it out of database dumps."


if __name__ == "__main__":
    try:
        print(main(sys.argv[1:]))
    except (LedgerError, OSError) as problem:
        sys.exit(str(problem))
