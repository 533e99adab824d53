"""Checking a whole bundle: first that it is what was signed, then that its rows are what the ledger closed."""

from __future__ import annotations

from pathlib import Path
from zipfile import ZipFile

from privacy_portal.audit.ledger.keys import PublicKeys

from .container import DAMAGED, MISSHAPEN, Container, Doubtful, Unreadable
from .findings import Findings
from .rows import Rows

__all__ = ["Unreadable", "check"]

ONLY_CONSISTENT = (
    "No public keys were given, so the bundle was checked with the keys inside it: that only proves that it agrees "
    "with itself, not who made it. Have the keys from the company on another way and give them with --keys."
)


def check(path: str | Path, keys: PublicKeys | None) -> Findings:
    """What there is to say of the bundle at `path`. Raises `Unreadable` where there is none."""
    findings = Findings()
    try:
        archive = ZipFile(path)
    except FileNotFoundError as error:
        raise Unreadable(f"{path} is not there.") from error
    except DAMAGED as error:
        raise Unreadable(f"{path} is not a whole zip file: {error}.") from error
    with archive:
        container = Container(archive, findings)
        try:
            if container.is_sound(keys):
                _say_what_it_is(container, findings)
                Rows(container, findings).check(container.keys)
        except Doubtful as doubtful:
            findings.doubt(str(doubtful))
    if keys is None and not findings.doubts:
        findings.hold(ONLY_CONSISTENT)
    return findings


def _say_what_it_is(container: Container, findings: Findings) -> None:
    manifest = container.manifest
    try:
        about, by = manifest["about"], manifest["made_by"]
        consent = f"the consent {about['consent']} of " if about["consent"] else ""
        made = f"made at {manifest['made_at']} by the account {by['account']}"
        findings.hold(f"About {consent}the person {about['person']}, {made}.")
    except MISSHAPEN:
        raise Doubtful("The manifest does not say what the bundle is about.") from None
