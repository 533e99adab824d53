"""An outside auditor verifies a dump with the public keys alone."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection

from consents.models import ConsentEvent
from privacy_portal.audit.ledger import dump as reader
from privacy_portal.audit.models import Checkpoint
from privacy_portal.audit.signing import create
from privacy_portal.audit.tables import LedgerTable
from tests import dumping
from tests.ledger import COPIED, EVENTS, close, copies, events, execute, found, found_in_dump, tamper, verified

ROOT = Path(__file__).parents[2]
AGREES = "6 rows in 2 checkpoints of 2 tables agree."
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def dump(tmp_path: Path) -> Path:
    """A dump of a ledger of four events and two destructions, made by the database's administrator."""
    events(2)
    close()
    dumping.dump(tmp_path / "dump.sql")
    return tmp_path / "dump.sql"


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    """What the portal gives an auditor."""
    said = StringIO()
    call_command("export_ledger_keys", stdout=said)
    (tmp_path / "ledger-keys.json").write_text(said.getvalue())
    return tmp_path / "ledger-keys.json"


def auditor(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The auditor's tool, on a machine that knows nothing of the portal: no settings, no secrets, no database."""
    code = (
        "import runpy, sys\n"
        "sys.modules['django'] = sys.modules['psycopg'] = sys.modules['tqdm'] = None\n"
        "runpy.run_module('privacy_portal.audit.verify_dump', run_name='__main__')"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/")


def test_a_dump_is_verified_without_the_portal_and_its_secrets(dump: Path, keys: Path) -> None:
    result = auditor(dump, "--keys", keys)
    assert (result.returncode, result.stdout, result.stderr) == (0, f"{AGREES}\n", "")


def test_a_dump_that_was_edited_is_found_out(dump: Path, keys: Path) -> None:
    first = ConsentEvent.objects.order_by("pk")[0]
    dump.write_text(dump.read_text().replace(f"\t{first.reference}\t", "\t00000000-0000-4000-8000-000000000000\t"))
    result = auditor(dump, "--keys", keys)
    assert result.returncode == 1
    assert result.stdout.splitlines()[0] == f"Row {first.pk} of {EVENTS} was changed since checkpoint 1 closed it."


def test_the_keys_of_somebody_else_verify_nothing(dump: Path, tmp_path: Path) -> None:
    create(tmp_path / "other.json")
    (key,) = Checkpoint.objects.values_list("key", flat=True).distinct()
    result = auditor(dump, "--keys", tmp_path / "other.json")
    assert result.returncode == 1
    assert f"is signed with the key {key}, which is not among the public keys." in result.stdout


def test_the_public_keys_are_all_there_is_in_their_file(keys: Path) -> None:
    content = json.loads(keys.read_text())
    assert list(content) == ["public_keys"]
    assert len(content["public_keys"]) == 1


def test_the_command_verifies_a_dump_too(dump: Path, keys: Path) -> None:
    said = StringIO()
    call_command("verify_ledger", "--from-dump", str(dump), "--keys", str(keys), stdout=said)
    assert said.getvalue() == f"{AGREES}\n"


@pytest.mark.parametrize("zone", ["Asia/Seoul", "America/St_Johns"])
def test_a_dump_has_times_in_the_zone_of_its_server(zone: str, keys: Path, tmp_path: Path) -> None:
    events(1)
    execute(OLD_EVENT)
    close()
    path = tmp_path / "dump.sql"
    command = [dumping.program("pg_dump"), *dumping.login(), "--file", str(path), str(connection.settings_dict["NAME"])]
    subprocess.run(command, check=True, env={**os.environ, "PGTZ": zone})
    assert ("+09" if zone == "Asia/Seoul" else "-03:30") in path.read_text()
    assert verified(path) == ["4 rows in 2 checkpoints of 2 tables agree."]


OLD_EVENT = (
    f"INSERT INTO {EVENTS} (reference, {COPIED}) SELECT gen_random_uuid(), consent_id, kind, '1905-02-03 04:05:06Z',"
    " '2024-02-29 23:59:59.9Z', notice_id, items, method_id, language, actor_kind, actor_id, actor_name,"
    f" evidence_key_id, evidence FROM {EVENTS} ORDER BY id DESC LIMIT 1"
)


def test_whatever_a_row_holds_reads_the_same_in_a_dump(tmp_path: Path) -> None:
    events(1)
    for name in ("\\N", "\\.", "tab\tnew\nline\r\\back\b\f\v", "가나다 🙂 'quoted' \"twice\" {a,b}", "$$;--/*", " "):
        execute(
            f"INSERT INTO {EVENTS} (reference, {COPIED}) SELECT gen_random_uuid(), {COPIED.replace('actor_name', '%s')}"
            f" FROM {EVENTS} ORDER BY id DESC LIMIT 1",
            name,
        )
    close()
    assert found_in_dump(tmp_path / "dump.sql") == found() == ["9 rows in 2 checkpoints of 2 tables agree."]


def test_a_packed_dump_is_read_as_it_is(dump: Path, tmp_path: Path) -> None:
    packed = tmp_path / "dump.sql.gz"
    packed.write_bytes(gzip.compress(dump.read_bytes()))
    assert verified(packed) == [AGREES]


def test_a_table_that_got_a_column_since_is_verified_by_those_it_had(tmp_path: Path) -> None:
    events(1)
    close()
    execute(f"ALTER TABLE {EVENTS} ADD COLUMN later text DEFAULT 'x'")
    try:
        events(1)
        close()
        live, dumped = found(), found_in_dump(tmp_path / "dump.sql")
    finally:
        execute(f"ALTER TABLE {EVENTS} DROP COLUMN later")
    assert live == dumped == ["6 rows in 4 checkpoints of 2 tables agree."]


def test_data_that_only_looks_like_data_is_not_read(tmp_path: Path) -> None:
    """Somebody deletes a row, and leaves it for the auditor in a function that does nothing."""
    rows = events(1)
    close()
    columns = ", ".join(name for name, _kind in LedgerTable(EVENTS).columns())
    with connection.cursor() as cursor, cursor.copy(f"COPY {EVENTS} TO STDOUT") as lines:
        data = b"".join(lines).decode()
    tamper(f"DELETE FROM {EVENTS} WHERE id = %s", rows[1])
    bait = f"\nCOPY public.{EVENTS} ({columns}) FROM stdin;\n{data}\\.\n"
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE FUNCTION bait() RETURNS text LANGUAGE plpgsql AS $a$BEGIN /*{bait}*/ END$a$")
        cursor.execute(f"COMMENT ON FUNCTION bait() IS '{bait}'")
    try:
        assert found_in_dump(tmp_path / "dump.sql") == [
            f"Row {rows[1]} of {EVENTS} is missing; checkpoint 1 had closed it.",
            "2 rows in 2 checkpoints of 2 tables verified: 1 problem found.",
        ]
    finally:
        execute("DROP FUNCTION bait()")


def test_a_dump_of_many_rows_needs_no_more_memory(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(reader, "AT_ONCE", 7)
    events(1)
    copies(40)
    close()
    assert found_in_dump(tmp_path / "dump.sql") == ["43 rows in 2 checkpoints of 2 tables agree."]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda text: text[: len(text) // 2], "ends"),
        (lambda text: text.replace("-- PostgreSQL database dump complete", "--"), "ends before it is complete"),
        (lambda text: text.replace("SET client_encoding = 'UTF8'", "SET client_encoding = 'UHC'"), "--encoding=UTF8"),
        (lambda text: text.replace("COPY public.audit_checkpoint ", "COPY public.other "), "holds no checkpoints"),
        (lambda text: text.replace("rows_digest,", "digest_of_rows,"), "in another format"),
        (lambda text: text + text, "twice"),
        (lambda text: "PGDMP" + text, "pg_restore --file=ledger.sql"),
        (lambda text: "", "not one that pg_dump makes"),
        (lambda text: text.replace("\\\\x", "\\\\y"), "cannot be read"),
    ],
    ids=["cut", "end cut", "encoding", "no checkpoints", "format", "twice", "pg_dump's own", "empty", "bytes"],
)
def test_what_cannot_be_verified_says_why(dump: Path, keys: Path, change: Any, said: str) -> None:
    dump.write_text(change(dump.read_text()))
    result = auditor(dump, "--keys", keys)
    assert result.returncode == 2
    assert said in result.stderr
    assert "Traceback" not in result.stderr


def test_a_file_that_is_not_there_is_named(keys: Path) -> None:
    assert "nowhere.sql" in auditor("/nowhere.sql", "--keys", keys).stderr
    assert "nowhere.json" in auditor("/nowhere.sql", "--keys", "/nowhere.json").stderr
    assert auditor("/nowhere.sql", "--keys", keys).returncode == 2
