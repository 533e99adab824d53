"""What a browser sends from the pages of requests."""

from __future__ import annotations

from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from members.models import Member
from tests.factories import a_filing, notice
from tests.requests.papers import picture


def a_scan(name: str = "인감증명서.jpg", content: bytes | None = None) -> SimpleUploadedFile:
    return SimpleUploadedFile(name, picture() if content is None else content, content_type="image/jpeg")


def shown(collection: str) -> str:
    return f"{notice(collection).version}:{notice(collection).digest}"


def a_form(kind_code: str, member: Member | None, *, step: str = "file", **changed: Any) -> dict[str, Any]:
    """The whole form of one kind, filled in as it should be. What is changed to None is left out."""
    given = a_filing(kind_code, member)
    form: dict[str, Any] = {"submission": str(given["submission"]), "step": step}
    form |= {f"asked_{code}": value for code, value in given["asked"].items()}
    form |= {f"file_{attachment.item}": a_scan() for attachment in given["documents"]}
    if "notice" in given:
        form["notice"] = shown(given["notice"].collection_id)
        form |= {f"agree_{item}": "on" for item in given["items"]}
        form |= {f"value_{item}": value for item, value in given["values"].items()}
    return {name: value for name, value in (form | changed).items() if value is not None}
