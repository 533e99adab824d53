"""Documents as pictures, one page at a time: made in memory, so that no clear file lies anywhere."""

from __future__ import annotations

from django.conf import settings

from privacy_portal.vault.files import SealedFile

from .intake.refusals import refusal
from .parsers import running
from .parsers.work import Answer, Refused


def preview(document_file: SealedFile, page: int) -> bytes:
    """A page, counted from 1, as a PNG of bounded size. Whoever is shown it is on the record for it.

    Raises `PortalError` (`no_such_page`, `unreadable`, or of the store), and what opening a sealed file raises.
    """
    with document_file.open() as file:
        return _rendered(file.read(), page)[1]


def page_count(document_file: SealedFile) -> int:
    """How many pages there are to preview."""
    with document_file.open_unseen() as file:
        return _rendered(file.read(), 1)[0].pages


def _rendered(content: bytes, page: int) -> tuple[Answer, bytes]:
    try:
        return running.run("render", content, page=page, edge=settings.PREVIEW_EDGE)
    except Refused as refused:
        raise refusal(refused.code) from None
