"""PDFs: what their pages show, and nothing else.

The pages are moved into a new document, each with its content, fonts and pictures only. Forms, notes and stamps become
part of the page they lie on. Scripts, actions, links, attachments, media, layers, metadata and whatever is new to
us have no place to be moved to.
"""

from __future__ import annotations

import io
from collections.abc import Iterator

import pikepdf
import pypdfium2
from pikepdf import Dictionary, Name, Object, Pdf, Stream
from PIL import Image

from .images import as_jpeg
from .resident_numbers import holds_full_number
from .work import Refused

# A page as a picture of itself: fine enough to read small print.
DPI = 150
LONGEST_EDGE = 3000
PAGE_KEYS = {"/Type", "/Parent", "/MediaBox", "/CropBox", "/Rotate", "/UserUnit", "/Contents", "/Resources"}
RESOURCES = {"/Font", "/XObject", "/ExtGState", "/ColorSpace", "/Pattern", "/Shading", "/ProcSet"}
# What a stream may bring along besides what it shows: other files, other pictures, scripts, what made it.
NOT_SHOWN = (
    *("/F", "/FFilter", "/FDecodeParms", "/AF", "/Ref", "/Alternates", "/OPI"),
    *("/A", "/AA", "/JS", "/OC"),
    *("/Metadata", "/PieceInfo", "/LastModified", "/Measure", "/PtData", "/StructParent", "/StructParents"),
)
# All that one document may unpack to.
UNPACKED_TIMES = 20


def clean(content: bytes, *, max_pages: int, max_pixels: int, max_bytes: int, covered: bool) -> tuple[bytes, int]:
    """The document's pages alone, and how many there are. Raises `Refused`."""
    _stands_alone(content)
    _limit_unpacking(max_bytes * UNPACKED_TIMES)
    try:
        with pikepdf.open(io.BytesIO(content), suppress_warnings=True) as given:
            if given.is_encrypted:
                raise Refused("encrypted")
            cleaned, pages = _rebuilt(given, max_pages, max_pixels, max_bytes * UNPACKED_TIMES)
    except pikepdf.PasswordError:
        raise Refused("encrypted") from None
    except (pikepdf.PdfError, ValueError, TypeError, KeyError, AttributeError, RuntimeError) as error:
        raise Refused("unpacks_to_too_much" if "limit exceeded" in str(error) else "unreadable") from None
    if covered:
        if any(holds_full_number(text) for text in _texts(cleaned)):
            raise Refused("full_resident_number")
        cleaned = _as_pictures(cleaned)
    return cleaned, pages


def rendered(content: bytes, *, page: int, edge: int) -> Image.Image:
    """One page, as it shows, its longer side at most `edge` pixels. Raises `Refused`."""
    with _in_pdfium(content) as document:
        if not 1 <= page <= len(document):
            raise Refused("no_such_page")
        return _picture_of(document[page - 1], edge)


def page_count(content: bytes) -> int:
    with _in_pdfium(content) as document:
        return len(document)


def _stands_alone(content: bytes) -> None:
    if not content.startswith(b"%PDF-"):
        raise Refused("more_than_a_document")
    _body, end, rest = content.rpartition(b"%%EOF")
    if not end:
        raise Refused("cut_off")
    if rest.strip(b"\r\n\t \0"):
        # A document that goes on after its last end was cut off while it was updated, or something hangs on to it.
        raise Refused("more_than_a_document")


def _limit_unpacking(most: int) -> None:
    pikepdf.settings.set_qpdf_limits(
        flate_max_memory=most,
        run_length_max_memory=most,
        png_max_memory=most,
        tiff_max_memory=most,
        dct_max_memory=most,
        max_stream_filters=3,
        doc_max_warnings=100,
    )


def _rebuilt(given: Pdf, max_pages: int, max_pixels: int, most: int) -> tuple[bytes, int]:
    if not len(given.pages):
        raise Refused("unreadable")
    if len(given.pages) > max_pages:
        raise Refused("too_many_pages")
    given.generate_appearance_streams()
    given.flatten_annotations("all")
    with Pdf.new() as bare:
        for page in given.pages:
            bare.pages.append(page)
        for page in bare.pages:
            _keep(page.obj, PAGE_KEYS)
        for dictionary in _with_resources(bare):
            _keep(dictionary.Resources, RESOURCES)
        unpacked = 0
        for stream in _streams(bare):
            for key in NOT_SHOWN:
                if key in stream:
                    del stream[key]
            if stream.get("/Subtype") == Name.PS or stream.get("/Subtype2") == Name.PS:
                raise Refused("unreadable")  # programs for printers, which no reader of today shows
            if stream.get("/Subtype") == Name.Image:
                if int(stream.get("/Width", 0)) * int(stream.get("/Height", 0)) > max_pixels:
                    raise Refused("too_many_pixels")
            else:
                unpacked += len(stream.read_bytes())
            if unpacked > most:
                raise Refused("unpacks_to_too_much")
        out = io.BytesIO()
        bare.save(out, object_stream_mode=pikepdf.ObjectStreamMode.generate, deterministic_id=True)
        return out.getvalue(), len(bare.pages)


def _with_resources(document: Pdf) -> Iterator[Object]:
    for one in document.objects:
        if isinstance(one, Dictionary | Stream) and isinstance(one.get("/Resources"), Dictionary):
            yield one


def _streams(document: Pdf) -> Iterator[Stream]:
    for one in document.objects:
        if isinstance(one, Stream):
            yield one


def _keep(dictionary: Object, keys: set[str]) -> None:
    for key in set(dictionary.keys()) - keys:
        del dictionary[key]


def _in_pdfium(content: bytes) -> pypdfium2.PdfDocument:
    try:
        return pypdfium2.PdfDocument(content)
    except pypdfium2.PdfiumError:
        raise Refused("unreadable") from None


def _texts(content: bytes) -> Iterator[str]:
    """What each page says in letters, seen or not."""
    with _in_pdfium(content) as document:
        for page in document:
            yield page.get_textpage().get_text_range()


def _as_pictures(content: bytes) -> bytes:
    """The same pages as pictures: what lay under a bar or in a hidden layer is gone (D8)."""
    with Pdf.new() as bare, _in_pdfium(content) as document:
        for page in document:
            picture = _picture_of(page, LONGEST_EDGE)
            width, height = page.get_size()
            image = Stream(
                bare,
                as_jpeg(picture),
                Type=Name.XObject,
                Subtype=Name.Image,
                Width=picture.width,
                Height=picture.height,
                ColorSpace=Name.DeviceRGB,
                BitsPerComponent=8,
                Filter=Name.DCTDecode,
            )
            shown = bare.add_blank_page(page_size=(width, height))
            shown.Resources = Dictionary(XObject=Dictionary(Page=image))
            shown.Contents = Stream(bare, f"{width:.2f} 0 0 {height:.2f} 0 0 cm /Page Do".encode())
        out = io.BytesIO()
        bare.save(out, deterministic_id=True)
        return out.getvalue()


def _picture_of(page: pypdfium2.PdfPage, edge: int) -> Image.Image:
    scale = min(DPI / 72, edge / max(1.0, *page.get_size()))
    return page.render(scale=scale, may_draw_forms=False, rev_byteorder=True).to_pil().convert("RGB")
