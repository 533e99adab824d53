"""The code that a demo account's authenticator app would show now: `bin/code officer@cloud.example`."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import struct
import sys
import time
from pathlib import Path

PERIOD = 30  # seconds that a code holds


def code_at(secret: str, moment: float) -> str:
    """Six digits (RFC 6238) for a secret in base 32, at a moment in seconds."""
    counter = struct.pack(">Q", int(moment) // PERIOD)
    digest = hmac.new(base64.b32decode(secret), counter, hashlib.sha1).digest()
    offset = digest[-1] & 0x0F
    number = struct.unpack(">I", digest[offset : offset + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06}"


def main() -> int:
    var = Path(os.environ.get("PORTAL_VAR") or Path(__file__).resolve().parents[2] / "var")
    try:
        people = json.loads((var / "demo.json").read_text())["people"]
    except FileNotFoundError:
        print("There is no demo here: bin/serve makes one and writes var/demo.json.", file=sys.stderr)
        return 1
    secrets = {person["email"]: person["totp_secret"] for person in people if "totp_secret" in person}
    if len(sys.argv) != 2 or sys.argv[1] not in secrets:
        print(f"Usage: bin/code ADDRESS, where ADDRESS is one of: {', '.join(secrets)}", file=sys.stderr)
        return 1
    moment = time.time()
    print(f"{code_at(secrets[sys.argv[1]], moment)}  (for {PERIOD - int(moment) % PERIOD} more seconds)")
    return 0


if __name__ == "__main__":
    sys.exit(main())
