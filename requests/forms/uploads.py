"""Files that came with a form, judged one by one before anything of them is kept."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.utils.datastructures import MultiValueDict

from privacy_portal.errors import PortalError
from requests.documents import Attachment
from requests.intake import judge, why_not_another


def field_of(item: str) -> str:
    """The name of the file field of a document."""
    return f"file_{item}"


def judged(
    files: MultiValueDict[str, Any], items: Iterable[str], *, held: int
) -> tuple[list[Attachment], dict[str, Any]]:
    """The files that may be taken, and for each item whose file may not be, the sentence that says why.

    `held` documents are there already. Judging takes seconds: call it before a transaction begins.
    """
    taken: list[Attachment] = []
    refused: dict[str, Any] = {}
    for item in items:
        for file in files.getlist(field_of(item)):
            try:
                if refusal := why_not_another(held + len(taken)):
                    raise refusal
                taken.append(Attachment(item, judge(file, name=file.name or "", item=item)))
            except PortalError as error:
                refused[item] = error.sentence
    return taken, refused
