"""The zip and its manifest: that what is in it is exactly what was signed. Whatever it holds, little memory is used."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from struct import error as StructError
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZIP_STORED, BadZipFile, ZipFile
from zlib import error as ZlibError

from privacy_portal.audit.ledger.keys import PublicKeys, decoded

from ..format import FIRST_LINE, FORMAT, KEYS, LAST_LINE, MANIFEST, NAMES, REPORT, SIGNATURE
from .findings import Findings, counted

MOST_FILES = 1_000
LARGEST_MANIFEST = 1_000_000
LARGEST_KEYS = 1_000_000
SIGNATURE_BYTES = 64
# All files together, unpacked: what a real bundle stays far below, and what does nobody harm.
MOST_BYTES = 20 * 2**30
LONGEST_LINE = 5_000_000
BLOCK = 1 << 20
# What Python's zip reader raises over archives that were damaged or made to harm.
DAMAGED = (BadZipFile, ZlibError, StructError, EOFError, OSError, RuntimeError, ValueError, OverflowError)
# What values that are not of the kind they must be come to.
MISSHAPEN = (ValueError, KeyError, TypeError, AttributeError, OverflowError, RecursionError)


class Unreadable(Exception):
    """There is no bundle to check; the sentence says why."""


class Doubtful(Exception):
    """What is read is not what it must be; the sentence says what."""


class Container:
    """An opened zip. `manifest` holds what the signature is over once `is_sound` has said yes."""

    def __init__(self, archive: ZipFile, findings: Findings) -> None:
        self._zip, self._findings = archive, findings
        self._infos = {info.filename: info for info in archive.infolist()}
        self.manifest: dict[str, Any] = {}
        self.keys = PublicKeys({})

    @property
    def names(self) -> list[str]:
        return [name for name in self._infos if name not in (MANIFEST, SIGNATURE)]

    def is_sound(self, keys: PublicKeys | None) -> bool:
        """Whether names, manifest, signature and every file are as they must be; tells what is not."""
        before = self._findings.doubts
        self._check_names()
        if self._findings.doubts == before:
            self._check_manifest(keys)
        if self._findings.doubts == before:
            self._check_files()
        return self._findings.doubts == before

    @contextmanager
    def opened(self, name: str) -> Iterator[IO[bytes]]:
        try:
            with self._zip.open(self._infos[name]) as file:
                yield file
        except KeyError:
            raise Doubtful(f"{name} is missing.") from None
        except DAMAGED as error:
            raise Doubtful(f"{name} is damaged: {error}.") from error

    def rows(self, name: str) -> Iterator[dict[str, Any]]:
        """The rows of a file of rows, one after the other."""
        with self.opened(name) as file:
            if file.readline(LONGEST_LINE) != FIRST_LINE:
                raise Doubtful(f"{name} is not in the format of a bundle.")
            while (line := file.readline(LONGEST_LINE)) != LAST_LINE:
                try:
                    row = json.loads(line.removesuffix(b"\n").removesuffix(b","))
                except (ValueError, RecursionError):
                    row = None
                if not isinstance(row, dict):
                    raise Doubtful(f"{name} is not in the format of a bundle.")
                yield row
            if file.read(1):
                raise Doubtful(f"{name} is not in the format of a bundle.")

    def _check_names(self) -> None:
        doubt, infos = self._findings.doubt, self._zip.infolist()
        if len(infos) > MOST_FILES:
            doubt(f"The zip holds {len(infos):,} files; no bundle has so many.")
            return
        for name, count in Counter(info.filename for info in infos).items():
            if count > 1:
                doubt(f"The zip holds {name!r} {count} times.")
        for info in infos:
            if info.filename not in (MANIFEST, SIGNATURE) and not NAMES.fullmatch(info.filename):
                doubt(f"The zip holds {info.filename!r}, which is no file of a bundle.")
            if info.flag_bits & 1 or info.compress_type not in (ZIP_STORED, ZIP_DEFLATED):
                doubt(f"{info.filename!r} is packed in a way that no bundle is.")
        for name in (MANIFEST, SIGNATURE, KEYS, REPORT):
            if name not in self._infos:
                doubt(f"{name} is missing.")
        if self._zip.comment:
            doubt("The zip carries a comment, which nobody signed.")

    def _check_manifest(self, given: PublicKeys | None) -> None:
        doubt = self._findings.doubt
        try:
            content, signature = self._small(MANIFEST, LARGEST_MANIFEST), self._small(SIGNATURE, SIGNATURE_BYTES)
            inside = PublicKeys(decoded(json.loads(self._small(KEYS, LARGEST_KEYS))["public_keys"]))
            manifest = json.loads(content)
            key, is_ours = str(manifest["key"]), manifest["format"] == FORMAT
        except Doubtful as error:
            doubt(str(error))
            return
        except MISSHAPEN:
            doubt("The manifest or the public keys are not in the format of a bundle.")
            return
        if not is_ours:
            doubt(f"The bundle is in another format than this tool checks ({FORMAT}).")
        for one in sorted(set(inside.raw) & set(given.raw if given else ())):
            if given and inside.raw[one] != given.raw[one]:
                doubt(f"The key {one} in the bundle is not the key of that name that you gave.")
        keys = given or inside
        if key not in keys:
            doubt(f"The manifest is signed with the key {key}, which is not among the public keys.")
        elif not keys.fits(key, signature, content):
            doubt("The manifest was changed: its signature does not fit.")
        self.manifest, self.keys = manifest, keys

    def _check_files(self) -> None:
        doubt = self._findings.doubt
        try:
            files = {str(one["name"]): (int(one["size"]), str(one["sha256"])) for one in self.manifest["files"]}
            is_listed_once = len(files) == len(self.manifest["files"])
        except MISSHAPEN:
            doubt("The manifest does not name its files as a bundle does.")
            return
        if not is_listed_once:
            doubt("The manifest names a file twice.")
        if sum(size for size, _digest in files.values()) > MOST_BYTES:
            doubt("The manifest names more data than any bundle holds.")
            return
        for name in sorted({*files} - {*self.names}):
            doubt(f"{name} is missing; the manifest names it.")
        for name in sorted({*self.names} - {*files}):
            doubt(f"{name} was added; the manifest does not name it.")
        for name, (size, digest) in files.items():
            if name in self._infos and not self._is_as_signed(name, size, digest):
                doubt(f"{name} was changed: it is not the file that the manifest names.")
        if not self._findings.doubts:
            self._findings.hold(f"{counted(len(files), 'file')} as signed with the key {self.manifest['key']}.")

    def _is_as_signed(self, name: str, size: int, digest: str) -> bool:
        found = hashlib.sha256()
        if self._infos[name].file_size != size:
            return False
        try:
            with self.opened(name) as file:
                while part := file.read(BLOCK):
                    found.update(part)
        except Doubtful:
            return False
        return found.hexdigest() == digest

    def _small(self, name: str, most: int) -> bytes:
        with self.opened(name) as file:
            content = file.read(most + 1)
        if len(content) > most:
            raise Doubtful(f"{name} is larger than that of any bundle.")
        return content
