"""Judging one uploaded file (D2, D7, D8)."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from typing import IO

from django.conf import settings
from django.utils.translation import gettext as _

from privacy_portal.errors import PortalError
from requests.parsers import running
from requests.parsers.work import Kind, Refused

from . import scanner
from .names import harmless
from .refusals import refusal

# Items whose copies must not show a full resident registration number: an ID card (D2), and the certificate of a
# personal seal, which prints the number too (D6).
COVERED_ITEMS = {"masked_id_copy", "personal_seal_certificate"}


@dataclass(frozen=True, kw_only=True)
class TakenFile:
    """A file that was taken, cleaned of all that does not show. It is nowhere but in memory.

    `name` is personal: people put their names into it. `sha256` is that of the cleaned content.
    """

    content: io.BytesIO
    kind: Kind
    name: str
    size: int
    sha256: bytes
    pages: int


def judge(upload: IO[bytes], *, name: str, item: str) -> TakenFile:
    """Check, scan and clean a file given as `item`; what is given back may be kept, the upload must not be.

    Takes some seconds at worst (`DOCUMENT_SECONDS`, `VIRUS_SCANNER_SECONDS`), so call it before a transaction begins.
    Raises `PortalError` with a code of `intake.refusals`.
    """
    content = upload.read(settings.DOCUMENT_MAX_BYTES + 1)
    if not content:
        raise refusal("empty")
    if len(content) > settings.DOCUMENT_MAX_BYTES:
        raise refusal("too_large")
    try:
        scanner.scan(content)
        answer, cleaned = running.run("clean", content, covered=item in COVERED_ITEMS)
    except Refused as refused:
        raise refusal(refused.code) from None
    return TakenFile(
        content=io.BytesIO(cleaned),
        kind=answer.kind,
        name=harmless(name, answer.kind),
        size=len(cleaned),
        sha256=hashlib.sha256(cleaned).digest(),
        pages=answer.pages,
    )


def why_not_another(held: int) -> PortalError | None:
    """Why a request that has `held` documents takes no further one; nothing where it does."""
    if held < settings.DOCUMENTS_PER_REQUEST:
        return None
    return PortalError(
        "too_many_documents",
        _("A request takes %(count)s documents at most. Put several pages into one PDF.")
        % {"count": settings.DOCUMENTS_PER_REQUEST},
    )
