"""A file is taken, cleaned of all that does not show; or it is refused with a sentence, and nothing of it is kept."""

from __future__ import annotations

import hashlib
import io
import os
import signal
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pikepdf
import pillow_heif
import pypdfium2
import pytest
from django.utils import translation
from PIL import Image

from privacy_portal.errors import PortalError
from requests.intake import TakenFile, judge, why_not_another
from requests.intake.refusals import SENTENCES, refusal
from requests.parsers import running
from tests.requests import papers
from tests.requests.papers import NUMBER


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def judged(content: bytes, name: str = "scan.pdf", item: str = "business_license_copy") -> TakenFile:
    return judge(io.BytesIO(content), name=name, item=item)


def refused(content: bytes, item: str = "business_license_copy") -> PortalError:
    with pytest.raises(PortalError) as raised:
        judged(content, item=item)
    return raised.value


def image_of(taken: TakenFile) -> Image.Image:
    return Image.open(taken.content)


def text_of(content: bytes) -> str:
    with pypdfium2.PdfDocument(content) as document:
        return "\n".join(page.get_textpage().get_text_range() for page in document)


def everything_in(content: bytes) -> bytes:
    """All of a PDF, unpacked."""
    with pikepdf.open(io.BytesIO(content)) as document:
        out = io.BytesIO()
        document.save(
            out, object_stream_mode=pikepdf.ObjectStreamMode.disable, compress_streams=False, static_id=True,
            stream_decode_level=pikepdf.StreamDecodeLevel.generalized,
        )  # fmt: skip
    return out.getvalue()


# ------------------------------------------------------------------------------------------ taken
@pytest.mark.parametrize(
    ("content", "kind", "name"),
    [
        (papers.pdf("One", "Two"), "pdf", "scan.pdf"),
        (papers.picture("JPEG"), "jpeg", "scan.jpg"),
        (papers.picture("PNG"), "png", "scan.png"),
        (papers.heic(), "jpeg", "scan.jpg"),
        (papers.picture("MPO"), "jpeg", "scan.jpg"),
    ],
    ids=["pdf", "jpeg", "png", "heic", "mpo"],
)
def test_each_kind_is_taken_by_its_content_whatever_its_name(content: bytes, kind: str, name: str) -> None:
    taken = judged(content, name="scan.docx")
    assert (taken.kind, taken.name) == (kind, name)
    assert taken.pages == (2 if kind == "pdf" else 1)
    plain = taken.content.getvalue()
    assert taken.content.tell() == 0
    assert taken.size == len(plain)
    assert taken.sha256 == hashlib.sha256(plain).digest()
    if kind != "pdf":
        red, green, blue = image_of(taken).convert("RGB").getpixel((250, 150))  # type: ignore[misc]
        assert red > 230
        assert green < 30
        assert blue < 30


def test_a_picture_is_upright_and_tells_neither_place_nor_camera() -> None:
    for form in ("JPEG", "PNG"):
        given = papers.telling_picture(form)
        assert b"Secret" in given
        taken = judged(given)
        assert b"Secret" not in taken.content.getvalue()
        image = image_of(taken)
        assert image.size == (200, 300)
        assert dict(image.getexif()) == {}
        assert {"exif", "comment", "icc_profile", "Comment"}.isdisjoint(image.info)
        red, _green, blue = image.convert("RGB").getpixel((180, 20))  # type: ignore[misc]  # was upper left
        assert blue > red


def test_what_lies_under_transparent_pixels_is_gone() -> None:
    secret = Image.new("RGBA", (100, 100), (200, 10, 10, 0))
    out = io.BytesIO()
    secret.save(out, "PNG")
    assert image_of(judged(out.getvalue())).getpixel((50, 50)) == (255, 255, 255)


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "I;16"])
def test_pictures_of_every_mode_are_taken(mode: str) -> None:
    out = io.BytesIO()
    (Image.new("I;16", (30, 20), 65535) if mode == "I;16" else Image.new("RGB", (30, 20), "white").convert(mode)).save(
        out, "PNG"
    )
    image = image_of(judged(out.getvalue()))
    assert image.mode in ("L", "RGB")
    assert image.convert("L").getpixel((3, 3)) == 255


def test_a_png_too_large_to_keep_becomes_a_jpeg(settings: Any) -> None:
    colours = Image.frombytes("P", (300, 300), os.urandom(90_000))
    colours.putpalette(os.urandom(768))
    out = io.BytesIO()
    colours.save(out, "PNG")
    assert judged(out.getvalue()).kind == "png"
    settings.DOCUMENT_MAX_BYTES = len(out.getvalue())
    assert judged(out.getvalue(), name="scan.png").name == "scan.jpg"


def test_what_hangs_on_to_a_picture_is_gone() -> None:
    for hanging in (papers.archive(), papers.pdf(), b"<script>evil</script>"):
        for form in ("JPEG", "PNG"):
            taken = judged(papers.picture(form) + hanging)
            assert hanging[:20] not in taken.content.getvalue()
            assert image_of(taken).size == (300, 200)


