"""An S3-compatible store is chosen by the environment alone. The one here is a small stand-in for the real thing."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import threading
from collections.abc import Iterator
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.config import Config
from django.core.files.storage import Storage
from storages.backends.s3 import S3Storage

from privacy_portal.errors import PortalError
from privacy_portal.vault import file_store, sweeping
from privacy_portal.vault.destruction import destroy_key
from tests.factories import SYSTEM
from tests.vault.test_sealed_files import an_attachment, read

ROOT = Path(__file__).parents[2]


class Bucket(BaseHTTPRequestHandler):
    """Just enough of a bucket: put, get, ask for, list and delete."""

    kept: dict[str, bytes] = {}

    def do_PUT(self) -> None:
        self.kept[self.key] = self.rfile.read(int(self.headers["Content-Length"]))
        self.say(200)

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        query = parse_qs(urlsplit(self.path).query)
        if "prefix" in query:
            found = [name for name in self.kept if name.startswith(query["prefix"][0])]
            entries = "".join(f"<Contents><Key>{name}</Key><Size>1</Size></Contents>" for name in sorted(found))
            self.say(200, f"<ListBucketResult><IsTruncated>false</IsTruncated>{entries}</ListBucketResult>".encode())
        elif self.key in self.kept:
            content = self.kept[self.key]
            if span := re.fullmatch(r"bytes=(\d+)-(\d*)", self.headers.get("Range", "")):
                content = content[int(span[1]) : int(span[2]) + 1 if span[2] else None]
            self.say(200, content)
        else:
            self.say(404)

    def do_DELETE(self) -> None:
        self.kept.pop(self.key, None)
        self.say(204)

    @property
    def key(self) -> str:
        return urlsplit(self.path).path.removeprefix("/documents/")

    def say(self, status: int, content: bytes = b"") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(content)))
        self.send_header("Last-Modified", formatdate(0, usegmt=True))
        self.send_header("ETag", '"e"')
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(content)

    def log_message(self, *args: Any) -> None:
        pass


def a_bucket_at(port: int) -> Storage:
    return S3Storage(
        bucket_name="documents",
        endpoint_url=f"http://127.0.0.1:{port}",
        region_name="kr-standard",
        access_key="key",
        secret_key="secret",
        max_memory_size=1_000_000,
        client_config=Config(retries={"max_attempts": 1}, s3={"addressing_style": "path"}),
    )


@pytest.fixture
def bucket(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, bytes]]:
    monkeypatch.setattr(Bucket, "kept", {})
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        storage = a_bucket_at(server.server_address[1])
        monkeypatch.setattr(file_store, "store", lambda: storage)
        yield Bucket.kept
        server.shutdown()


def test_files_go_to_a_bucket_and_come_back_and_go(db: None, bucket: dict[str, bytes]) -> None:
    plain = os.urandom(300_000)
    attachment, other = an_attachment(plain), an_attachment(b"other")
    assert set(bucket) == {attachment.file.name, other.file.name}
    assert plain[:32] not in bucket[attachment.file.name]
    assert read(attachment) == plain
    destroy_key(attachment.data_key_id, because="consent.withdrawn", actor=SYSTEM)
    assert set(bucket) == {other.file.name}


def test_a_bucket_is_swept(db: None, bucket: dict[str, bytes]) -> None:
    attachment, lost = an_attachment(), an_attachment()
    del bucket[lost.file.name]
    bucket[stray := file_store.new_name()] = b"nobody's"
    found = sweeping.sweep()
    assert (found.files, found.unclaimed, found.removed) == (2, [stray], 1)
    assert found.missing == [f"attachments.Attachment {lost.pk}"]
    assert set(bucket) == {attachment.file.name}
    with pytest.raises(PortalError) as raised:
        lost.file.open_unseen()
    assert raised.value.code == "file_missing"


def test_a_bucket_out_of_reach_is_told(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    storage = a_bucket_at(1)
    monkeypatch.setattr(file_store, "store", lambda: storage)
    with pytest.raises(PortalError) as raised:
        an_attachment()
    assert raised.value.code == "files_unavailable"


def test_the_environment_names_the_bucket() -> None:
    shown = (
        "from django.core.files.storage import storages as s; d = s['documents']; print(d.bucket_name, d.endpoint_url)"
    )
    environment = os.environ | {
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DOCUMENTS_S3_BUCKET": "members-papers",
        "DOCUMENTS_S3_ENDPOINT": "https://kr.object.example",
        "DOCUMENTS_S3_ACCESS_KEY": "key",
        "DOCUMENTS_S3_SECRET_KEY": "secret",
    }
    result = subprocess.run([sys.executable, "-c", shown], capture_output=True, text=True, env=environment, cwd=ROOT)
    assert result.stdout.split() == ["members-papers", "https://kr.object.example"], result.stderr
