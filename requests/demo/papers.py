"""Documents for the demo, drawn by code: plainly samples, of nobody."""

from __future__ import annotations

from functools import cache
from hashlib import sha256
from io import BytesIO

from PIL import Image, ImageDraw, ImageFont

from requests.documents import Attachment
from requests.intake import TakenFile

PAPER, INK, SEAL = (620, 877), "#30343b", "#b03a2e"
NAMES = {
    "personal_seal_certificate": "개인인감증명서.jpg",
    "business_seal_certificate": "법인인감증명서.jpg",
    "proof_of_employment": "재직증명서.jpg",
    "business_license_copy": "사업자등록증.jpg",
    "masked_id_copy": "신분증_가림.jpg",
    "authority_form": "위임장.jpg",
    "evidence": "증빙자료.jpg",
}


def a_paper(item: str) -> Attachment:
    content = _drawn(item)
    taken = TakenFile(
        content=BytesIO(content),
        kind="jpeg",
        name=NAMES[item],
        size=len(content),
        sha256=sha256(content).digest(),
        pages=1,
    )
    return Attachment(item, taken)


@cache
def _drawn(item: str) -> bytes:
    paper = Image.new("RGB", PAPER, "white")
    pen = ImageDraw.Draw(paper)
    width, height = PAPER
    pen.rectangle((30, 30, width - 30, height - 30), outline=INK, width=3)
    title = item.replace("_", " ").upper()
    pen.text((width / 2, 110), title, fill=INK, font=ImageFont.load_default(26), anchor="mm")
    for line in range(9):
        top = 210 + line * 48
        pen.line((90, top, width - 90 - line % 3 * 70, top), fill="#c9ced6", width=8)
    if item == "masked_id_copy":
        pen.rectangle((90, 330, 420, 372), fill=INK)  # where the last digits were
    else:
        pen.ellipse((width - 200, height - 230, width - 90, height - 120), outline=SEAL, width=7)
    pen.text((width / 2, height - 80), "SAMPLE", fill="#c9ced6", font=ImageFont.load_default(44), anchor="mm")
    written = BytesIO()
    paper.save(written, "JPEG", quality=85)
    return written.getvalue()
