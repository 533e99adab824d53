"""The rows of a bundle against the checkpoints that closed them, and the notices against their digests."""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass, field
from typing import IO, Any

from privacy_portal.audit.ledger.checkpoint import ENTRY, row_digest, statement
from privacy_portal.audit.ledger.checkpoint import FORMAT as CHECKPOINT_FORMAT
from privacy_portal.audit.ledger.keys import PublicKeys

from ..format import RECORD, copied
from .container import MISSHAPEN, Container, Doubtful
from .findings import Findings, counted, some

RECORDS_AT_ONCE = 10_000
ROWS_IN, CHECKPOINTS_IN = "data/", "ledger/"
EVENTS, NOTICES = "data/events.json", "data/notices.json"
# What these files tell must be in the ledger; sections of other rooms say for themselves whether theirs is.
TABLES = {
    EVENTS: "consents_consentevent",
    "data/access.json": "audit_accessentry",
    "data/own_access.json": "audit_ownaccessentry",
    "data/destructions.json": "vault_destructionrecord",
    "data/retained.json": "retention_retainedrecord",
}


@dataclass
class Covering:
    """One checkpoint of the bundle: what its signature is over, and the rows of the bundle that it closed."""

    columns: list[str]
    rows: int
    rows_digest: str
    listing: str
    records: int
    wanted: dict[int, bytes] = field(default_factory=dict)


