"""The supervisor: `python -m privacy_portal.serving`, with PORT, PORTAL_ENV and DATABASE_URL from the environment."""

from __future__ import annotations

import fcntl
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

import django
import psycopg
from django.core.exceptions import ImproperlyConfigured
from django.core.management.base import CommandError

from privacy_portal import own_database
from privacy_portal.own_database import VAR
from privacy_portal.private_files import write_privately

from .address import answers, chosen_port, must_be_free
from .installation import make_secrets
from .processes import Children, end_leftovers, read_record
from .progress import CannotServe, step, table

LONGEST_WEB_START = 60
SECONDS_BETWEEN_LOOKS = 0.5
SECONDS_FOR_A_FREED_PORT = 5
# Told in one sentence, without the lines of code they came through.
EXPECTED = (CannotServe, ImproperlyConfigured, CommandError, psycopg.OperationalError, own_database.OwnDatabaseError)


class Signals:
    """SIGTERM, SIGINT and SIGHUP all mean: stop everything. They interrupt whatever is going on unless held back."""

    def __init__(self) -> None:
        self.asked = self.held = False
        signal.signal(signal.SIGTERM, self._ask_to_stop)
        signal.signal(signal.SIGINT, self._ask_to_stop)
        if signal.getsignal(signal.SIGHUP) != signal.SIG_IGN:  # ignored on purpose under nohup
            signal.signal(signal.SIGHUP, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        if not self.held:
            raise KeyboardInterrupt

    @contextmanager
    def held_back(self) -> Iterator[None]:
        """Let the block finish first."""
        self.held = True
        yield
        self.held = False
        if self.asked:
            raise KeyboardInterrupt

    def ignore(self) -> None:
        self.held = True


def main() -> int:
    signals = Signals()
    try:
        with only_one_supervisor():
            serve(signals)
    except KeyboardInterrupt:
        return 0
    except EXPECTED as problem:
        print(f"\n{problem}", file=sys.stderr)
        return 1
    return 0


@contextmanager
def only_one_supervisor() -> Iterator[None]:
    """Hold a lock that the system takes away from a killed process by itself."""
    VAR.mkdir(parents=True, exist_ok=True)
    with (VAR / "serving.lock").open("w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            record = read_record()
            where = f" at {record['base_url']} by process {record['supervisor']}" if record else ""
            raise CannotServe(f"The portal is served already{where}. Stop that one first.") from None
        yield


def serve(signals: Signals) -> None:
    """Set up, serve until asked to stop, and stop everything that was started, however it ends."""
    port = chosen_port()
    left = end_leftovers()
    if left:
        print(f"Ended {left} processes that were left behind when the portal was killed.", flush=True)
    must_be_free(port, patience=SECONDS_FOR_A_FREED_PORT if left else 0)
    demo = os.environ.get("PORTAL_ENV", "demo") == "demo"
    own = not os.environ.get("DATABASE_URL")
    children = Children(os.environ.get("BASE_URL") or f"http://127.0.0.1:{port}")
    try:
        if demo:
            make_secrets(VAR)
            os.environ.setdefault("BASE_URL", children.base_url)
        if own:
            # Not interrupted half way: what is not known to run could not be stopped.
            with signals.held_back(), step("Starting PostgreSQL"):
                os.environ["DATABASE_URL"] = own_database.start()
        os.environ.setdefault("DJANGO_SETTINGS_MODULE", "privacy_portal.settings")
        django.setup()

        from .preparing import prepare

        people = prepare()
        with step("Starting the web server and the background worker"):
            with signals.held_back():
                children.start("web server")
                children.start("background worker")
            wait_for_web_server(children, port)
        say_where(children.base_url, people)
        watch(children, signals, own=own)
    finally:
        signals.ignore()
        with step("\nStopping"):
            children.stop()
            if own:
                own_database.stop()


def wait_for_web_server(children: Children, port: int) -> None:
    until = time.monotonic() + LONGEST_WEB_START
    while not answers(port, children.base_url):
        if not children.is_running("web server"):
            raise CannotServe("The web server did not start; the lines above say why.")
        if time.monotonic() > until:
            raise CannotServe(f"The web server does not answer at port {port}.")
        time.sleep(SECONDS_BETWEEN_LOOKS / 5)


def say_where(base_url: str, people: list[dict[str, str]]) -> None:
    """Print the address and the demo's sign-ins, and write them to `var/demo.json`."""
    print(f"\nThe privacy portal is at {base_url}, its admin at {base_url}/admin/")
    if people:
        write_privately(
            VAR / "demo.json", json.dumps({"base_url": base_url, "people": people}, ensure_ascii=False, indent=2) + "\n"
        )
        rows = [[person[part] for part in ("role", "email", "password")] for person in people]
        print(f"\n{table([['sign in as', 'e-mail', 'password'], *rows])}\n\nThe same is in {VAR / 'demo.json'}.")
        if any("totp_secret" in person for person in people):
            print(
                "Staff also type a code. Print the one that holds now with, for example: bin/code officer@cloud.example"
            )
    print("Ctrl-C stops everything.", flush=True)


def watch(children: Children, signals: Signals, *, own: bool) -> None:
    """Keep everything going until a signal interrupts. Raises `CannotServe` when the web server is gone."""
    while True:
        time.sleep(SECONDS_BETWEEN_LOOKS)
        if own and not own_database.is_running():
            with signals.held_back(), step("PostgreSQL has ended by itself; starting it again"):
                own_database.start()
        if not children.is_running("web server"):
            raise CannotServe("The web server has ended by itself; the lines above say why.")
        if children.may_start_again("background worker"):
            print("The background worker has ended by itself; starting it again.", flush=True)
            with signals.held_back():
                children.start("background worker")


if __name__ == "__main__":
    sys.exit(main())
