"""Whoever is given a bundle checks it with the public keys alone, and no change to it goes unnoticed."""

from __future__ import annotations

import hashlib
import json
import random
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import transaction
from hypothesis import given
from hypothesis import strategies as st

from consents.models import ConsentEvent
from consents.withdrawal import withdraw
from members.models import Account, Member
from privacy_portal.audit import signing
from privacy_portal.audit.ledger.columns import NULL, unescaped
from privacy_portal.audit.ledger.keys import PublicKeys, read_public_keys
from privacy_portal.evidence.checking import container
from privacy_portal.evidence.checking.bundle import Unreadable, check
from privacy_portal.evidence.format import copied
from tests.evidence.bundles import Files, edited, files_of, made, own_keys, packed, signed_anew, verdict
from tests.factories import a_consent, acting
from tests.ledger import EVENTS, close, execute, tamper

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.django_db(transaction=True)
Edit = Callable[[list[dict[str, Any]]], Any]


@pytest.fixture
def bundle(officer: Account, alice: Member) -> bytes:
    """Of two consents, one withdrawn; the newest event is not closed yet."""
    withdraw(a_consent(alice, "general.newsletter", company_name="하늘상사"), language="ko", actor=acting(alice))
    close()
    a_consent(alice, "general.sales_inquiry", company_name="하늘상사")
    return made(officer, alice.pk)


@pytest.fixture
def files(bundle: bytes) -> Files:
    return files_of(bundle)


def doubts(files: Files | list[tuple[str, bytes]], tmp_path: Path, keys: PublicKeys | None = None) -> list[str]:
    """What is said of a bundle that must not pass."""
    passes, said = verdict(packed(files), tmp_path, keys)
    assert not passes, said
    return said