class Rows:
    """Checks every row. Raises `Doubtful` where a file is not what it must be."""

    def __init__(self, container: Container, findings: Findings) -> None:
        self._container, self._findings = container, findings
        self._checkpoints: dict[str, dict[int, Covering]] = {}
        self._unclosed: list[str] = []
        self._withheld = self._counted = self._signed_only = 0
        self._notices: set[str] = set()

    def check(self, keys: PublicKeys) -> None:
        names = sorted(self._container.names)
        for name in names:
            if name.startswith(CHECKPOINTS_IN) and name.endswith(".json"):
                self._take_checkpoints(name, keys)
        if NOTICES in names:
            self._check_notices()
        for name in names:
            if name.startswith(ROWS_IN):
                self._take_rows(name)
        for table in self._checkpoints:
            self._check_closed(table)
        self._conclude()

    def _take_checkpoints(self, name: str, keys: PublicKeys) -> None:
        table = name.removeprefix(CHECKPOINTS_IN).removesuffix(".json")
        found = self._checkpoints.setdefault(table, {})
        for row in self._container.rows(name):
            try:
                header = str(row["header"]).encode()
                signature = base64.b64decode(row["signature"], validate=True)
                said = json.loads(header)
                number, key = int(said["number"]), str(said["key"])
                covering = Covering(
                    columns=[str(column) for column, _kind in json.loads(said["columns"])],
                    rows=int(said["rows"]),
                    rows_digest=str(said["rows_digest"]),
                    listing=str(said["listing"]),
                    records=int(row["records"]),
                )
                is_of_table = said["format"] == CHECKPOINT_FORMAT and said["table"] == table and number not in found
            except MISSHAPEN:
                raise Doubtful(f"{name} does not hold checkpoints as a bundle does.") from None
            signed = statement(table, number, hashlib.sha256(header).digest())
            if not is_of_table:
                self._findings.doubt(f"{name} holds a checkpoint that does not belong there.")
            elif key not in keys:
                self._findings.doubt(
                    f"Checkpoint {number} of {table} is signed with the key {key}, which is not among the public keys."
                )
            elif not keys.fits(key, signature, signed):
                self._findings.doubt(f"Checkpoint {number} of {table} was changed: its signature does not fit.")
            else:
                found[number] = covering

    def _take_rows(self, name: str) -> None:
        last = 0
        for row in self._container.rows(name):
            if row.get("table") != TABLES.get(name, row.get("table")):
                self._findings.doubt(f"{name} holds a row that is not of {TABLES[name]}.")
                continue
            if "table" not in row:
                self._signed_only += 1
                continue
            try:
                table, number = str(row["table"]), int(row["row"])
                checkpoint = None if row["checkpoint"] is None else int(row["checkpoint"])
                columns = _columns(row["columns"])
                is_itself = columns["id"] == str(number)
                kept_back = bool(row.get("kept_back"))
                digest = bytes.fromhex(row["digest"]) if kept_back else None
            except MISSHAPEN:
                raise Doubtful(f"{name} does not hold rows as a bundle does.") from None
            self._counted += 1
            if number <= last or not is_itself:
                self._findings.doubt(f"Row {number} of {table} is not where it belongs in {name}.")
            last = number
            if name == EVENTS and columns.get("notice_id") not in self._notices:
                self._findings.doubt(f"The notice that row {number} of {table} rests on is not in the bundle.")
            if checkpoint is None:
                self._unclosed.append(f"{number} of {table}")
                continue
            covering = self._checkpoints.get(table, {}).get(checkpoint)
            if covering is None:
                self._findings.doubt(
                    f"Row {number} of {table} names checkpoint {checkpoint}, which is not in the bundle as signed."
                )
            elif digest is None and set(columns) != set(covering.columns):
                self._findings.doubt(f"Row {number} of {table} has other columns than its checkpoint closed.")
            else:
                self._withheld += kept_back
                covering.wanted[number] = digest or _digest(columns, covering.columns)

    def _check_closed(self, table: str) -> None:
        """Read what the checkpoints of a table closed, once, and find each row of the bundle among it."""
        name = f"{CHECKPOINTS_IN}{table}.rows"
        with self._container.opened(name) as file:
            for number, covering in self._checkpoints[table].items():
                self._check_one(table, number, covering, file)
            if file.read(1):
                self._findings.doubt(f"{name} holds more than the checkpoints closed.")

    def _check_one(self, table: str, number: int, covering: Covering, file: IO[bytes]) -> None:
        digests, listing, left = hashlib.sha256(), hashlib.sha256(), covering.records
        found: dict[int, bytes] = {}
        while left > 0:
            some_records = file.read(min(left, RECORDS_AT_ONCE) * RECORD.size)
            if not some_records or len(some_records) % RECORD.size:
                raise Doubtful(f"{CHECKPOINTS_IN}{table}.rows ends too early.")
            for row, digest in RECORD.iter_unpack(some_records):
                digests.update(digest)
                listing.update(ENTRY.pack(row, digest[:8]))
                left -= 1
                if row in covering.wanted:
                    found[row] = digest
        is_as_closed = (
            covering.records == covering.rows
            and digests.hexdigest() == covering.rows_digest
            and listing.hexdigest() == covering.listing
        )
        if not is_as_closed:
            self._findings.doubt(f"The rows of {table} are not those that checkpoint {number} closed.")
        for row, digest in covering.wanted.items():
            if row not in found:
                self._findings.doubt(f"Row {row} of {table} is not among what checkpoint {number} closed.")
            elif found[row] != digest:
                self._findings.doubt(f"Row {row} of {table} was changed since checkpoint {number} closed it.")

    def _check_notices(self) -> None:
        for row in self._container.rows(NOTICES):
            try:
                number, said, digest = str(row["notice"]), row["content"], str(row["digest"])
                canonical = json.dumps(said, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
                is_itself = hashlib.sha256(canonical.encode()).hexdigest() == digest
            except MISSHAPEN:
                raise Doubtful(f"{NOTICES} does not hold notices as a bundle does.") from None
            self._notices.add(number)
            if not is_itself:
                self._findings.doubt(f"The notice {number} does not say what its digest stands for.")

    def _conclude(self) -> None:
        if self._findings.doubts:
            return
        hold = self._findings.hold
        checkpoints = sum(len(found) for found in self._checkpoints.values())
        closed = self._counted - len(self._unclosed)
        hold(f"{counted(len(self._notices), 'notice')} as digested when published.")
        hold(f"{counted(closed, 'row')} of the ledger as closed, in {counted(checkpoints, 'checkpoint')}.")
        others = counted(self._signed_only, "row")
        hold(f"{others} of other kinds, such as consents and notices: signed, but not closed in the ledger.")
        if self._withheld:
            hold(
                f"Of these, {counted(self._withheld, 'row')} also about other people, who are left out: proven is that "
                "such a row was closed, not what is told of it."
            )
        if self._unclosed:
            count = counted(len(self._unclosed), "row")
            hold(f"Not closed into a checkpoint yet, and so not proven: {count}: {some(self._unclosed)}.")


def _columns(said: Any) -> dict[str, str | None]:
    columns = dict(said)
    if not all(value is None or isinstance(value, str) for value in columns.values()):
        raise Doubtful("A row holds something else than text.")
    return columns


def _digest(columns: dict[str, str | None], named: list[str]) -> bytes:
    try:
        return row_digest(copied(columns[name] for name in named))
    except UnicodeError:
        raise Doubtful("A row holds something that is no text.") from None
