"""Where the portal is served: the port asked for, whether it is free, and whether the portal answers there."""

from __future__ import annotations

import errno
import http.client
import os
import socket
import time
from urllib.parse import urlsplit

from .progress import CannotServe

ADDRESS = os.environ.get("BIND_ADDRESS", "127.0.0.1")


def chosen_port() -> int:
    typed = os.environ.get("PORT", "8000")
    if not (typed.isascii() and typed.isdigit() and 1 <= int(typed) <= 65535):
        raise CannotServe(f"PORT is {typed!r}; it must be a number from 1 to 65535.")
    return int(typed)


def must_be_free(port: int, *, patience: float) -> None:
    """Raise `CannotServe` where another program listens at `port`, after waiting `patience` seconds for it to end."""
    until = time.monotonic() + patience
    while problem := _why_taken(port):
        if time.monotonic() >= until:
            raise CannotServe(problem)
        time.sleep(0.2)


def _why_taken(port: int) -> str | None:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((ADDRESS, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                return f"Port {port} is used by another program. End it, or choose another port: PORT=8080 bin/serve"
            return f"Port {port} at {ADDRESS} cannot be used: {error.strerror}. Choose another: PORT=8080 bin/serve"
    return None


def answers(port: int, base_url: str) -> bool:
    """Whether a web server answers at `port` when asked for `base_url`, whatever it says."""
    address = "127.0.0.1" if ADDRESS == "0.0.0.0" else ADDRESS  # noqa: S104
    connection = http.client.HTTPConnection(address, port, timeout=10)
    try:
        connection.request("GET", "/", headers={"Host": urlsplit(base_url).netloc})
        connection.getresponse()
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
    return True