# ------------------------------------------------------------------------------------------ PDFs
ACTS_HIDES_OR_TELLS = (
    *(b"Evil", b"evil", b"JavaScript", b"/URI", b"/Launch", b"/SubmitForm", b"/AA", b"/OpenAction", b"/Annots"),
    *(b"/AcroForm", b"/Names", b"/EmbeddedFile", b"/Metadata", b"/PieceInfo", b"/Thumb", b"/OCProperties"),
)


def test_a_pdf_keeps_what_shows_and_nothing_that_acts_hides_or_tells() -> None:
    given = papers.busy_pdf()
    assert everything_in(given).count(b"Evil") >= 12
    taken = judged(given).content.getvalue()
    whole = everything_in(taken)
    for word in ACTS_HIDES_OR_TELLS:
        assert word not in whole, word
    assert "Kept text" in text_of(taken)
    with pypdfium2.PdfDocument(taken) as document:
        picture = document[0].render(rev_byteorder=True).to_pil().convert("RGB")
    assert picture.getpixel((50, 180)) == (0, 0, 255), "what the form showed still shows"


def test_page_sizes_and_turns_stay() -> None:
    def turn(document: pikepdf.Pdf) -> None:
        document.pages[0].Rotate = 90

    taken = judged(papers.pdf("One", change=turn)).content.getvalue()
    with pypdfium2.PdfDocument(taken) as document:
        assert document[0].get_size() == (200, 300)


def test_a_protected_pdf_is_refused_with_advice() -> None:
    for user in ("", "secret"):
        encryption = pikepdf.Encryption(owner="owner", user=user)
        error = refused(papers.pdf(encryption=encryption))
        assert error.code == "encrypted"
        assert "password" in str(error)


def test_a_pdf_of_too_many_pages_is_refused(settings: Any) -> None:
    settings.DOCUMENT_MAX_PAGES = 3
    assert judged(papers.pdf(*"abc")).pages == 3
    error = refused(papers.pdf(*"abcd"))
    assert (error.code, "3 pages" in str(error)) == ("too_many_pages", True)


def test_a_pdf_without_pages_is_refused() -> None:
    def empty(document: pikepdf.Pdf) -> None:
        del document.pages[0]

    assert refused(papers.pdf(change=empty)).code == "unreadable"


@pytest.mark.parametrize(
    "content",
    [
        b"GIF89a" + papers.pdf(),
        b"\0" * 100 + papers.pdf(),
        b"#!/bin/sh\n" + papers.pdf(),
        papers.pdf() + papers.archive(),
        papers.pdf() + b"<script>evil()</script>",
        papers.pdf() + papers.picture(),
    ],
    ids=["after a GIF's beginning", "after zeros", "after a script", "before a ZIP", "before HTML", "before a JPEG"],
)
def test_a_pdf_that_is_something_else_too_is_refused(content: bytes) -> None:
    assert refused(content).code in ("more_than_a_document", "not_taken")


def test_an_end_of_line_after_a_pdf_is_no_harm() -> None:
    assert judged(papers.pdf() + b"\r\n\0\0").kind == "pdf"


# ------------------------------------------------------------------------------------------ refused
@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\0", "not_taken"),
        (b"hello", "not_taken"),
        (b"MZ" + b"\0" * 500, "not_taken"),
        (b"<html><script>1</script></html>", "not_taken"),
        (b"<svg xmlns='http://www.w3.org/2000/svg' onload='evil()'/>", "not_taken"),
        (papers.picture("GIF"), "not_taken"),
        (papers.picture("TIFF"), "not_taken"),
        (papers.picture("WEBP"), "not_taken"),
        (papers.archive(), "not_taken"),
        (papers.picture("JPEG", size=(900, 900))[:2000], "cut_off"),
        (papers.picture("PNG", size=(900, 900))[:500], "cut_off"),
        (papers.pdf("a" * 500)[:-300], "cut_off"),
        (b"%PDF-1.7\nnothing\n%%EOF", "unreadable"),
        (b"\x89PNG\r\n\x1a\n" + b"\0" * 100, "unreadable"),
        (b"\xff\xd8\xff\xe0" + b"\0" * 100, "unreadable"),
        (papers.heic()[:300], "unreadable"),
        (papers.huge_png(), "too_many_pixels"),
        (papers.pdf_with_picture(100_000, 100_000), "too_many_pixels"),
        (papers.bomb_pdf(), "unpacks_to_too_much"),
        (papers.bomb_pdf(layers=2, megabytes=1000), "unpacks_to_too_much"),
    ],
)
def test_what_is_not_a_document_is_refused(content: bytes, code: str) -> None:
    error = refused(content)
    assert error.code == code
    assert str(error) == str(refusal(code))


def test_a_file_too_large_is_refused_without_being_read_to_its_end(settings: Any) -> None:
    class Endless(io.RawIOBase):
        given = 0

        def read(self, size: int = -1) -> bytes:
            assert size > 0
            self.given += size
            return b"x" * size

    endless = Endless()
    with pytest.raises(PortalError) as raised:
        judge(endless, name="x", item="masked_id_copy")  # type: ignore[arg-type]
    assert raised.value.code == "too_large"
    assert "10 MB" in str(raised.value)
    assert endless.given == settings.DOCUMENT_MAX_BYTES + 1


