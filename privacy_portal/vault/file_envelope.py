"""Authenticated encryption of a whole file, piece by piece: AES-256-GCM, bound to the place where the file belongs.

A sealed file is: one byte of format version (1), 32 random bytes, and the pieces: 64 KiB of plain bytes each (the
last one shorter), each with its tag. A key of the file's own is derived from the data key, the random bytes and the
place. A piece's nonce is its number and whether it is the last: a file that was cut, lengthened, reordered, or
exchanged for another, wholly or in part, does not open.
"""

from __future__ import annotations

import io
import os
from collections.abc import Callable, Iterator
from typing import Any, BinaryIO

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from .envelope import KEY_BYTES
from .errors import DoesNotOpen

VERSION = b"\x01"
SALT_BYTES = 32
PIECE_BYTES = 64 * 1024
TAG_BYTES = 16
HEADER_BYTES = len(VERSION) + SALT_BYTES
STEP = PIECE_BYTES + TAG_BYTES


def seal(plain: BinaryIO, *, key: bytes, place: str) -> BinaryIO:
    """A file to read once, from beginning to end: `plain` from where it stands, sealed. Holds two pieces at a time."""
    return io.BufferedReader(Stream(_sealed_pieces(plain, key, place)), buffer_size=STEP)


class OpenedFile(io.RawIOBase):
    """A sealed file, to read in clear anywhere in it. Holds one piece at a time.

    `read_at(start, length)` gives the sealed bytes. Raises `DoesNotOpen`: here where the file is not as long as it
    was made, and while it is read where it was changed.
    """

    def __init__(self, read_at: Callable[[int, int], bytes], sealed_size: int, *, key: bytes, place: str):
        super().__init__()
        self._read_at, self._place, self._position = read_at, place, 0
        body = sealed_size - HEADER_BYTES
        self._last = max(0, (body - 1) // STEP)
        self.size = body - (self._last + 1) * TAG_BYTES
        header = read_at(0, HEADER_BYTES)
        if self.size < 0 or header[:1] != VERSION:
            raise DoesNotOpen(f"The sealed file of {place} has an unknown format.")
        self._cipher = _cipher(key, header[1:], place)
        self._piece_number, self._piece = self._last, self._decrypted(self._last)

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        start = {os.SEEK_SET: 0, os.SEEK_CUR: self._position, os.SEEK_END: self.size}[whence]
        self._position = max(0, start + offset)
        return self._position

    def tell(self) -> int:
        return self._position

    def readinto(self, buffer: Any) -> int:
        number, start = divmod(self._position, PIECE_BYTES)
        if self._position >= self.size:
            return 0
        if number != self._piece_number:
            self._piece_number, self._piece = number, self._decrypted(number)
        found = self._piece[start : start + len(buffer)]
        buffer[: len(found)] = found
        self._position += len(found)
        return len(found)

    def _decrypted(self, number: int) -> bytes:
        sealed = self._read_at(HEADER_BYTES + number * STEP, STEP)
        try:
            return self._cipher.decrypt(_nonce(number, number == self._last), sealed, None)
        except (InvalidTag, ValueError):
            raise DoesNotOpen(
                f"The sealed file of {self._place} does not open: it was changed, belongs to another place, or the key "
                "is wrong."
            ) from None


class Stream(io.RawIOBase):
    """What a generator of bytes gives, none of them empty, as a file to read once."""

    def __init__(self, pieces: Iterator[bytes]):
        super().__init__()
        self._pieces, self._rest = pieces, b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self._rest = self._rest or next(self._pieces, b"")
        found, self._rest = self._rest[: len(buffer)], self._rest[len(buffer) :]
        buffer[: len(found)] = found
        return len(found)


def _sealed_pieces(plain: BinaryIO, key: bytes, place: str) -> Iterator[bytes]:
    salt = os.urandom(SALT_BYTES)
    yield VERSION + salt
    cipher = _cipher(key, salt, place)
    number, piece, last = 0, _piece(plain), False
    while not last:
        following = _piece(plain) if len(piece) == PIECE_BYTES else b""
        last = not following
        yield cipher.encrypt(_nonce(number, last), piece, None)
        number, piece = number + 1, following


def _piece(plain: BinaryIO) -> bytes:
    found = b""
    while len(found) < PIECE_BYTES and (more := plain.read(PIECE_BYTES - len(found))):
        found += more
    return found


def _cipher(key: bytes, salt: bytes, place: str) -> AESGCM:
    return AESGCM(HKDF(SHA256(), KEY_BYTES, salt, f"sealed file of {place}".encode()).derive(key))


def _nonce(number: int, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])
