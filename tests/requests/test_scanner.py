"""Where a virus scanner is set up, every file passes it first: found, silent, gone or talking nonsense, it lets nothing
through that it did not clear."""

from __future__ import annotations

import io
import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from privacy_portal.errors import PortalError
from requests.intake import judge
from requests.parsers import running
from tests.requests import papers

EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
Answering = Callable[[socket.socket, bytes], None]


def received(connection: socket.socket) -> bytes:
    """One file, as clamd's INSTREAM sends it."""
    stream = connection.makefile("rb")
    assert stream.read(10) == b"zINSTREAM\0"
    content = b""
    while length := int.from_bytes(stream.read(4), "big"):
        content += stream.read(length)
    return content


def scanning(connection: socket.socket, content: bytes) -> None:
    connection.sendall(b"stream: Eicar-Test-Signature FOUND\0" if EICAR in content else b"stream: OK\0")


class Clamd:
    """A scanner in a thread of its own."""

    def __init__(self, server: socket.socket, answer: Answering, *, reads: bool = True):
        self.server, self.answer, self.reads = server, answer, reads
        self.seen: list[bytes] = []
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self) -> None:
        while True:
            try:
                connection, _address = self.server.accept()
            except OSError:
                return
            with connection:
                if self.reads:
                    self.seen.append(received(connection))
                self.answer(connection, self.seen[-1] if self.seen else b"")


@pytest.fixture
def clamd(settings: Any) -> Iterator[Callable[..., Clamd]]:
    servers = []

    def start(answer: Answering = scanning, **options: Any) -> Clamd:
        server = socket.create_server(("127.0.0.1", 0))
        servers.append(server)
        settings.VIRUS_SCANNER = f"tcp://127.0.0.1:{server.getsockname()[1]}"
        settings.VIRUS_SCANNER_SECONDS = 1
        return Clamd(server, answer, **options)

    yield start
    for server in servers:
        server.shutdown(socket.SHUT_RDWR)
        server.close()


@pytest.fixture
def parsed(monkeypatch: pytest.MonkeyPatch) -> list[bytes]:
    """What reached the parsers."""
    seen: list[bytes] = []
    before = running.run

    def run(task: Any, content: bytes, **more: Any) -> Any:
        seen.append(content)
        return before(task, content, **more)

    monkeypatch.setattr(running, "run", run)
    return seen


def code_of(content: bytes) -> str:
    with pytest.raises(PortalError) as raised:
        judge(io.BytesIO(content), name="x", item="masked_id_copy")
    return raised.value.code


def test_a_clean_file_is_taken_after_it_was_scanned_whole(clamd: Callable[..., Clamd]) -> None:
    scanner = clamd()
    content = papers.picture("PNG", size=(400, 400), compress_level=0)
    assert len(content) > 200_000
    assert judge(io.BytesIO(content), name="x", item="masked_id_copy").kind == "png"
    assert scanner.seen == [content]


def test_an_infected_file_is_refused_and_never_opened(clamd: Callable[..., Clamd], parsed: list[bytes]) -> None:
    clamd()
    assert code_of(papers.picture() + EICAR) == "infected"
    assert parsed == []


def test_a_socket_on_this_machine_will_do(settings: Any, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(tmp_path / "clamd"))
        server.listen()
        settings.VIRUS_SCANNER = f"unix://{tmp_path}/clamd"
        Clamd(server, scanning)
        assert code_of(EICAR) == "infected"
        server.shutdown(socket.SHUT_RDWR)


def hangs(connection: socket.socket, content: bytes) -> None:
    connection.settimeout(5)
    connection.recv(1)  # until the other side has had enough


def drips(connection: socket.socket, content: bytes) -> None:
    for _second in range(20):
        try:
            connection.sendall(b"s")
        except OSError:
            return
        threading.Event().wait(0.2)


@pytest.mark.parametrize(
    "answer",
    [
        hangs,
        drips,
        lambda connection, content: None,
        lambda connection, content: connection.sendall(b"\0"),
        lambda connection, content: connection.sendall(b"stream: OK and so on\0"),
        lambda connection, content: connection.sendall(b"INSTREAM size limit exceeded. ERROR\0"),
        lambda connection, content: connection.sendall(b"HTTP/1.1 200 OK\r\n\r\n"),
        lambda connection, content: connection.sendall(b"\xff" * 100_000),
    ],
    ids=[
        "hangs",
        "drips",
        "hangs up",
        "says nothing",
        "says more than OK",
        "refuses",
        "is no scanner",
        "talks nonsense",
    ],
)
def test_a_scanner_without_a_clear_answer_lets_nothing_through(
    answer: Answering, clamd: Callable[..., Clamd], parsed: list[bytes]
) -> None:
    clamd(answer)
    assert code_of(papers.pdf()) == "scanner_unavailable"
    assert parsed == []


def test_a_scanner_that_stops_reading_lets_nothing_through(clamd: Callable[..., Clamd], parsed: list[bytes]) -> None:
    clamd(hangs, reads=False)
    assert code_of(papers.picture() + b"\0" * 9_000_000) == "scanner_unavailable"
    assert parsed == []


@pytest.mark.parametrize("address", ["tcp://127.0.0.1:1", "unix:///nowhere/clamd", "tcp://scanner.invalid:3310"])
def test_a_scanner_that_is_not_there_lets_nothing_through(settings: Any, address: str, parsed: list[bytes]) -> None:
    settings.VIRUS_SCANNER = address
    assert code_of(papers.pdf()) == "scanner_unavailable"
    assert parsed == []
