"""Uploads stay in memory, and no more of them than a document may have."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.exceptions import TooManyFilesSent
from django.core.files.uploadedfile import InMemoryUploadedFile, SimpleUploadedFile
from django.test import RequestFactory

from privacy_portal.errors import PortalError
from requests.intake import judge
from tests.requests import papers


def posted(*contents: bytes) -> list[Any]:
    files = [SimpleUploadedFile(f"{number}.pdf", content) for number, content in enumerate(contents)]
    return RequestFactory().post("/", {"files": files}).FILES.getlist("files")


def test_a_large_upload_is_in_memory_and_on_no_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    content = papers.pdf() + b"\0" * 4_000_000
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    (upload,) = posted(content)
    assert isinstance(upload, InMemoryUploadedFile)
    assert upload.read() == content
    assert list(tmp_path.iterdir()) == []


def test_several_files_keep_their_own_content_and_name() -> None:
    first, second = posted(papers.pdf("One"), papers.picture())
    assert (first.name, first.read()) == ("0.pdf", papers.pdf("One"))
    assert (second.name, second.read()) == ("1.pdf", papers.picture())


def test_of_an_upload_too_large_only_so_much_is_held_as_shows_it(settings: Any) -> None:
    settings.DOCUMENT_MAX_BYTES = 100_000
    (upload,) = posted(papers.pdf() + b"\0" * 500_000)
    assert upload.size == 100_001
    with pytest.raises(PortalError) as raised:
        judge(upload, name=upload.name, item="masked_id_copy")
    assert raised.value.code == "too_large"


def test_many_files_at_once_are_refused(settings: Any) -> None:
    assert len(posted(*[b"x"] * (settings.DOCUMENTS_PER_REQUEST + 1))) == settings.DOCUMENTS_PER_REQUEST + 1
    with pytest.raises(TooManyFilesSent):
        posted(*[b"x"] * (settings.DOCUMENTS_PER_REQUEST + 6))