def recipient(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """The tool on a machine that knows nothing of the portal: no settings, no secrets, no database."""
    code = (
        "import runpy, sys\n"
        "sys.modules['django'] = sys.modules['psycopg'] = sys.modules['tqdm'] = None\n"
        "runpy.run_module('privacy_portal.evidence.check', run_name='__main__')"
    )
    environment = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", code, *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, cwd="/")


def test_it_is_checked_without_the_portal_and_its_secrets(bundle: bytes, alice: Member, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(bundle)
    (tmp_path / "keys.json").write_text(own_keys().public_keys.as_text())
    result = recipient(tmp_path / "bundle.zip", "--keys", tmp_path / "keys.json")
    assert (result.returncode, result.stderr) == (0, "")
    said = result.stdout.splitlines()
    assert said[0].endswith(f"as signed with the key {own_keys().active}.")
    assert f"About the person {alice.pk}" in said[1]
    assert "Not closed into a checkpoint yet, and so not proven: 1 row: " in result.stdout
    assert said[-1] == "Nothing is in doubt."


def test_without_keys_it_says_what_that_does_not_prove(bundle: bytes, tmp_path: Path) -> None:
    (tmp_path / "bundle.zip").write_bytes(bundle)
    result = recipient(tmp_path / "bundle.zip")
    assert result.returncode == 0
    assert "only proves that it agrees with itself, not who made it" in result.stdout


def test_the_signature_can_be_checked_with_any_tool(files: Files) -> None:
    keys = own_keys().public_keys
    assert len(files["manifest.sig"]) == 64
    assert keys.fits(json.loads(files["manifest.json"])["key"], files["manifest.sig"], files["manifest.json"])


def test_a_byte_changed_in_any_file_is_found(files: Files, tmp_path: Path) -> None:
    assert len(files) >= 12
    chance = random.Random(7)
    for name, content in files.items():
        at = chance.randrange(len(content))
        changed = content[:at] + bytes([content[at] ^ 1]) + content[at + 1 :]
        said = doubts({**files, name: changed}, tmp_path)
        about = name.removeprefix("public-").removesuffix("s.json")  # a key is named by itself
        assert any(about in line or "anifest" in line for line in said), (name, said)


def test_any_file_missing_is_found(files: Files, tmp_path: Path) -> None:
    for name in files:
        said = doubts({one: content for one, content in files.items() if one != name}, tmp_path)
        assert any(line.startswith(f"{name} is missing") for line in said), (name, said)


@pytest.mark.parametrize(
    "name", ["data/more.json", "readme.txt", "../outside.json", "/etc/passwd", "data/../report.html", "C:\\x", "data/"]
)
def test_a_file_added_is_found(name: str, files: Files, tmp_path: Path) -> None:
    assert any(repr(name) in line or name in line for line in doubts({**files, name: b"[\n]\n"}, tmp_path))


def test_a_name_that_comes_twice_is_found(files: Files, tmp_path: Path) -> None:
    for order in ([*files.items(), ("report.html", b"x")], [("report.html", b"x"), *files.items()]):
        assert "The zip holds 'report.html' 2 times." in doubts(order, tmp_path)


EDITS: dict[str, tuple[str, Edit, str]] = {
    "a row changed": (
        "data/events.json",
        lambda rows: rows[0]["columns"].update(kind="refused"),
        "was changed since checkpoint 1 closed it",
    ),
    "another row's proof": (
        "data/events.json",
        lambda rows: rows[0].update(columns={**rows[1]["columns"], "id": rows[0]["columns"]["id"]}),
        "was changed since checkpoint 1 closed it",
    ),
    "a row without its proof": (
        "data/events.json",
        lambda rows: rows[0].pop("table"),
        f"data/events.json holds a row that is not of {EVENTS}",
    ),
    "a row of another table": (
        "data/destructions.json",
        lambda rows: rows[0].update(table=EVENTS),
        "data/destructions.json holds a row that is not of vault_destructionrecord",
    ),
    "a row under another number": (
        "data/events.json",
        lambda rows: rows[0].update(row=99_999),
        "is not where it belongs in data/events.json",
    ),
    "two rows swapped": (
        "data/events.json",
        lambda rows: rows.insert(0, rows.pop(1)),
        "is not where it belongs in data/events.json",
    ),
    "a row twice": (
        "data/events.json",
        lambda rows: rows.insert(0, rows[0]),
        "is not where it belongs in data/events.json",
    ),
    "a column more": (
        "data/events.json",
        lambda rows: rows[0]["columns"].update(more="x"),
        "has other columns than its checkpoint closed",
    ),
    "a checkpoint that is not there": (
        "data/events.json",
        lambda rows: rows[0].update(checkpoint=7),
        "names checkpoint 7, which is not in the bundle",
    ),
    "a destruction moved": (
        "data/destructions.json",
        lambda rows: rows[0]["columns"].update(at="2020-01-01 00:00:00+00"),
        "was changed since checkpoint 1 closed it",
    ),
    "a notice reworded": (
        "data/notices.json",
        lambda rows: rows[-1]["content"].update(purpose_ko="다른 목적"),
        "does not say what its digest stands for",
    ),
    "a notice left out": ("data/notices.json", lambda rows: rows.clear(), "rests on is not in the bundle"),
    "a checkpoint's header changed": (
        f"ledger/{EVENTS}.json",
        lambda rows: rows[0].update(header=rows[0]["header"].replace('"rows":2', '"rows":3')),
        "was changed: its signature does not fit",
    ),
    "a checkpoint of another table": (
        f"ledger/{EVENTS}.json",
        lambda rows: rows[0].update(header=rows[0]["header"].replace(EVENTS, "another_table")),
        "holds a checkpoint that does not belong there",
    ),
    "fewer records": (
        f"ledger/{EVENTS}.json",
        lambda rows: rows[0].update(records=1),
        "are not those that checkpoint 1 closed",
    ),
    "nonsense for a number": (
        "data/events.json",
        lambda rows: rows[0].update(row="x"),
        "does not hold rows as a bundle does",
    ),
    "nonsense for a value": (
        "data/events.json",
        lambda rows: rows[0]["columns"].update(kind=["given"]),
        "A row holds something else than text",
    ),
}


@pytest.mark.parametrize("what", EDITS)
def test_whoever_can_sign_still_cannot_change_what_the_ledger_closed(what: str, files: Files, tmp_path: Path) -> None:
    name, edit, sentence = EDITS[what]
    forged = signed_anew(edited(files, name, edit), own_keys())
    assert any(sentence in line for line in doubts(forged, tmp_path)), what


def test_closed_rows_exchanged_among_the_records_are_found(files: Files, tmp_path: Path) -> None:
    name = f"ledger/{EVENTS}.rows"
    records = files[name]
    assert len(records) == 2 * 40
    for changed in (records[40:] + records[:40], records[:40], records + records[:40], records[:-1]):
        assert doubts(signed_anew({**files, name: changed}, own_keys()), tmp_path)


def test_a_bundle_signed_by_somebody_else_does_not_pass(files: Files, tmp_path: Path) -> None:
    theirs = signing.create(tmp_path / "theirs.json")
    forged = signed_anew(edited(files, "data/events.json", lambda rows: rows.pop()), theirs)
    said = doubts(forged, tmp_path)
    assert said[0] == (f"The manifest is signed with the key {theirs.active}, which is not among the public keys.")


def test_another_key_under_the_company_s_name_is_found(files: Files, tmp_path: Path) -> None:
    theirs, ours = signing.create(tmp_path / "theirs.json"), own_keys()
    swapped = PublicKeys({ours.active: theirs.public_keys.raw[theirs.active]})
    manifest = {**json.loads(files["manifest.json"])}
    files = {**files, "public-keys.json": swapped.as_text().encode()}
    manifest["files"] = [
        {"name": name, "size": len(data), "sha256": hashlib.sha256(data).hexdigest()}
        for name, data in files.items()
        if not name.startswith("manifest")
    ]
    text = json.dumps(manifest).encode()
    said = doubts({**files, "manifest.json": text, "manifest.sig": theirs.sign(text)}, tmp_path)
    assert said[0] == f"The key {ours.active} in the bundle is not the key of that name that you gave."


def test_a_row_changed_in_the_database_is_found_in_the_bundle(officer: Account, alice: Member, tmp_path: Path) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    close()
    event = ConsentEvent.objects.get()
    tamper(f"UPDATE {EVENTS} SET kind = 'refused' WHERE id = %s", event.pk)
    passes, said = verdict(made(officer, alice.pk), tmp_path)
    assert not passes
    assert f"The rows of {EVENTS} are not those that checkpoint 1 closed." in said


def test_a_bundle_stays_good_when_the_signing_key_is_changed(
    officer: Account, alice: Member, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settings, "LEDGER_SIGNING_KEYS", str(signing.create(tmp_path / "signing.json").path))
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    close()
    before = made(officer, alice.pk)
    own_keys().rotated()
    for one in (before, made(officer, alice.pk)):
        assert verdict(one, tmp_path)[0]


def test_a_table_that_gained_a_column_proves_older_rows_too(officer: Account, alice: Member, tmp_path: Path) -> None:
    consent = a_consent(alice, "general.newsletter", company_name="하늘상사")
    close()
    execute(f"ALTER TABLE {EVENTS} ADD COLUMN later text")
    try:
        withdraw(consent, language="ko", actor=acting(alice))
        close()
        bundle = made(officer, alice.pk)
    finally:
        execute(f"ALTER TABLE {EVENTS} DROP COLUMN later")
    first, second = json.loads(files_of(bundle)["data/events.json"])
    assert "later" not in first["columns"]
    assert second["columns"]["later"] is None
    assert verdict(bundle, tmp_path)[0]


def test_rows_with_odd_text_are_proven(officer: Account, alice: Member, tmp_path: Path) -> None:
    a_consent(alice, "general.newsletter", company_name="하늘상사")
    copied_columns = "consent_id, kind, at, recorded_at, notice_id, items, method_id, language, actor_kind"
    rest = "evidence_key_id, evidence"
    with transaction.atomic():
        for name in ("\\N", "\\.", "tab\tnew\nline\r\\back\b\f\v", "가나다 🙂 'quoted' {a,b}", "\u2028"):
            execute(
                f"INSERT INTO {EVENTS} (reference, {copied_columns}, {rest}, actor_name)"
                f" SELECT gen_random_uuid(), {copied_columns}, {rest}, %s FROM {EVENTS} ORDER BY id LIMIT 1",
                name,
            )
    close()
    passes, said = verdict(made(officer, alice.pk), tmp_path)
    assert passes, said


@given(st.lists(st.none() | st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))))
def test_a_line_of_copy_is_taken_apart_and_put_together_again(values: list[str | None]) -> None:
    line = copied(values)
    assert b"\n" not in line
    if values:
        again = [None if value == NULL else unescaped(value).decode() for value in line.split(b"\t")]
        assert again == values


