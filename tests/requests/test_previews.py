"""Documents are looked at as pictures, made from the sealed file without a clear one anywhere."""

from __future__ import annotations

import io
from typing import Any

import pytest
from PIL import Image

from privacy_portal.errors import PortalError
from privacy_portal.vault import fields
from privacy_portal.vault.destruction import destroy_key
from privacy_portal.vault.errors import ValueDestroyed
from requests.intake import judge
from requests.previews import page_count, preview
from tests.attachments.models import Attachment
from tests.factories import SYSTEM
from tests.requests import papers
from tests.vault.test_sealed_files import an_attachment, folder


def kept(content: bytes) -> Attachment:
    taken = judge(io.BytesIO(content), name="x", item="business_license_copy")
    return an_attachment(taken.content.getvalue())


def picture(attachment: Attachment, page: int = 1) -> Image.Image:
    shown = preview(attachment.file, page)
    assert shown.startswith(b"\x89PNG")
    return Image.open(io.BytesIO(shown))


def test_each_page_of_a_pdf_is_shown(db: None) -> None:
    attachment = kept(papers.pdf("One", "", "Three"))
    assert page_count(attachment.file) == 3
    first, second = picture(attachment, 1), picture(attachment, 2)
    assert first.size == second.size == (625, 417)
    assert min(first.convert("L").tobytes()) < 100
    assert min(second.convert("L").tobytes()) == 255


@pytest.mark.parametrize("page", [0, 2, -1])
def test_there_is_no_page_beyond_the_last(db: None, page: int) -> None:
    for content in (papers.pdf(), papers.picture()):
        attachment = kept(content)
        with pytest.raises(PortalError) as raised:
            preview(attachment.file, page)
        assert raised.value.code == "no_such_page"


def test_a_picture_is_shown_at_bounded_size(db: None, settings: Any) -> None:
    settings.PREVIEW_EDGE = 120
    for form in ("JPEG", "PNG"):
        attachment = kept(papers.picture(form))
        assert page_count(attachment.file) == 1
        assert picture(attachment).size == (120, 80)
    assert picture(kept(papers.pdf(size=(10_000, 5_000)))).size == (120, 60)


def test_a_viewer_is_on_record_and_a_counter_of_pages_is_not(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[Any] = []
    attachment = kept(papers.pdf())
    monkeypatch.setattr(fields, "when_read", [lambda person, item: told.append((person, item))])
    page_count(attachment.file)
    assert told == []
    preview(attachment.file, 1)
    assert told == [(attachment.data_key.subject_id, "masked_id_copy")]


def test_a_destroyed_document_is_not_shown(db: None) -> None:
    attachment = kept(papers.pdf())
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    with pytest.raises(ValueDestroyed):
        preview(Attachment.objects.get(pk=attachment.pk).file, 1)


def test_nothing_of_a_kept_document_can_be_read_on_disk(db: None) -> None:
    attachment = kept(papers.pdf("Kim Haneul", compress_streams=False))
    preview(attachment.file, 1)
    for path in folder().rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert b"%PDF" not in content
            assert b"Kim" not in content