def test_a_picture_of_too_many_pixels_is_refused_before_it_is_unpacked(settings: Any) -> None:
    settings.DOCUMENT_MAX_PIXELS = 10_000
    for form in ("JPEG", "PNG", "HEIF"):
        assert refused(papers.picture(form)).code == "too_many_pixels"
    settings.DOCUMENT_MAX_PIXELS = 60_000
    assert judged(papers.picture()).kind == "jpeg"


def test_every_refusal_has_its_own_sentence() -> None:
    sentences = [str(refusal(code)) for code in SENTENCES]
    assert len(set(sentences)) == len(sentences)
    assert all("%" not in sentence for sentence in sentences)


def test_a_request_takes_five_documents() -> None:
    assert why_not_another(4) is None
    error = why_not_another(5)
    assert error is not None
    assert (error.code, "5 documents" in str(error)) == ("too_many_documents", True)


# ------------------------------------------------------------------------------------------ resident numbers
def test_a_covered_copy_whose_text_holds_a_full_number_is_refused() -> None:
    for item in ("masked_id_copy", "personal_seal_certificate"):
        error = refused(papers.pdf("Kim", f"No. {NUMBER}"), item=item)
        assert error.code == "full_resident_number"
        assert NUMBER not in str(error) + repr(error)


def test_a_number_under_a_bar_or_in_letters_nobody_sees_is_found() -> None:
    def hide(document: pikepdf.Pdf) -> None:
        page = document.pages[0]
        drawn = b"BT 3 Tr /F1 12 Tf 20 100 Td (900101-1234568) Tj ET 0 g 0 0 300 200 re f"
        page.Contents = pikepdf.Stream(document, drawn)

    assert refused(papers.pdf(change=hide), item="masked_id_copy").code == "full_resident_number"


def test_a_business_licence_may_hold_a_corporation_number() -> None:
    assert judged(papers.pdf("110111-1234567"), item="business_license_copy").kind == "pdf"


def test_a_covered_copy_is_kept_as_pictures_so_that_nothing_is_left_under_a_bar() -> None:
    given = papers.covered_pdf()
    assert b"UnderTheBar!" in given
    plain = judged(given, item="business_license_copy").content.getvalue()
    assert b"UnderTheBar!" in everything_in(plain)
    taken = judged(papers.covered_pdf(), item="masked_id_copy")
    assert b"UnderTheBar!" not in everything_in(taken.content.getvalue())
    with pypdfium2.PdfDocument(taken.content.getvalue()) as document:
        assert document[0].get_size() == (300, 200)
        shown = document[0].render(rev_byteorder=True).to_pil().convert("L")
    assert shown.getpixel((70, 155)) < 20
    assert shown.getpixel((250, 50)) > 240
    assert judged(papers.pdf("900101-1******", "page two"), item="masked_id_copy").pages == 2


# ------------------------------------------------------------------------------------------ the parsers' process
def a_parser_that(does: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "COMMAND", [sys.executable, "-c", does])


def test_a_parser_that_crashes_takes_nothing_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    a_parser_that(f"import os; os.kill(os.getpid(), {signal.SIGSEGV.value})", monkeypatch)
    assert refused(papers.pdf()).code == "unreadable"


def test_a_parser_that_hangs_is_ended(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    settings.DOCUMENT_SECONDS = 1
    a_parser_that("import time; time.sleep(60)", monkeypatch)
    assert refused(papers.pdf()).code == "takes_too_long"


def test_a_file_that_takes_too_much_time_or_memory_is_refused(settings: Any) -> None:
    settings.DOCUMENT_MEMORY = 200_000_000
    assert refused(papers.picture(size=(6000, 6000))).code in ("unpacks_to_too_much", "unreadable")
    settings.DOCUMENT_MEMORY, settings.DOCUMENT_SECONDS = 1_500_000_000, 1
    assert refused(papers.pdf(*["x"] * 50, size=(3000, 3000)), item="masked_id_copy").code == "takes_too_long"


def test_the_parsers_know_no_secret_and_write_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET_KEY", "of the portal")
    told = tmp_path / "told"
    a_parser_that(f"import os, pathlib; pathlib.Path({str(told)!r}).write_text(str(dict(os.environ)))", monkeypatch)
    refused(papers.pdf())
    assert "of the portal" not in told.read_text()
    assert "VAULT_KEYRING" not in told.read_text()


def test_nothing_of_a_judged_file_is_on_disk(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    before = set(Path("/tmp").glob("*.pdf"))
    judged(papers.busy_pdf(), item="masked_id_copy")
    assert list(tmp_path.iterdir()) == []
    assert set(Path("/tmp").glob("*.pdf")) == before


def test_a_heic_library_is_at_hand() -> None:
    assert pillow_heif.is_supported(papers.heic())
