"""Asking a virus scanner, where one is set up: clamd's INSTREAM, over TCP or a socket on this machine."""

from __future__ import annotations

import socket
import time
from urllib.parse import urlsplit

import structlog
from django.conf import settings

from requests.parsers.work import Refused

log = structlog.get_logger()

CHUNK_BYTES = 64 * 1024
LONGEST_ANSWER = 4096


def scan(content: bytes) -> None:
    """Raises `Refused` where the scanner finds something, and where it gives no clear answer. None set up: no scan."""
    if not settings.VIRUS_SCANNER:
        return
    try:
        answer = _asked(content)
    except OSError as error:
        log.error("virus_scanner_unavailable", error=type(error).__name__)
        raise Refused("scanner_unavailable") from None
    if answer == "stream: OK":
        return
    if answer.startswith("stream: ") and answer.endswith(" FOUND"):
        log.warning("virus_found", size=len(content))
        raise Refused("infected")
    log.error("virus_scanner_gave_no_answer", length=len(answer))
    raise Refused("scanner_unavailable")


def _asked(content: bytes) -> str:
    until = time.monotonic() + settings.VIRUS_SCANNER_SECONDS
    with _connected() as connection:
        connection.settimeout(_left(until))
        connection.sendall(b"zINSTREAM\0")
        for start in range(0, len(content), CHUNK_BYTES):
            chunk = content[start : start + CHUNK_BYTES]
            connection.settimeout(_left(until))
            connection.sendall(len(chunk).to_bytes(4, "big") + chunk)
        connection.sendall((0).to_bytes(4, "big"))
        answer = b""
        while b"\0" not in answer and len(answer) < LONGEST_ANSWER:
            connection.settimeout(_left(until))
            more = connection.recv(LONGEST_ANSWER)
            if not more:
                break
            answer += more
    return answer.split(b"\0")[0].decode(errors="replace").strip()


def _connected() -> socket.socket:
    address = urlsplit(settings.VIRUS_SCANNER)
    if address.scheme == "unix":
        connection = socket.socket(socket.AF_UNIX)
        connection.settimeout(settings.VIRUS_SCANNER_SECONDS)
        try:
            connection.connect(address.path)
        except OSError:
            connection.close()
            raise
        return connection
    return socket.create_connection((address.hostname, address.port or 3310), timeout=settings.VIRUS_SCANNER_SECONDS)


def _left(until: float) -> float:
    left = until - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
