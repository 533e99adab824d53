"""The bundle's report: one page that reads alone, without a network, a script or anything beside it.

Its sections are written aside while the data are, so that nothing is read twice; then the page is put together.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import Any

from django.template.loader import render_to_string

from privacy_portal.audit.sections import Section

from .archive import Write

BLOCK = 1 << 20
# A row as it is in the data, and its cells.
Told = tuple[dict[str, Any], list[str]]


class Report:
    def __init__(self) -> None:
        self._body = tempfile.TemporaryFile(prefix="evidence-report-")  # noqa: SIM115  (closed by `__exit__`)
        self._sections: list[tuple[Section, int]] = []

    def __enter__(self) -> Report:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._body.close()

    @contextmanager
    def section(self, section: Section, *, is_proven: bool) -> Iterator[Callable[[Sequence[Told]], None]]:
        """Within the block, tell the section's rows, some at a time."""
        count, context = 0, {"section": section, "is_proven": is_proven}

        def tell(told: Sequence[Told]) -> None:
            nonlocal count
            if not count:
                self._add("evidence/section.html", {**context, "has_rows": True})
            count += len(told)
            self._add(section.template, {**context, "lines": told})

        yield tell
        if not count:
            self._add("evidence/section.html", context)
        self._add("evidence/section_end.html", {**context, "has_rows": count})
        self._sections.append((section, count))

    def write(self, write: Write, facts: Mapping[str, Any]) -> None:
        """Write the whole page. `facts` are what its first lines say."""
        write(render_to_string("evidence/head.html", {**facts, "sections": self._sections}).encode())
        self._body.seek(0)
        while part := self._body.read(BLOCK):
            write(part)
        write(render_to_string("evidence/end.html").encode())

    def _add(self, template: str, context: Mapping[str, Any]) -> None:
        self._body.write(render_to_string(template, dict(context)).encode())