def test_what_is_no_zip_cannot_be_checked(bundle: bytes, tmp_path: Path) -> None:
    for content in (b"", b"PK", b"hello" * 100, bundle[: len(bundle) // 2]):
        (tmp_path / "bundle.zip").write_bytes(content)
        result = recipient(tmp_path / "bundle.zip")
        assert result.returncode == 2, result.stdout
        assert "is not a whole zip file" in result.stderr
    assert recipient(tmp_path / "not-there.zip").returncode == 2


def test_bytes_changed_anywhere_in_the_zip_never_pass_unnoticed_and_break_nothing(
    bundle: bytes, files: Files, tmp_path: Path
) -> None:
    chance = random.Random(11)
    path = tmp_path / "changed.zip"
    keys = read_public_keys(settings.LEDGER_SIGNING_KEYS)
    directory = bundle.index(b"PK\x01\x02")
    places = [chance.randrange(directory) for _time in range(200)] + [*range(directory, len(bundle), 3)]
    for at in places:
        path.write_bytes(bundle[:at] + bytes([chance.randrange(256)]) + bundle[at + 1 :])
        try:
            found = check(path, keys)
        except Unreadable:
            continue
        # What passes reads as it was: only the zip's own dates and the like can differ.
        assert found.doubts or files_of(path.read_bytes()) == files


def leaves(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Where in some JSON a value could be another."""
    if isinstance(value, dict | list):
        inside = value.items() if isinstance(value, dict) else enumerate(value)
        return [path, *(leaf for key, one in inside for leaf in leaves(one, (*path, key)))][bool(not path) :]
    return [path]


def test_odd_values_anywhere_break_nothing(files: Files, tmp_path: Path) -> None:
    odd: list[Any] = [None, [], {}, [[]], "", "x", "\x1b[2J", "\ud800", -1, 0, 10**30, 1.5, True]
    odd += [float("inf"), float("nan")]
    chance, keys = random.Random(5), own_keys()
    for name in ("data/events.json", "data/notices.json", "data/destructions.json", f"ledger/{EVENTS}.json"):
        rows = json.loads(files[name])
        for path in leaves(rows[:1]):
            changed = json.loads(files[name])
            *above, last = path
            place: Any = changed
            for key in above:
                place = place[key]
            place[last] = chance.choice(odd)
            lines = b",\n".join(json.dumps(row).encode() for row in changed)
            forged = signed_anew({**files, name: b"[\n" + lines + b"\n]\n"}, keys)
            _passes, said = verdict(packed(forged), tmp_path)
            assert all(sentence.isprintable() for sentence in said)
    manifest = json.loads(files["manifest.json"])
    for path in leaves(manifest):
        changed = json.loads(files["manifest.json"])
        *above, last = path
        place = changed
        for key in above:
            place = place[key]
        place[last] = chance.choice(odd)
        text = json.dumps(changed).encode()
        said = verdict(packed({**files, "manifest.json": text, "manifest.sig": keys.sign(text)}), tmp_path)[1]
        assert all(sentence.isprintable() for sentence in said)


def test_a_bomb_is_not_unpacked(files: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    huge = bytes(50_000_000)
    assert "report.html was changed: it is not the file that the manifest names." in doubts(
        {**files, "report.html": huge}, tmp_path
    )
    assert "manifest.json is larger than that of any bundle." in doubts({**files, "manifest.json": huge}, tmp_path)
    theirs = signing.create(tmp_path / "theirs.json")
    monkeypatch.setattr(container, "MOST_BYTES", 40_000_000)
    said = doubts(signed_anew({**files, "report.html": huge}, theirs), tmp_path, theirs.public_keys)
    assert "The manifest names more data than any bundle holds." in said
    many = {**files, **{f"data/{'a' * 3}{chr(97 + one % 26)}{'b' * (one // 26)}.json": b"" for one in range(1100)}}
    assert "no bundle has so many" in doubts(many, tmp_path)[0]


def test_rows_that_are_no_rows_are_doubted(files: Files, tmp_path: Path) -> None:
    for content in (b"", b"{}", b"[\n", b"[\n1\n]\n", b"[\n{}\n]\nmore", b"[\n" + b"[" * 100_000 + b"\n]\n"):
        forged = signed_anew({**files, "data/events.json": content}, own_keys())
        assert "data/events.json is not in the format of a bundle." in doubts(forged, tmp_path)
