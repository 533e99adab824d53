"""The zip as it is written: file after file, each in parts, none ever whole in memory."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, Any
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.utils import timezone

from privacy_portal.clock import now

from .format import FIRST_LINE, LAST_LINE

Write = Callable[[bytes], object]


class Archive:
    """`files` are what has been written so far: name, size and SHA-256 of each, as the manifest names them."""

    def __init__(self, file: IO[bytes]) -> None:
        self._zip = ZipFile(file, "w", ZIP_DEFLATED)
        self._made = timezone.localtime(now()).timetuple()[:6]
        self.files: list[dict[str, Any]] = []

    @contextmanager
    def writing(self, name: str) -> Iterator[Write]:
        """Within the block, write the parts of one file."""
        info = ZipInfo(name, date_time=self._made)  # type: ignore[arg-type]
        info.compress_type, info.external_attr = ZIP_DEFLATED, 0o644 << 16
        digest, size = hashlib.sha256(), 0
        with self._zip.open(info, "w", force_zip64=True) as entry:

            def write(part: bytes) -> None:
                nonlocal size
                entry.write(part)
                digest.update(part)
                size += len(part)

            yield write
        self.files.append({"name": name, "size": size, "sha256": digest.hexdigest()})

    @contextmanager
    def writing_rows(self, name: str) -> Iterator[Callable[[Any], None]]:
        """The same for rows: JSON that is one list, with one row a line."""
        with self.writing(name) as write:
            write(FIRST_LINE)
            between = b""

            def add(row: Any) -> None:
                nonlocal between
                write(between + json.dumps(row, ensure_ascii=False, default=str).encode())
                between = b",\n"

            yield add
            write(b"\n" * bool(between) + LAST_LINE)

    def add(self, name: str, content: bytes) -> None:
        with self.writing(name) as write:
            write(content)

    def close(self) -> None:
        self._zip.close()
