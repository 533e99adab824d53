"""A sealed file as an answer: always to be saved, never shown inside the portal's pages."""

from __future__ import annotations

from django.http import FileResponse

from privacy_portal.vault.files import SealedFile

DOCUMENT_POLICY = "default-src 'none'; sandbox; frame-ancestors 'none'"


def to_keep(file: SealedFile, name: str, content_type: str) -> FileResponse:
    """The file, opened on the record. Raises `PortalError` where the store does not give it just now."""
    response = FileResponse(file.open(), as_attachment=True, filename=name, content_type=content_type)
    response["X-Content-Type-Options"] = "nosniff"
    response["Content-Security-Policy"] = DOCUMENT_POLICY
    return response
