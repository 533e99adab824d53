"""What the tests of evidence bundles share: making one, reading it, changing it as a forger would, checking it."""

from __future__ import annotations

import hashlib
import io
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from uuid import UUID
from zipfile import ZIP_DEFLATED, ZipFile, ZipInfo

from django.conf import settings

from members.models import Account
from privacy_portal.audit import signing
from privacy_portal.audit.ledger.keys import PublicKeys, decoded, read_public_keys
from privacy_portal.evidence.checking.bundle import check
from privacy_portal.evidence.making import Asked, make_bundle
from tests.factories import staff_acting

Files = dict[str, bytes]


def made(officer: Account, person: UUID | None = None, *, consent: UUID | None = None, **asked: Any) -> bytes:
    """The bytes of a bundle that the officer made."""
    wanted = Asked(**{"why": "dispute", "remark": "소송 대응", "reference": "2026가합1234", **asked})
    with make_bundle(person, consent_id=consent, asked=wanted, actor=staff_acting(officer)).file as file:
        return file.read()


def files_of(bundle: bytes) -> Files:
    with ZipFile(io.BytesIO(bundle)) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def rows_of(bundle: bytes, section: str) -> list[dict[str, Any]]:
    return json.loads(files_of(bundle)[f"data/{section}.json"])


def all_text(bundle: bytes) -> str:
    """Everything that can be read in it."""
    return "\n".join(content.decode(errors="replace") for content in files_of(bundle).values())


def packed(files: Files | list[tuple[str, bytes]]) -> bytes:
    """A zip of these files; names may come twice."""
    into = io.BytesIO()
    with ZipFile(into, "w", ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, content in files.items() if isinstance(files, dict) else files:
            archive.writestr(ZipInfo(name), content, ZIP_DEFLATED)
    return into.getvalue()


def signed_anew(files: Files, keys: signing.SigningKeys) -> Files:
    """The same files with a manifest that fits them, signed by somebody, whose key is put beside it."""
    manifest = json.loads(files["manifest.json"])
    content = {name: data for name, data in files.items() if name not in ("manifest.json", "manifest.sig")}
    content["public-keys.json"] = (
        PublicKeys({**_raw(files), keys.active: keys.public_keys.raw[keys.active]}).as_text().encode()
    )
    manifest["key"] = keys.active
    manifest["files"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()} for name, data in content.items()
    ]
    text = json.dumps(manifest).encode()
    return {**content, "manifest.json": text, "manifest.sig": keys.sign(text)}


def _raw(files: Files) -> dict[str, bytes]:
    return decoded(json.loads(files["public-keys.json"])["public_keys"])


def own_keys() -> signing.SigningKeys:
    return signing.load(settings.LEDGER_SIGNING_KEYS)


def verdict(bundle: bytes, tmp_path: Path, keys: PublicKeys | None = None) -> tuple[bool, list[str]]:
    """Whether the check lets it pass, with the company's keys unless others are given, and what it says."""
    path = tmp_path / "bundle.zip"
    path.write_bytes(bundle)
    found = check(path, keys or read_public_keys(settings.LEDGER_SIGNING_KEYS))
    return not found.doubts, found.sentences


def edited(files: Files, name: str, edit: Callable[[list[dict[str, Any]]], Any]) -> Files:
    """The files, with the rows of one of them changed and written as the portal writes them."""
    rows = json.loads(files[name])
    edit(rows)
    lines = b",\n".join(json.dumps(row, ensure_ascii=False).encode() for row in rows)
    return {**files, name: b"[\n" + lines + (b"\n]\n" if rows else b"]\n")}
