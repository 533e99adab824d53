"""What is in a copy, written as a zip part after part: nothing of it is ever whole in memory, or in clear on a disk.

README.txt, a CSV file a part, the files that go with a part in folders of their own, and data.json with every row once
more. docs/my_data.md says what the keys mean.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterable, Iterator
from typing import Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings
from django.template.loader import render_to_string
from django.utils import timezone, translation

from privacy_portal import portable
from privacy_portal.clock import now
from privacy_portal.errors import PortalError
from privacy_portal.policy.models import LANGUAGES
from privacy_portal.portable import Part, Row

from .models import DataCopy
from .spreadsheets import as_json, moment, table

FORMAT = "privacy-portal.my-data/1"
BLOCK = 1 << 16
# Told how many parts are done; called again and again.
Progress = Callable[[int], object]


def pieces_of(copy: DataCopy, progress: Progress) -> Iterator[bytes]:
    """The zip of a member, in pieces, in the language of the moment."""
    return _zipped(_files(copy, progress))


def _files(copy: DataCopy, progress: Progress) -> Iterator[tuple[str, Iterable[bytes]]]:
    person, parts, everything = copy.member_id, portable.parts(), _Kept()
    facts = {"format": FORMAT, "company": settings.COMPANY_NAME, "made_at": moment(now()), "member": str(person)}
    yield "README.txt", [_read_me(parts)]
    everything.write(as_json(facts).removesuffix("}"))
    for done, part in enumerate(parts):
        progress(done)
        everything.write(f',\n"{part.name}": [')
        rows = _told(part.rows(person), everything, lambda done=done: progress(done))  # type: ignore[misc]
        yield f"{part.name}.csv", table(list(part.columns), rows)
        everything.write("]")
        for path, open_file in part.files(person):
            progress(done)
            yield _opened(path, open_file)
    everything.write("}\n")
    yield "data.json", everything.read()


def _told(rows: Iterator[Row], everything: _Kept, progress: Callable[[], object]) -> Iterator[Row]:
    """The rows, each written to `everything` as it passes: so the two never differ, and each is read once."""
    between = "\n"
    for row in rows:
        everything.write(between + as_json(row))
        between = ",\n"
        progress()
        yield row


def _opened(path: str, open_file: portable.Opener) -> tuple[str, Iterable[bytes]]:
    try:
        return path, _blocks(open_file())
    except PortalError as error:
        if error.code != "file_missing":
            raise
        return f"{path}.missing.txt", [str(error.sentence).encode()]


def _blocks(file: Any) -> Iterator[bytes]:
    with file:
        while block := file.read(BLOCK):
            yield block


def _read_me(parts: list[Part]) -> bytes:
    """In both languages, the member's first."""
    first, texts = translation.get_language(), []
    told = [(part.name, part.title, list(part.columns.items())) for part in parts]
    for language in sorted(LANGUAGES, key=lambda one: one != first):
        with translation.override(language):
            context = {"parts": told, "company": settings.COMPANY_NAME}
            texts.append(render_to_string("requests/copies/readme.txt", context).strip())
    return "\n\n\n".join(texts).encode() + b"\n"


def _zipped(files: Iterable[tuple[str, Iterable[bytes]]]) -> Iterator[bytes]:
    """What a zip with these files consists of, as it comes about."""
    written, made = _Written(), timezone.localtime(now()).timetuple()[:6]
    with ZipFile(written, "w", ZIP_DEFLATED) as archive:  # type: ignore[call-overload]
        for name, parts in files:
            info = ZipInfo(name, date_time=made)  # type: ignore[arg-type]
            info.compress_type, info.external_attr = ZIP_DEFLATED, 0o600 << 16
            with archive.open(info, "w") as entry:
                for part in parts:
                    entry.write(part)
                    yield from written.taken()
    yield from written.taken()


class _Written:
    """Where the zip is written to: what has been written since it was last asked."""

    def __init__(self) -> None:
        self._pieces: list[bytes] = []

    def write(self, piece: bytes) -> int:
        self._pieces.append(bytes(piece))
        return len(piece)

    def flush(self) -> None:
        """There is nothing to wait for."""

    def taken(self) -> Iterator[bytes]:
        whole, self._pieces = b"".join(self._pieces), []
        if whole:
            yield whole


class _Kept:
    """Text that is kept, compressed, until its turn comes."""

    def __init__(self) -> None:
        self._deflater, self._pieces = zlib.compressobj(), list[bytes]()

    def write(self, text: str) -> None:
        if piece := self._deflater.compress(text.encode()):
            self._pieces.append(piece)

    def read(self) -> Iterator[bytes]:
        self._pieces.append(self._deflater.flush())
        inflater = zlib.decompressobj()
        yield from (inflater.decompress(piece) for piece in self._pieces)
