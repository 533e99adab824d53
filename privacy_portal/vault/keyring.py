"""The keyring: a small file, kept outside the database and its dumps, of the keys that wrap data keys.

Several keys may stand in it, so that keys rotate; one is active and wraps what is new. A key-management
service fits the same three methods: `wrap`, `unwrap`, `index_key`. Format (JSON, mode 0600):

    {"active": "2026-11-25-4f9a", "keys": {"2026-11-25-4f9a": "<32 bytes, base64>"}, "index_key": "<base64>"}

`index_key` keys the blind indexes; it does not rotate with the others, since indexes are compared.
Make a new file with: python -m privacy_portal.vault.keyring PATH
"""

from __future__ import annotations

import base64
import binascii
import json
import secrets
import stat
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from privacy_portal.private_files import write_privately

from . import envelope
from .errors import KeyringError


@dataclass(frozen=True)
class Keyring:
    path: Path
    active: str
    keys: dict[str, bytes]
    index_key: bytes

    def wrap(self, data_key: bytes, *, place: str) -> tuple[str, bytes]:
        """Encrypt a data key under the active key; returns that key's id and the wrapped bytes."""
        return self.active, envelope.seal(self.keys[self.active], data_key, place=place)

    def unwrap(self, key_id: str, wrapped: bytes, *, place: str) -> bytes:
        """Decrypt a data key. Raises `KeyringError` when `key_id` is not (or no longer) on this keyring."""
        if key_id not in self.keys:
            raise KeyringError(f"The keyring {self.path} holds no key {key_id!r}: it was retired, or never here.")
        return envelope.open_(self.keys[key_id], wrapped, place=place)

    # Changing the file. Each returns the keyring as it now stands on disk.
    def with_new_active_key(self) -> Keyring:
        key_id = _new_key_id()
        return _write(Keyring(self.path, key_id, self.keys | {key_id: envelope.new_key()}, self.index_key))

    def with_only_active_key(self) -> Keyring:
        return _write(Keyring(self.path, self.active, {self.active: self.keys[self.active]}, self.index_key))


_loaded: dict[Path, tuple[tuple[int, int, int], Keyring]] = {}


def load(path: str | Path) -> Keyring:
    """Read the keyring file; a file that has not changed since is not read again.

    Raises `KeyringError`, naming the file and what is wrong with it.
    """
    path = Path(path)
    try:
        status = path.stat()
        if status.st_mode & (stat.S_IRWXG | stat.S_IRWXO):
            raise KeyringError(f"The keyring {path} can be read by others. Set its mode to 0600.")
        version = (status.st_ino, status.st_mtime_ns, status.st_size)
        if path in _loaded and _loaded[path][0] == version:
            return _loaded[path][1]
        keyring = _parse(path, path.read_bytes())
    except OSError as error:
        raise KeyringError(f"The keyring {path} cannot be read: {error.strerror}.") from error
    _loaded[path] = (version, keyring)
    return keyring


def create(path: str | Path) -> Keyring:
    """Make a new keyring file with one key. Raises `KeyringError` if the file exists."""
    path = Path(path)
    if path.exists():
        raise KeyringError(f"{path} exists already; it is not replaced.")
    key_id = _new_key_id()
    return _write(Keyring(path, key_id, {key_id: envelope.new_key()}, envelope.new_key()))


def _parse(path: Path, text: bytes) -> Keyring:
    try:
        content = json.loads(text)
        keys = {key_id: base64.b64decode(key, validate=True) for key_id, key in content["keys"].items()}
        keyring = Keyring(path, str(content["active"]), keys, base64.b64decode(content["index_key"], validate=True))
    except (ValueError, KeyError, TypeError, AttributeError, binascii.Error):
        raise KeyringError(f"The keyring {path} is not in the format this portal writes.") from None
    if keyring.active not in keyring.keys:
        raise KeyringError(f"The keyring {path} names {keyring.active!r} as active but does not hold it.")
    if any(len(key) != envelope.KEY_BYTES for key in [*keys.values(), keyring.index_key]):
        raise KeyringError(f"The keyring {path} holds a key that is not {envelope.KEY_BYTES} bytes long.")
    return keyring


def _write(keyring: Keyring) -> Keyring:
    content = {
        "active": keyring.active,
        "keys": {key_id: base64.b64encode(key).decode() for key_id, key in keyring.keys.items()},
        "index_key": base64.b64encode(keyring.index_key).decode(),
    }
    write_privately(keyring.path, json.dumps(content, indent=2))
    return keyring


def _new_key_id() -> str:
    return f"{datetime.now(ZoneInfo('Asia/Seoul')):%Y-%m-%d}-{secrets.token_hex(3)}"


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("Usage: python -m privacy_portal.vault.keyring PATH")
    try:
        print(f"Made {sys.argv[1]} with the key {create(sys.argv[1]).active}. Keep it out of database dumps.")
    except (KeyringError, OSError) as error:
        sys.exit(str(error))
