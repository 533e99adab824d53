"""Pictures: decoded and written anew, as pixels and nothing else.

What does not show is left behind: place and camera (EXIF), comments, thumbnails, further frames, what is under
transparent pixels, and whatever was hung on to the end of the file.
"""

from __future__ import annotations

import io
import struct
from typing import Literal

import pillow_heif
from PIL import Image, ImageOps, UnidentifiedImageError

from .work import Kind, Refused

JPEG_QUALITY = 92
# Phones write JPEG files with further pictures behind the first one, which Pillow calls MPO.
FORMATS = {"jpeg": ["JPEG", "MPO"], "png": ["PNG"], "heic": ["HEIF"]}


def clean(
    content: bytes, kind: Literal["jpeg", "png", "heic"], *, max_pixels: int, max_bytes: int
) -> tuple[bytes, Kind]:
    """The picture alone, upright, as JPEG or PNG. Raises `Refused`."""
    picture = opened(content, kind, max_pixels=max_pixels)
    if kind == "png":
        written = as_png(picture)
        if len(written) <= max_bytes:
            return written, "png"
    return as_jpeg(picture), "jpeg"


def opened(content: bytes, kind: Literal["jpeg", "png", "heic"], *, max_pixels: int) -> Image.Image:
    """The picture's pixels, upright, in colours or grey. Its size is checked before anything is unpacked."""
    Image.MAX_IMAGE_PIXELS = max_pixels
    if kind == "heic":
        pillow_heif.register_heif_opener(thumbnails=False, decode_threads=1)
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS[kind]) as picture:
            if picture.width * picture.height > max_pixels:
                raise Refused("too_many_pixels")
            picture.load()
            return _flat(ImageOps.exif_transpose(picture))
    except Image.DecompressionBombError:
        raise Refused("too_many_pixels") from None
    except UnidentifiedImageError:
        raise Refused("unreadable") from None
    except (OSError, EOFError, ValueError, SyntaxError, struct.error) as error:
        raise Refused("cut_off" if "truncated" in str(error).lower() else "unreadable") from None


def as_jpeg(picture: Image.Image) -> bytes:
    return _written(picture, "JPEG", quality=JPEG_QUALITY)


def as_png(picture: Image.Image) -> bytes:
    return _written(picture, "PNG", compress_level=3)


def _flat(picture: Image.Image) -> Image.Image:
    """On white, where it is transparent, with 8 bits a colour."""
    if picture.mode in ("1", "L"):
        plain = picture.convert("L")
    elif picture.mode.startswith("I"):  # 16 bits of grey, which Pillow would cut rather than scale
        plain = picture.convert("I").point(lambda value: value / 256).convert("L")
    elif picture.has_transparency_data:
        seen = picture.convert("RGBA")
        plain = Image.new("RGB", seen.size, "white")
        plain.paste(seen, mask=seen.getchannel("A"))
    else:
        plain = picture.convert("RGB")
    # Only the pixels: a new picture knows nothing of what came with the old one.
    bare = Image.new(plain.mode, plain.size)
    bare.paste(plain)
    return bare


def _written(picture: Image.Image, form: str, **options: object) -> bytes:
    out = io.BytesIO()
    picture.save(out, form, **options)
    return out.getvalue()
